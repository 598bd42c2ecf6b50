"""What starts a workflow, and what it is told of the event."""

import json
import subprocess

import pytest

from ci.events import PipelineError
from ci.github.packages import FOLDER
from ci.github.workbench import PULL_REQUEST, jobs, said
from ci.server import git

PATTERNS = [
    (["main"], "main", True),
    (["main"], "main2", False),
    (["v1.0"], "v100", False),
    (["release/*"], "release/1", True),
    (["release/*"], "release/1/2", False),
    (["release/**"], "release/1/2", True),
    (["release/**", "!release/**-old"], "release/1-old", False),
    (["!release/1", "release/*"], "release/1", True),
    (["!release/1"], "release/2", False),
    (["v1.?"], "v1.", True),
    (["v1.?"], "v12", False),
    (["v[12].[0-9]+"], "v2.10", True),
    (["v[12].[0-9]+"], "v3.1", False),
    (["docs/**"], "docs/a/b.md", True),
    (["docs/**"], "a/docs/b.md", False),
    (["**/docs/*.md"], "docs/b.md", True),
    (["**/docs/*.md"], "a/b/docs/b.md", True),
    (["**/docs/*.md"], "mydocs/b.md", False),
    (["*.md"], "docs/b.md", False),
    (["**.md"], "docs/b.md", True),
]
MATCH = """
    import fs from 'node:fs';
    import { includes } from './executor/patterns.mjs';
    const cases = JSON.parse(fs.readFileSync(0, 'utf8'));
    console.log(JSON.stringify(cases.map(([patterns, name]) => includes(patterns, name))));
    """


def test_patterns(node):
    command = ["node", "--input-type=module", "--eval", MATCH]
    found = subprocess.run(command, cwd=FOLDER, input=json.dumps(PATTERNS), capture_output=True, check=True, text=True)
    assert json.loads(found.stdout) == [matches for _, _, matches in PATTERNS]


@pytest.mark.parametrize(
    ("filters", "branch", "changed", "starts"),
    [
        ("branches: [main]", "main", [], True),
        ("branches: [main]", "other", [], False),
        ("branches-ignore: [main]", "main", [], False),
        ("branches-ignore: [main]", "other", [], True),
        ("tags: ['v*']", "v1", [], False),
        ("paths: [a]", "main", [], False),
        ("paths: [a]", "main", ["x", "a"], True),
        ("paths: ['**', '!a']", "main", ["a"], False),
        ("paths-ignore: [a]", "main", ["a"], False),
        ("paths-ignore: [a]", "main", ["a", "x"], True),
        ("{branches: [main], paths: [a]}", "main", ["b"], False),
        ("{branches: [main], paths: [a]}", "other", ["a"], False),
    ],
)
def test_a_push_starts_what_its_branch_and_its_paths_pass(repository, filters, branch, changed, starts):
    text = jobs(job="").replace("on: push", f"on:\n  push:\n    {filters}")
    run = repository.run(text, branch=branch, changed=changed)
    assert (run.triggered, bool(run.commands)) == (starts, starts)
    assert run.result == ("succeeded" if starts else "skipped")


@pytest.mark.parametrize(
    ("on", "event", "starts"),
    [
        ("push", {"kind": "schedule"}, False),
        ("push", {"kind": "manual"}, False),
        ("push", {"kind": "pull_request"}, False),
        ("pull_request", {}, False),
        ("{pull_request: {branches: [main]}}", {"kind": "pull_request", "branch": "main", "source": "x"}, True),
        ("{pull_request: {branches: [main]}}", {"kind": "pull_request", "branch": "x", "source": "main"}, False),
        ("{pull_request: {types: [closed]}}", {"kind": "pull_request"}, False),
        ("{pull_request: {paths: [a]}}", {"kind": "pull_request", "changed": ["b"]}, False),
        ("{schedule: [{cron: '1 2 * * *'}]}", {"kind": "schedule"}, True),
        ("{schedule: [{cron: '1 2 * * *'}]}", {"kind": "schedule", "branch": "other"}, False),
    ],
)
def test_a_workflow_runs_for_the_events_it_listens_to(repository, on, event, starts):
    run = repository.run(jobs(job="").replace("on: push", f"on: {on}"), **event)
    assert run.triggered == starts


def test_a_push_can_ask_for_no_run(repository):
    repository.run(jobs(job=""))
    git(repository.server.clone, "commit", "--quiet", "--allow-empty", "--message", "Typo [skip ci]")
    git(repository.server.clone, "push", "--quiet", "origin", "main")
    assert not repository.again().triggered


DISPATCH = """
    on:
      workflow_dispatch:
        inputs:
          place: {type: choice, options: [here, there], default: there}
          dry: {type: boolean, default: true}
          count: {type: number}
          name: {required: true}
    jobs:
      job:
        runs-on: ubuntu-24.04
        steps:
          - run: echo ${{ inputs.place }} ${{ inputs.dry == true }} ${{ inputs.count == 3 }}
    """


def test_a_person_chooses_inputs(repository):
    run = repository.run(DISPATCH, kind="manual", inputs={"name": "x", "count": "3"})
    assert run.commands[0].script == "echo there true true"
    run = repository.again(kind="manual", inputs={"name": "x", "dry": "false", "place": "here"})
    assert run.commands[0].script == "echo here false false"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "'name' is required"),
        ({"name": "x", "other": "y"}, "no input 'other'"),
        ({"name": "x", "place": "nowhere"}, "choice cannot be 'nowhere'"),
        ({"name": "x", "dry": "perhaps"}, "boolean cannot be 'perhaps'"),
        ({"name": "x", "count": "many"}, "number cannot be 'many'"),
    ],
)
def test_a_choice_that_is_not_offered_starts_nothing(repository, inputs, message):
    with pytest.raises(PipelineError, match=message):
        repository.run(DISPATCH, kind="manual", inputs=inputs)


def test_a_command_knows_the_event(repository, steps):
    text = """
        - run: echo $GITHUB_EVENT_NAME $GITHUB_REF $GITHUB_REF_NAME $GITHUB_REPOSITORY $GITHUB_JOB "[$GITHUB_HEAD_REF]"
        - run: echo ${{ github.event.pull_request.head.repo.fork }} ${{ github.event.number }} $GITHUB_BASE_REF
        - run: grep --only-matching '"full_name":"[^"]*"' "$GITHUB_EVENT_PATH" | sort --unique
        - run: '[ "$GITHUB_SHA" = "${{ github.sha }}" ]'
        """
    push = steps(text)
    assert said(push)[:3] == ["push refs/heads/main main owner/project job []", "", '"full_name":"owner/project"']
    pull = repository.again(kind="pull_request", **PULL_REQUEST)
    assert said(pull)[:2] == ["pull_request refs/pull/7/merge 7/merge owner/project job [feature]", "false 7 main"]
    assert pull.result == "succeeded"
