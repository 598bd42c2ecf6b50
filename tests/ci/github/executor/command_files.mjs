/** The files by which a command speaks to the runner. */
import fs from 'node:fs';
import path from 'node:path';
import { StepFailure } from './refusal.mjs';

const NAMES = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE'];

/** New, empty ones in the folder: their paths by variable. */
export function newCommandFiles(folder) {
  return Object.fromEntries(
    NAMES.map((name) => {
      const file = path.join(folder, name.toLowerCase());
      fs.writeFileSync(file, '');
      return [name, file];
    }),
  );
}

/** The pairs of a file: `name=value` in a line, or `name<<END`, lines, `END`. */
export function readPairs(file) {
  const [lines, pairs] = [linesOf(file), {}];
  while (lines.length) {
    const line = lines.shift();
    const [, name, operator, rest] = /^(.+?)(=|<<)(.*)$/.exec(line) ?? [];
    if (!name && line) throw new StepFailure(`Unable to process file command: invalid format '${line}'`);
    if (name) pairs[name] = operator === '=' ? rest : untilEnd(lines, rest);
  }
  return pairs;
}

/** The lines of a file. */
export function linesOf(file) {
  return fs.readFileSync(file, 'utf8').split(/\r?\n/);
}

function untilEnd(lines, end) {
  const length = lines.indexOf(end);
  if (length < 0) throw new StepFailure(`Unable to process file command: no line '${end}' ends the value`);
  const value = lines.splice(0, length + 1);
  return value.slice(0, -1).join('\n');
}
