/** One job on a machine of its own: an empty workspace, and nothing left running when it ends. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { asText } from './expressions.mjs';
import { endMarked } from './leftovers.mjs';
import { runSteps } from './steps.mjs';
import { report } from './trace.mjs';
import { items, member, resolve, resolveTexts } from './tokens.mjs';

/** Run one leg of the job; its result and outputs. */
export function runJob(run, workflow, { id, token }, name, contexts, permissions) {
  const gate = gateOf(token, contexts);
  const approved = !run.runner.refused.includes(gate);
  if (gate) report({ gate, approved });
  if (!approved) return { result: 'failure', outputs: {} };
  const job = { ...machine(run, contexts, id), run, name, gate, permissions, path: [...run.runner.path] };
  const env = (place) => resolveTexts(member(place, 'env'), contexts);
  job.env = { ...env(workflow.root), ...env(token) };
  const setting = (one) => member(token, 'defaults', 'run', one) ?? member(workflow.root, 'defaults', 'run', one);
  job.scope = { contexts: job.contexts, env: {}, status: 'success', results: {}, defaults: setting };
  try {
    runSteps(job, job.scope, items(member(token, 'steps')));
  } finally {
    endMarked(job.mark);
    fs.rmSync(job.folder, { recursive: true, force: true });
  }
  const ended = { ...job.contexts, env: job.env, steps: job.scope.results, job: { status: job.scope.status } };
  return { result: job.scope.status, outputs: resolveTexts(member(token, 'outputs'), ended) };
}

function gateOf(token, contexts) {
  const environment = resolve(member(token, 'environment'), contexts);
  return asText(environment?.name ?? environment);
}

/** The folders of the job, and what its contexts say of them. */
function machine(run, contexts, id) {
  const mark = `github_${randomUUID()}`;
  const folder = path.join(run.folder, mark);
  const places = {
    workspace: path.join(folder, 'project'),
    home: path.join(folder, 'home'),
    temporary: path.join(folder, 'temporary'),
  };
  Object.values(places).forEach((place) => fs.mkdirSync(place, { recursive: true }));
  const eventPath = path.join(places.temporary, 'event.json');
  fs.writeFileSync(eventPath, JSON.stringify(contexts.github.event));
  const github = { ...contexts.github, workspace: places.workspace, event_path: eventPath, job: id };
  const runner = { os: 'Linux', arch: 'X64', name: 'runner', temp: places.temporary };
  return { ...places, folder, mark, runner, contexts: { ...contexts, github } };
}
