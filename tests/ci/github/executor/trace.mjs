/** The trace: one JSON object a line on standard output. */
import fs from 'node:fs';

const STANDARD_OUTPUT = 1;

export function report(line) {
  fs.writeSync(STANDARD_OUTPUT, `${JSON.stringify(line)}\n`);
}
