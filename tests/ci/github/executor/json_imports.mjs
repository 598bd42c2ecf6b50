// GitHub's packages import JSON files without saying so, which plain Node refuses.
import fs from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url); // Node loads this file a second time, for `load` alone

export function load(url, context, next) {
  if (!url.endsWith('.json')) return next(url, context);
  const source = `export default ${fs.readFileSync(fileURLToPath(url), 'utf8')}`;
  return { format: 'module', shortCircuit: true, source };
}
