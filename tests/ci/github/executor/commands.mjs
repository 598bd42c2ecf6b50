/** One script in its shell. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { linesOf, newCommandFiles, readPairs } from './command_files.mjs';
import { MARK } from './leftovers.mjs';
import { allows } from './permissions.mjs';
import { Refusal, StepFailure } from './refusal.mjs';
import { report } from './trace.mjs';

const ID_TOKENS = 'https://run.actions.githubusercontent.com/idtoken?api-version=2.0';
const SCRIPT = '{0}';
const SHELLS = {
  '': `bash -e ${SCRIPT}`, // not the same as `shell: bash`
  bash: `bash --noprofile --norc -eo pipefail ${SCRIPT}`,
  sh: `sh -e ${SCRIPT}`,
  python: `python ${SCRIPT}`,
};
const OF_THIS_MACHINE = /^(UV_|PIP_|SSL_|REQUESTS_|CURL_|LANG$)/; // or commands would find no packages here

/** Run the script and report it. Its outputs; a StepFailure when it fails. */
export function runScript(job, { step, script, shell, directory, env, github }) {
  const folder = fs.mkdtempSync(path.join(job.temporary, 'command-'));
  const files = newCommandFiles(folder);
  const environment = {
    ...environmentOf(job, github),
    ...env,
    PATH: [...job.path, process.env.PATH].join(':'),
    ...files,
  };
  const line = commandLine(shell, script, folder);
  const done = spawn(line, path.resolve(job.workspace, directory ?? ''), environment, folder);
  const { outputs, problem } = takeOver(job, files);
  const exitCode = done.exitCode || Number(problem !== '');
  const output = done.output + problem;
  report({ command: { job: job.name, gate: job.gate, step, script, exit_code: exitCode, output } });
  if (exitCode) throw new StepFailure('', outputs);
  return outputs;
}

/** What a runner sets before the workflow's own `env`. */
function environmentOf(job, github) {
  const { runner } = job.run;
  const passed = Object.entries(process.env).filter(([name]) => OF_THIS_MACHINE.test(name));
  const told = Object.entries(github).filter(([name, value]) => typeof value === 'string' && name !== 'token');
  const asVariables = told.map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value]);
  return {
    ...Object.fromEntries([...passed, ...asVariables]),
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    RUNNER_OS: job.runner.os,
    RUNNER_ARCH: job.runner.arch,
    RUNNER_TEMP: job.runner.temp,
    HOME: job.home,
    [MARK]: job.mark,
    ...runner.environment,
    ...idTokenRequest(job),
  };
}

/** Where a job asks for an ID token, if it may; the address says in whose name, which GitHub knows by itself. */
function idTokenRequest(job) {
  if (!allows(job.permissions, 'id-token', 'write')) return {};
  const { repository, ref } = job.contexts.github;
  const subject = `repo:${repository}:${job.gate ? `environment:${job.gate}` : `ref:${ref}`}`;
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${ID_TOKENS}&subject=${encodeURIComponent(subject)}`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'token-of-this-job',
  };
}

function commandLine(shell, script, folder) {
  const line = SHELLS[shell ?? ''] ?? shell;
  if (!line.includes(SCRIPT)) throw new Refusal(`no stand-in for the shell '${shell}'`);
  const file = path.join(folder, 'script');
  fs.writeFileSync(file, script);
  return line.split(' ').map((word) => word.replace(SCRIPT, file));
}

function spawn([program, ...words], cwd, env, folder) {
  const log = path.join(folder, 'log'); // a file: what is left running may hold it open
  const descriptor = fs.openSync(log, 'a');
  const done = spawnSync(program, words, { cwd, env, stdio: ['ignore', descriptor, descriptor] });
  fs.closeSync(descriptor);
  return { exitCode: done.status ?? 1, output: fs.readFileSync(log, 'utf8') + (done.error?.message ?? '') };
}

/** What the command wrote for the job, which counts even when it failed. */
function takeOver(job, files) {
  const summary = fs.readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8');
  if (summary) report({ summary });
  job.path.unshift(...linesOf(files.GITHUB_PATH).filter(Boolean).reverse());
  try {
    Object.assign(job.env, readPairs(files.GITHUB_ENV));
    return { outputs: readPairs(files.GITHUB_OUTPUT), problem: '' };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    return { outputs: {}, problem: error.message };
  }
}
