/** actions/checkout: the event's commit in the empty workspace, with the repository as `origin`. */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { allows } from './permissions.mjs';
import { StepFailure } from './refusal.mjs';
import { report } from './trace.mjs';

const EVERYTHING = '0';
const ALL_REFS = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'];

export function checkOut(job, inputs) {
  if (!allows(job.permissions, 'contents', 'read'))
    throw new StepFailure('repository not found: `permissions: contents` is missing');
  if (inputs['persist-credentials'] !== 'false')
    report({ warning: `${job.name}: checkout leaves the token in the workspace` });
  const { ref, ref_name: branch, sha } = job.contexts.github;
  const here = ref.replace('refs/heads/', 'refs/remotes/origin/').replace('refs/pull/', 'refs/remotes/pull/');
  const depth = inputs['fetch-depth'] ?? '1';
  const git = (...words) => runGit(job, words);
  git('init', '--quiet');
  git('config', 'advice.detachedHead', 'false');
  git('remote', 'add', 'origin', pathToFileURL(job.run.remote).href); // of a plain path Git ignores the depth
  if (depth === EVERYTHING) git('fetch', '--quiet', 'origin', ...ALL_REFS);
  git(
    'fetch',
    '--quiet',
    '--no-tags',
    ...(depth === EVERYTHING ? [] : [`--depth=${depth}`]),
    'origin',
    `+${sha}:${here}`,
  );
  if (ref.startsWith('refs/heads/')) git('checkout', '--quiet', '-B', branch, here);
  else git('checkout', '--quiet', here);
}

/** Git, without the settings of whoever runs the tests. */
function runGit(job, words) {
  const env = { PATH: process.env.PATH, HOME: job.home, GIT_TERMINAL_PROMPT: '0' };
  try {
    execFileSync('git', words, { cwd: job.workspace, env, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new StepFailure(`git ${words.join(' ')}: ${error.stderr}`);
  }
}
