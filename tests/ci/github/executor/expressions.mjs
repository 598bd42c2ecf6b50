/** GitHub's own expression language, over plain values. */
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { TokenType } from '@actions/expressions/lexer';
import { Refusal } from './refusal.mjs';

const STATUS_FUNCTIONS = ['success', 'failure', 'cancelled', 'always'];
// All that a workflow can name. The parser has already said which of them is known where; what is not set is empty.
const CONTEXTS = [
  'github',
  'env',
  'vars',
  'job',
  'jobs',
  'steps',
  'runner',
  'secrets',
  'strategy',
  'matrix',
  'needs',
  'inputs',
];

/** The value of an expression. `status`: what success() and its like answer to. */
export function evaluate(expression, contexts, status = 'success') {
  const functions = [...STATUS_FUNCTIONS.map((name) => statusFunction(name, status)), hashFiles];
  try {
    const tree = new Parser(tokensOf(expression), CONTEXTS, functions).parse();
    const known = Object.fromEntries(CONTEXTS.map((name) => [name, contexts[name] ?? {}]));
    const byName = new Map(functions.map((one) => [one.name.toLowerCase(), one]));
    return plain(new Evaluator(tree, wrapped(known), byName).evaluate());
  } catch (error) {
    throw new Refusal(`\${{ ${expression} }}: ${error.message}`);
  }
}

/** Whether GitHub takes the value for true. */
export function isTrue(value) {
  return ![false, null, undefined, 0, ''].includes(value) && !Number.isNaN(value);
}

/** The value as it appears in text. */
export function asText(value) {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return 'Array';
  return typeof value === 'object' ? 'Object' : String(value);
}

/** The same for every value of an object. */
export function asTexts(values) {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, asText(value)]));
}

function statusFunction(name, status) {
  const answer = () => new data.BooleanData(name === 'always' || name === status);
  return { name, minArgs: 0, maxArgs: 0, call: answer };
}

const hashFiles = {
  name: 'hashFiles',
  minArgs: 1,
  maxArgs: 255,
  call: () => {
    throw new Error('hashFiles is not modelled');
  },
};

function tokensOf(expression) {
  const { tokens } = new Lexer(expression).lex();
  for (const token of tokens) {
    // The package turns only the first '' of a text into one quote.
    if (token.type === TokenType.STRING) token.value = token.lexeme.slice(1, -1).replaceAll("''", "'");
  }
  return tokens;
}

function wrapped(value) {
  if (value === null || value === undefined) return new data.Null();
  if (Array.isArray(value)) return new data.Array(...value.map(wrapped));
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  return new data.Dictionary(...Object.entries(value).map(([key, one]) => ({ key, value: wrapped(one) })));
}

function plain(value) {
  if (value.kind === data.Kind.Null) return null;
  if (value.kind === data.Kind.Array) return value.values().map(plain);
  if (value.kind !== data.Kind.Dictionary) return value.value;
  return Object.fromEntries(value.pairs().map((pair) => [pair.key, plain(pair.value)]));
}
