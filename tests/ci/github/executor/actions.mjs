/** Stand-ins for the actions of other repositories. */
import fs from 'node:fs';
import path from 'node:path';
import { checkOut } from './checkout.mjs';
import { Refusal, StepFailure } from './refusal.mjs';
import { report } from './trace.mjs';
import { member } from './tokens.mjs';

const TABLE = JSON.parse(fs.readFileSync(new URL('../actions.json', import.meta.url), 'utf8'));
const STAND_INS = {
  'actions/checkout': checkOut,
  'actions/upload-artifact': upload,
  'astral-sh/setup-uv': () => {},
};
const WHEN_MISSING = {
  warn: (job, message) => report({ warning: `${job.name}: ${message}` }),
  error: (_, message) => {
    throw new StepFailure(message);
  },
  ignore: () => {},
};

/** Refuse steps whose action is neither in this repository nor one of those above. */
export function requireStandIns(where, steps) {
  const used = steps.map((step) => member(step, 'uses')?.toString()).filter((uses) => uses && !uses.startsWith('./'));
  const unknown = used.find((uses) => !(nameOf(uses) in STAND_INS));
  if (unknown) throw new Refusal(`${where}: no stand-in for ${unknown}`);
}

/** Do what the action does, as far as a run here needs it. Its outputs; a StepFailure when it fails. */
export function runStandIn(job, uses, inputs) {
  const name = nameOf(uses);
  warnOfUnexpected(job, uses, Object.keys(inputs), TABLE[name].inputs);
  return STAND_INS[name](job, inputs) ?? {};
}

/** GitHub lets inputs pass that an action does not have. */
export function warnOfUnexpected(job, uses, given, known) {
  for (const name of given.filter((one) => !known.includes(one))) {
    report({ warning: `${job.name}: unexpected input '${name}' of ${uses}` });
  }
}

function nameOf(uses) {
  return uses.split('@')[0].toLowerCase();
}

function upload(job, inputs) {
  const { name = 'artifact', 'if-no-files-found': whenMissing = 'warn' } = inputs;
  const paths = inputs.path.split(/\s*\n\s*/).filter(Boolean);
  if (/[*?[!]/.test(inputs.path)) throw new Refusal(`${job.name}: patterns in the path of an upload are not modelled`);
  const found = paths.filter((one) => holdsFile(path.resolve(job.workspace, one)));
  if (!found.length) return WHEN_MISSING[whenMissing](job, `no files were found with the path: ${paths.join(', ')}`);
  if (job.run.artifacts.has(name)) throw new StepFailure(`an artifact with the name ${name} already exists`);
  job.run.artifacts.add(name);
  return found.forEach((one) => report({ artifact: one }));
}

function holdsFile(place) {
  if (!fs.existsSync(place)) return false;
  return !fs.statSync(place).isDirectory() || fs.readdirSync(place).some((name) => holdsFile(path.join(place, name)));
}
