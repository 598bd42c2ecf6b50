/** The steps of a job or of a composite action, one after the other. */
import path from 'node:path';
import { runStandIn, warnOfUnexpected } from './actions.mjs';
import { runScript } from './commands.mjs';
import { loadAction } from './documents.mjs';
import { asTexts, isTrue } from './expressions.mjs';
import { StepFailure } from './refusal.mjs';
import { report } from './trace.mjs';
import { entries, holds, items, member, resolve, resolveText, resolveTexts } from './tokens.mjs';

/**
 * Run the steps in a scope: { contexts, env, status, results, defaults }.
 * A composite action has a scope of its own, in which nothing has failed yet.
 */
export function runSteps(job, scope, steps) {
  for (const token of steps) {
    const outcome = runStep(job, scope, token);
    if (outcome.conclusion === 'failure') scope.status = 'failure';
    const id = member(token, 'id');
    if (id) scope.results[id.toString()] = outcome;
  }
}

function runStep(job, scope, token) {
  const env = { ...job.env, ...scope.env };
  const contexts = {
    ...scope.contexts,
    env,
    steps: scope.results,
    job: { status: job.scope.status },
    runner: job.runner,
  };
  const own = { ...scope.env, ...resolveTexts(member(token, 'env'), contexts) };
  Object.assign(env, own);
  if (!holds(member(token, 'if'), contexts, scope.status))
    return { outcome: 'skipped', conclusion: 'skipped', outputs: {} };
  try {
    const outputs = member(token, 'run') ? script(job, scope, token, contexts) : action(job, token, contexts, own);
    return { outcome: 'success', conclusion: 'success', outputs };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    const goesOn = isTrue(resolve(member(token, 'continue-on-error'), contexts));
    return { outcome: 'failure', conclusion: goesOn ? 'success' : 'failure', outputs: error.outputs };
  }
}

function script(job, scope, token, contexts) {
  const text = resolveText(member(token, 'run'), contexts);
  const setting = (name) => resolveText(member(token, name) ?? scope.defaults(name), contexts);
  return runScript(job, {
    step: resolveText(member(token, 'name'), contexts) ?? `Run ${text.split('\n')[0]}`,
    script: text,
    shell: setting('shell'),
    directory: setting('working-directory'),
    env: contexts.env,
    github: contexts.github,
  });
}

/** Do what the action does. One that fails by itself is a command of the trace too, which says why. */
function action(job, token, contexts, env) {
  const uses = member(token, 'uses').toString();
  const inputs = resolveTexts(member(token, 'with'), contexts);
  try {
    return uses.startsWith('./') ? composite(job, uses, inputs, contexts, env) : runStandIn(job, uses, inputs);
  } catch (error) {
    const step = resolveText(member(token, 'name'), contexts) ?? `Run ${uses}`;
    const failure = {
      job: job.name,
      gate: job.gate,
      step,
      script: `uses: ${uses}`,
      exit_code: 1,
      output: error.message,
    };
    if (error instanceof StepFailure && error.message) report({ command: failure });
    throw error;
  }
}

/** A composite action, which is looked for in the workspace: without a checkout it is not there. */
function composite(job, uses, given, contexts, env) {
  const found = loadAction(job.workspace, uses);
  if (!found) throw new StepFailure(`Can't find 'action.yml' under '${uses}'. Was the repository checked out?`);
  const github = { ...contexts.github, action_path: path.join(job.workspace, uses) };
  const outside = { ...contexts, github, inputs: completed(job, uses, found, given, contexts), steps: {} };
  const scope = { contexts: outside, env, status: 'success', results: {}, defaults: () => undefined };
  runSteps(job, scope, items(member(found, 'runs', 'steps')));
  if (scope.status === 'failure') throw new StepFailure();
  const outputs = entries(member(found, 'outputs'));
  const inside = { ...outside, env: { ...job.env, ...env }, steps: scope.results };
  return asTexts(Object.fromEntries(outputs.map(([name, output]) => [name, resolve(member(output, 'value'), inside)])));
}

/** The inputs with their defaults. GitHub lets a required one be missing, and is silent about it. */
function completed(job, uses, found, given, contexts) {
  const declared = entries(member(found, 'inputs'));
  warnOfUnexpected(
    job,
    uses,
    Object.keys(given),
    declared.map(([name]) => name),
  );
  return Object.fromEntries(
    declared.map(([name, token]) => {
      const value = given[name] ?? resolveText(member(token, 'default'), contexts);
      const isRequired = isTrue(resolve(member(token, 'required')));
      if (value === undefined && isRequired) report({ warning: `${job.name}: input '${name}' of ${uses} is missing` });
      return [name, value ?? ''];
    }),
  );
}
