/** Run one workflow for one event. The request on standard input: { remote, workflow, event, runner, folder }. */
import fs from 'node:fs';
import { loadWorkflow } from './documents.mjs';
import { eventName, githubContext, starts, TOKEN } from './events.mjs';
import { checkCall, inputsOfDispatch } from './inputs.mjs';
import { checkCeilings, RESTRICTED } from './permissions.mjs';
import { Refusal } from './refusal.mjs';
import { report } from './trace.mjs';
import { RESULTS, runWorkflow } from './workflows.mjs';

async function execute({ remote, workflow: file, event, runner, folder }) {
  const workflow = await loadWorkflow(remote, event.commit, file);
  if (!starts(workflow, event, remote)) return { triggered: false, result: 'skipped' };
  checkCalls(workflow);
  checkCeilings(workflow);
  const inputs = eventName(event) === 'workflow_dispatch' ? inputsOfDispatch(workflow, event).values : {};
  const github = githubContext(workflow, event, runner, remote);
  const run = { remote, runner, folder, artifacts: new Set() };
  const contexts = { github, inputs, vars: runner.variables, secrets: { GITHUB_TOKEN: TOKEN } };
  const { result } = runWorkflow(run, workflow, contexts, RESTRICTED);
  return { triggered: true, result: RESULTS[result] };
}

function checkCalls(workflow) {
  for (const job of [...workflow.jobs.values()].filter((one) => one.callee)) {
    checkCall(workflow, job);
    checkCalls(job.callee);
  }
}

try {
  report({ run: await execute(JSON.parse(fs.readFileSync(0, 'utf8'))) });
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  report({ refused: error.message });
}
