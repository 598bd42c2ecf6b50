/** Inputs: what a person or a calling job gives, against what the workflow declares. */
import { isBasicExpression } from '@actions/workflow-parser';
import { asText } from './expressions.mjs';
import { Refusal } from './refusal.mjs';
import { entries, member, resolve } from './tokens.mjs';

const EMPTY = { boolean: false, number: 0 };

/** The inputs of a run by hand: `values` with their types, `texts` as the event has them. */
export function inputsOfDispatch(workflow, event) {
  const declared = declarations(workflow, 'workflow_dispatch', {});
  refuseUnknown(workflow.file, declared, Object.keys(event.inputs));
  const values = {};
  for (const [name, declaration] of Object.entries(declared)) {
    const given = event.inputs[name] ?? declaration.default;
    if (given === undefined && declaration.required) throw new Refusal(`${workflow.file}: input '${name}' is required`);
    values[name] = chosen(workflow.file, name, declaration, given);
  }
  return { values, texts: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asText(value)])) };
}

function chosen(file, name, { type = 'string', options = [] }, given) {
  if (given === undefined) return EMPTY[type] ?? '';
  const text = String(given);
  const fits = {
    boolean: /^(true|false)$/.test(text),
    number: text !== '' && !Number.isNaN(Number(text)),
    choice: options.includes(text),
  };
  if (fits[type] === false) throw new Refusal(`${file}: input '${name}' of type ${type} cannot be '${text}'`);
  return { boolean: text === 'true', number: Number(text) }[type] ?? text;
}

/** What can be said of a call before the run: that names, required ones and the types of written values are right. */
export function checkCall(workflow, job) {
  const where = `${workflow.file}: job '${job.id}'`;
  if (!job.callee.events.workflow_call) throw new Refusal(`${where}: ${job.callee.file} cannot be called`);
  const declared = declarations(job.callee, 'workflow_call', {});
  const given = new Map(entries(member(job.token, 'with')));
  refuseUnknown(where, declared, [...given.keys()]);
  for (const [name, declaration] of Object.entries(declared)) {
    const token = given.get(name);
    if (!token && declaration.required) throw new Refusal(`${where}: input '${name}' is required`);
    if (token && !isBasicExpression(token)) typed(where, name, declaration, resolve(token));
  }
}

/** The inputs of a called workflow. */
export function inputsOfCall(job, contexts) {
  const { github, vars } = contexts;
  const given = resolve(member(job.token, 'with'), contexts) ?? {};
  const declared = Object.entries(declarations(job.callee, 'workflow_call', { github, vars }));
  return Object.fromEntries(
    declared.map(([name, declaration]) => {
      const value = given[name] ?? declaration.default ?? EMPTY[declaration.type] ?? '';
      return [name, typed(`job '${job.id}'`, name, declaration, value)];
    }),
  );
}

function typed(where, name, { type }, value) {
  if (type === 'string') return asText(value);
  if (typeof value !== type) throw new Refusal(`${where}: input '${name}' must be a ${type}, not '${asText(value)}'`);
  return value;
}

function declarations(workflow, event, contexts) {
  const declared = entries(member(workflow.root, 'on', event, 'inputs'));
  return Object.fromEntries(declared.map(([name, token]) => [name, resolve(token, contexts) ?? {}]));
}

function refuseUnknown(where, declared, names) {
  const unknown = names.filter((name) => !(name in declared));
  if (unknown.length) throw new Refusal(`${where}: there is no input '${unknown.join("', '")}'`);
}
