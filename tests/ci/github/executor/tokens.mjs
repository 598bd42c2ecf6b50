/** The parsed YAML, whose texts may hold expressions. */
import { isBasicExpression, isMapping, isSequence } from '@actions/workflow-parser';
import { convertToIfCondition } from '@actions/workflow-parser/model/converter/if-condition';
import { asText, asTexts, evaluate, isTrue } from './expressions.mjs';
import { Refusal } from './refusal.mjs';

const IMPLICIT_CONDITION = 'success()';

/** What is at the end of the path of keys, or undefined. */
export function member(token, ...keys) {
  return keys.reduce((found, key) => entries(found).find(([name]) => name === key)?.[1], token);
}

/** Keys and values of a mapping; nothing where there is none. */
export function entries(token) {
  return token && isMapping(token) ? [...token].map(({ key, value }) => [key.toString(), value]) : [];
}

/** The items of a sequence; nothing where there is none. */
export function items(token) {
  return token && isSequence(token) ? [...token] : [];
}

/** The plain value, with its expressions evaluated. */
export function resolve(token, contexts = {}) {
  if (token === undefined) return undefined;
  if (isBasicExpression(token)) return evaluate(token.expression, contexts);
  if (isSequence(token)) return items(token).map((item) => resolve(item, contexts));
  if (isMapping(token)) {
    return Object.fromEntries(
      [...token].map(({ key, value }) => [asText(resolve(key, contexts)), resolve(value, contexts)]),
    );
  }
  return token.value ?? null;
}

/** The same as text; undefined where there is nothing. */
export function resolveText(token, contexts) {
  return token && asText(resolve(token, contexts));
}

/** The same of a mapping, as texts by key. */
export function resolveTexts(token, contexts) {
  return asTexts(resolve(token, contexts));
}

/** Whether the `if` lets its job or step run. One that names no status function stands behind success(). */
export function holds(token, contexts, status) {
  const refuse = {
    error: (_, error) => {
      throw new Refusal(`if: ${error.message}`);
    },
  };
  const expression = token ? convertToIfCondition(refuse, token).expression : IMPLICIT_CONDITION;
  return isTrue(evaluate(expression, contexts, status));
}
