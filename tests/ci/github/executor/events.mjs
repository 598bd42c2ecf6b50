/** What the event starts, and what GitHub tells a run about it. */
import { git } from './documents.mjs';
import { inputsOfDispatch } from './inputs.mjs';
import { includes } from './patterns.mjs';
import { resolve, member } from './tokens.mjs';

export const TOKEN = 'token-of-this-run';
const NAMES = { push: 'push', pull_request: 'pull_request', schedule: 'schedule', manual: 'workflow_dispatch' };
const ACTION = 'opened'; // one of those that start a run by themselves
const USUAL_ACTIONS = ['opened', 'synchronize', 'reopened'];
const SKIPS = /\[(skip ci|ci skip|no ci|skip actions|actions skip)\]/;
const OWNER = 'owner';
const REPOSITORY = `${OWNER}/project`;

/** GitHub's name of the event. */
export function eventName(event) {
  return NAMES[event.kind];
}

/** Whether the event starts the workflow. */
export function starts(workflow, event, repository) {
  const name = eventName(event);
  const filter = workflow.events[name];
  if (!filter) return false;
  if (name === 'schedule') return event.branch === git(repository, 'symbolic-ref', '--short', 'HEAD').trim();
  if (name === 'workflow_dispatch') return true;
  if (name === 'push' && SKIPS.test(git(repository, 'log', '-1', '--format=%B', event.commit))) return false;
  if (name === 'push' && isForTagsAlone(filter)) return false;
  if (name === 'pull_request' && !(filter.types ?? USUAL_ACTIONS).includes(ACTION)) return false;
  return passes(filter, 'branches', [event.branch]) && passes(filter, 'paths', event.changed);
}

function isForTagsAlone(filter) {
  const has = (kind) => kind in filter || `${kind}-ignore` in filter;
  return has('tags') && !has('branches');
}

function passes(filter, kind, names) {
  const [wanted, ignored] = [filter[kind], filter[`${kind}-ignore`]];
  if (wanted) return names.some((name) => includes(wanted, name));
  return !ignored || names.some((name) => !includes(ignored, name));
}

/** The `github` context. What the runner is told about its host holds here too. */
export function githubContext(workflow, event, runner, repository) {
  const told = (key, usual) => runner.environment[`GITHUB_${key.toUpperCase()}`] ?? usual;
  const isPullRequest = event.kind === 'pull_request';
  const name = told('repository', REPOSITORY);
  return {
    event_name: eventName(event),
    ref: isPullRequest ? `refs/pull/${event.number}/merge` : `refs/heads/${event.branch}`,
    ref_name: isPullRequest ? `${event.number}/merge` : event.branch,
    ref_type: 'branch',
    sha: event.commit,
    base_ref: isPullRequest ? event.branch : '',
    head_ref: isPullRequest ? event.source : '',
    repository: name,
    repository_owner: name.split('/')[0],
    run_id: told('run_id', '1'),
    run_number: told('run_number', '1'),
    run_attempt: told('run_attempt', '1'),
    actor: told('actor', 'person'),
    triggering_actor: told('actor', 'person'),
    server_url: told('server_url', 'https://github.com'),
    api_url: told('api_url', 'https://api.github.com'),
    graphql_url: told('graphql_url', 'https://api.github.com/graphql'),
    workflow: resolve(member(workflow.root, 'name')) ?? workflow.file,
    token: TOKEN,
    event: payload(workflow, event, name, repository),
  };
}

function payload(workflow, event, name, repository) {
  const common = {
    repository: { full_name: name, default_branch: git(repository, 'symbolic-ref', '--short', 'HEAD').trim() },
  };
  const [, before, source] = git(repository, 'rev-list', '--parents', '-n1', event.commit).split(/\s/);
  if (event.kind === 'push') return { ...common, ref: `refs/heads/${event.branch}`, before, after: event.commit };
  if (event.kind === 'schedule') return { ...common, schedule: workflow.events.schedule[0].cron };
  if (event.kind === 'manual')
    return { ...common, ref: `refs/heads/${event.branch}`, inputs: inputsOfDispatch(workflow, event).texts };
  const side = (ref, sha) => ({ ref, sha, repo: { full_name: name, fork: false } });
  const pullRequest = {
    number: event.number,
    base: side(event.branch, before ?? event.commit),
    head: side(event.source, source || event.commit),
  };
  return { ...common, action: ACTION, number: event.number, pull_request: pullRequest };
}
