/** Workflows and actions, read by GitHub's own parser. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { requireStandIns } from './actions.mjs';
import { Refusal } from './refusal.mjs';
import { entries, items, member, resolve } from './tokens.mjs';

const DEEPEST_CALL = 10;

/** What Git says in the repository. */
export function git(repository, ...words) {
  return execFileSync('git', ['-C', repository, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A workflow of the commit, with those that its jobs call. */
export async function loadWorkflow(repository, commit, file, depth = 0) {
  if (depth > DEEPEST_CALL)
    throw new Refusal(`${file}: workflows call each other more than ${DEEPEST_CALL} levels deep`);
  const parsed = parseWorkflow(
    { name: file, content: committed(repository, commit, file) },
    new NoOperationTraceWriter(),
  );
  const { events } = await convertWorkflowTemplate(parsed.context, parsed.value);
  refuseErrors(parsed);
  const workflow = { file, events, root: parsed.value, jobs: new Map() };
  for (const [id, token] of entries(member(parsed.value, 'jobs'))) {
    const uses = member(token, 'uses')?.toString();
    const callee = uses && (await loadWorkflow(repository, commit, localWorkflow(file, uses), depth + 1));
    requireStandIns(`${file}: job '${id}'`, items(member(token, 'steps')));
    workflow.jobs.set(id, { id, token, callee, needs: [resolve(member(token, 'needs')) ?? []].flat() });
  }
  return workflow;
}

/** The composite action that a step in that workspace uses, or undefined when there is none. */
export function loadAction(workspace, uses) {
  const folder = path.join(workspace, uses);
  const file = ['action.yml', 'action.yaml'].map((name) => path.join(folder, name)).find((name) => fs.existsSync(name));
  if (!file) return undefined;
  const parsed = parseAction({ name: uses, content: fs.readFileSync(file, 'utf8') }, new NoOperationTraceWriter());
  refuseErrors(parsed);
  const using = member(parsed.value, 'runs', 'using')?.toString();
  if (using !== 'composite') throw new Refusal(`no stand-in for ${uses}, which runs with '${using}'`);
  requireStandIns(uses, items(member(parsed.value, 'runs', 'steps')));
  return parsed.value;
}

function committed(repository, commit, file) {
  try {
    return git(repository, 'show', `${commit}:${file}`);
  } catch {
    throw new Refusal(`there is no workflow ${file} in ${commit}`);
  }
}

function localWorkflow(file, uses) {
  if (!/^(\.|\$)\//.test(uses)) throw new Refusal(`${file}: no stand-in for the workflow ${uses}`);
  return uses.slice(2);
}

function refuseErrors(parsed) {
  const errors = parsed.context.errors.getErrors();
  if (errors.length) throw new Refusal(errors.map((error) => error.message).join('; '));
}
