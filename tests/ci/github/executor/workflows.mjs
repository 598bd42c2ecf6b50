/** The jobs of a workflow, in the order that their `needs` ask for. */
import { inputsOfCall } from './inputs.mjs';
import { runJob } from './jobs.mjs';
import { legsOf } from './matrix.mjs';
import { effective } from './permissions.mjs';
import { asText, isTrue } from './expressions.mjs';
import { report } from './trace.mjs';
import { entries, holds, member, resolve, resolveText } from './tokens.mjs';

export const RESULTS = { success: 'succeeded', failure: 'failed', skipped: 'skipped' };

/** Run it. permissions: of jobs that ask for none. prefix: the calling job. Its result and outputs. */
export function runWorkflow(run, workflow, contexts, permissions, prefix = '') {
  const results = {};
  for (const job of inOrder([...workflow.jobs.values()])) {
    results[job.id] = runLegs(run, workflow, job, { contexts, permissions, prefix, results });
  }
  const outputs = entries(member(workflow.root, 'on', 'workflow_call', 'outputs'));
  const ended = { ...contexts, jobs: results };
  return {
    result: worst(Object.values(results).map((job) => job.result)),
    outputs: Object.fromEntries(outputs.map(([name, output]) => [name, resolveText(member(output, 'value'), ended)])),
  };
}

/** As in the file, but each job after those it needs. */
function inOrder(jobs) {
  const ordered = [];
  while (ordered.length < jobs.length) {
    const done = new Set(ordered.map((job) => job.id));
    ordered.push(jobs.find((job) => !done.has(job.id) && job.needs.every((need) => done.has(need))));
  }
  return ordered;
}

/** One job with all legs of its matrix. */
function runLegs(run, workflow, job, { contexts, permissions, prefix, results }) {
  const name = prefix + job.id;
  const known = { ...contexts, needs: Object.fromEntries(job.needs.map((need) => [need, results[need]])) };
  if (!holds(member(job.token, 'if'), known, statusBefore(workflow, job, results))) {
    reportJob(name, 'skipped');
    return { result: 'skipped', outputs: {} };
  }
  const own = effective(job.token, effective(workflow.root, permissions));
  const legs = legsOf(job, known).map((matrix) => runLeg(run, workflow, job, name, { ...known, matrix }, own));
  reportJob(name, worst(legs.map((leg) => leg.result)));
  const outputs = legs.flatMap((leg) => Object.entries(leg.outputs)).filter(([, value]) => value !== '');
  return { result: worst(legs.map((leg) => leg.counted)), outputs: Object.fromEntries(outputs) };
}

/** One leg. `counted` is the result that the jobs after it see. */
function runLeg(run, workflow, job, name, contexts, permissions) {
  const leg = legName(name, contexts.matrix);
  const done = job.callee
    ? runCallee(run, job, leg, contexts, permissions)
    : runJob(run, workflow, job, leg, contexts, permissions);
  if (leg !== name) reportJob(leg, done.result);
  const goesOn = isTrue(resolve(member(job.token, 'continue-on-error'), contexts));
  return { ...done, counted: goesOn ? 'success' : done.result };
}

function runCallee(run, job, name, contexts, permissions) {
  const inside = { ...contexts, inputs: inputsOfCall(job, contexts), needs: {}, matrix: {} };
  return runWorkflow(run, job.callee, inside, permissions, `${name} / `);
}

function legName(name, matrix) {
  const values = Object.values(matrix).map(asText);
  return values.length ? `${name} (${values.join(', ')})` : name;
}

function reportJob(name, result) {
  report({ job: name, result: RESULTS[result] });
}

/** What success() and failure() of a job ask: of all jobs before it, direct or not. A skipped one is no success. */
function statusBefore(workflow, job, results) {
  const before = [...ancestors(workflow, job)].map((id) => results[id].result);
  return before.includes('failure') ? 'failure' : (before.find((result) => result !== 'success') ?? 'success');
}

function ancestors(workflow, job) {
  return new Set(job.needs.flatMap((need) => [need, ...ancestors(workflow, workflow.jobs.get(need))]));
}

/** The result of all together. */
function worst(results) {
  return ['failure', 'success', 'skipped'].find((result) => results.includes(result));
}
