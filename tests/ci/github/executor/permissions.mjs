/** What the token of a job may do. */
import { isString } from '@actions/workflow-parser';
import { Refusal } from './refusal.mjs';
import { member, resolve } from './tokens.mjs';

const LEVELS = ['none', 'read', 'write'];
const ALL = '*';
export const RESTRICTED = { contents: 'read', packages: 'read' }; // of a repository with GitHub's default settings

/** The permissions that a workflow or job writes down, else those it inherits. */
export function effective(token, inherited) {
  const written = member(token, 'permissions');
  if (!written) return inherited;
  return isString(written) ? { [ALL]: written.value.replace('-all', '') } : (resolve(written) ?? {});
}

/** Whether the permissions reach that level. */
export function allows(permissions, scope, level) {
  const granted = permissions[scope] ?? permissions[ALL] ?? 'none';
  return LEVELS.indexOf(granted) >= LEVELS.indexOf(level);
}

/** A called workflow must not ask for more than the calling job has. */
export function checkCeilings(workflow, ceiling) {
  const ofWorkflow = effective(workflow.root, ceiling ?? RESTRICTED);
  if (ceiling) checkCeiling(workflow.file, ofWorkflow, ceiling);
  for (const job of workflow.jobs.values()) {
    const ofJob = effective(job.token, ofWorkflow);
    if (ceiling) checkCeiling(`${workflow.file}: job '${job.id}'`, ofJob, ceiling);
    if (job.callee) checkCeilings(job.callee, ofJob);
  }
}

function checkCeiling(where, permissions, ceiling) {
  for (const [scope, level] of Object.entries(permissions)) {
    if (allows(ceiling, scope, level)) continue;
    throw new Refusal(
      `${where} requests '${scope}: ${level}', but is only allowed '${scope}: ${ceiling[scope] ?? 'none'}'`,
    );
  }
}
