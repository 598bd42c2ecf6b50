/** Processes that outlive their job: known by a variable in their environment, and ended with the job. */
import fs from 'node:fs';

export const MARK = 'RUNNER_TRACKING_ID';

/** Kill all that carries the mark with that value, until nothing is left. */
export function endMarked(value) {
  for (let found = marked(value); found.length; found = marked(value)) {
    for (const process_ of found) ignoringGone(() => process.kill(process_, 'SIGKILL'));
  }
}

function marked(value) {
  const wanted = `${MARK}=${value}`;
  const processes = fs.existsSync('/proc') ? fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  const carries = (id) =>
    ignoringGone(() => fs.readFileSync(`/proc/${id}/environ`, 'utf8').split('\0').includes(wanted));
  return processes.filter(carries).map(Number);
}

/** What `action` gives, or undefined when the process has ended or is another user's. */
function ignoringGone(action) {
  try {
    return action();
  } catch (error) {
    if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code)) throw error;
    return undefined;
  }
}
