"""Actions: the stand-ins, and composite ones of the repository."""

from textwrap import dedent

import pytest

from ci.events import PipelineError
from ci.github import execute
from ci.github.workbench import ACTION, CHECKOUT, COMPOSITE, NOBODY, USES, WORKFLOW, jobs, said
from ci.server import git


def test_a_push_is_checked_out_on_its_branch(repository, steps):
    steps(
        CHECKOUT
        + "- run: git status --short --branch; git rev-list --count HEAD; git config --get-regexp extraheader || true"
    )
    run = repository.again()
    assert said(run) == ["## main...origin/main\n1"]
    assert not run.warnings
    assert {command.job for command in run.commands} == {"job"}


def test_a_checkout_can_have_all_history_and_all_branches(repository, steps):
    repository.server.push({"x": "x"}, "feature")
    run = steps(
        CHECKOUT.replace("{", "{fetch-depth: 0, ")
        + "- run: git rev-list --count HEAD; git log -1 --format=%s origin/feature"
    )
    assert said(run) == ["2\nChange x"]


def test_a_branch_that_moved_on_is_checked_out_where_the_event_was(repository, steps):
    steps(CHECKOUT.replace("{", "{fetch-depth: 0, ") + "- run: git status --short --branch && git rev-parse HEAD")
    commit = repository.server.head()
    repository.server.push({"x": "x"})
    assert said(repository.again(commit=commit)) == [f"## main...origin/main\n{commit}"]


def test_of_a_pull_request_the_merge_is_checked_out(repository, steps):
    steps(CHECKOUT + "- run: git branch --show-current; git rev-parse HEAD; ls x")
    repository.server.push({"x": "x"}, "feature")
    event = repository.server.pull_request(7, "feature")
    assert event.commit != repository.server.head("feature")
    assert said(execute(repository.server.bare, WORKFLOW, event, NOBODY)) == [f"{event.commit}\nx"]


def test_a_job_can_push(repository, steps):
    run = steps(
        CHECKOUT
        + "- run: |\n"
        + "    git -c user.name=A -c user.email=a@example.org commit --quiet --allow-empty --message New\n"
        + "    git push --quiet origin HEAD:main"
    )
    assert run.result == "succeeded"
    assert git(repository.server.bare, "log", "-1", "--format=%s", "main") == "New"


def test_a_kept_token_is_told(steps):
    assert steps(f"- uses: {USES['actions/checkout']}").warnings == ["job: checkout leaves the token in the workspace"]


def test_a_checkout_needs_the_permission(steps):
    run = steps(CHECKOUT, "permissions: {}\n")
    assert (run.result, run.commands[0].exit_code) == ("failed", 1)
    assert "permissions: contents" in run.commands[0].output


ASK = '- run: echo "${ACTIONS_ID_TOKEN_REQUEST_URL##*=}${ACTIONS_ID_TOKEN_REQUEST_TOKEN:+ with a token}"\n'
MAIN = "repo%3Aowner%2Fproject%3Aref%3Arefs%2Fheads%2Fmain with a token"


@pytest.mark.parametrize(
    ("permissions", "asks"),
    [
        ("permissions: {id-token: write}\n", MAIN),
        ("permissions: write-all\n", MAIN),
        ("permissions: read-all\n", ""),
        ("permissions: {contents: write}\n", ""),
        ("", ""),
    ],
)
def test_who_asks_for_an_id_token_needs_the_permission(steps, permissions, asks):
    assert said(steps(ASK, permissions)) == [asks]


def test_a_jobs_permissions_replace_those_of_the_workflow(repository):
    text = jobs(with_own="permissions: {contents: read}\nsteps:\n" + ASK, without="steps:\n" + ASK)
    assert said(repository.run("permissions: {id-token: write}\n" + text)) == ["", MAIN]


def test_a_job_of_an_environment_asks_in_its_name(repository):
    run = repository.run("permissions: {id-token: write}\n" + jobs(job="environment: staging\nsteps:\n" + ASK))
    assert said(run) == ["repo%3Aowner%2Fproject%3Aenvironment%3Astaging with a token"]


UPLOAD = f"- uses: {USES['actions/upload-artifact']}\n  with: "


def test_an_upload_is_kept(steps):
    run = steps(
        "- run: mkdir out && touch out/file\n"
        + UPLOAD
        + "{path: out}\n"
        + UPLOAD
        + '{name: b, path: "out/file\\nmissing"}\n'
    )
    assert (run.result, run.artifacts, run.warnings) == ("succeeded", ["out", "out/file"], [])


def test_two_uploads_cannot_have_one_name(steps):
    run = steps("- run: touch file\n" + 2 * (UPLOAD + "{name: a, path: file}\n"))
    assert (run.result, run.artifacts) == ("failed", ["file"])


@pytest.mark.parametrize(
    ("setting", "result", "warnings"),
    [
        ("", "succeeded", ["job: no files were found with the path: out"]),
        (", if-no-files-found: ignore", "succeeded", []),
        (", if-no-files-found: error", "failed", []),
    ],
)
def test_an_upload_of_nothing(steps, setting, result, warnings):
    run = steps("- run: mkdir out\n" + UPLOAD + f"{{path: out{setting}}}\n")  # a folder without a file is nothing
    assert (run.result, run.warnings, run.artifacts) == (result, warnings, [])


def test_an_action_of_the_repository_runs_in_the_job(steps):
    act = "- uses: ./.github/actions/act\n  id: act\n  env: {OUTER: seen}\n  with: {other: x}\n"
    run = steps(
        CHECKOUT + act + "- run: echo ${{ steps.act.outputs.said }} ${{ steps.say.outputs.said }}",
        files={ACTION: COMPOSITE},
    )
    assert (run.result, said(run), run.warnings) == ("succeeded", ["usual seen act", "usual"], [])


def test_an_action_has_a_status_of_its_own(steps):
    act = "- uses: ./.github/actions/act\n  if: always()\n  with: {other: x, word: wrong}\n"
    run = steps(CHECKOUT + "- run: exit 1\n" + act + "- run: echo outer\n  if: failure()", files={ACTION: COMPOSITE})
    assert (run.result, said(run)) == ("failed", ["", "wrong  act", "", "after", "outer"])


def test_an_action_fails_with_its_steps(steps):
    act = "- uses: ./.github/actions/act\n  with: {other: x, word: wrong}\n"
    run = steps(CHECKOUT + act + "- run: echo never", files={ACTION: COMPOSITE})
    assert (run.result, said(run)) == ("failed", ["wrong  act", "", "after"])


def test_inputs_that_an_action_lacks_or_misses_are_told(steps):
    run = steps(CHECKOUT + "- uses: ./.github/actions/act\n  with: {wrod: x}\n", files={ACTION: COMPOSITE})
    assert run.warnings == [
        "job: unexpected input 'wrod' of ./.github/actions/act",
        "job: input 'other' of ./.github/actions/act is missing",
    ]


def test_without_a_checkout_there_is_no_action(steps):
    run = steps("- uses: ./.github/actions/act\n  name: Act\n- run: echo never", files={ACTION: COMPOSITE})
    assert (run.result, run.commands[0].step, run.commands[0].exit_code) == ("failed", "Act", 1)
    assert "Was the repository checked out?" in said(run)[0]


@pytest.mark.parametrize("place", ["the workflow", "an action"])
def test_an_action_without_a_stand_in_is_refused(steps, place):
    other = "- uses: someone/something@v1\n"
    act = dedent(COMPOSITE) + "    " + other
    with pytest.raises(PipelineError, match="no stand-in for someone/something@v1"):
        steps(other if place == "the workflow" else CHECKOUT + "- uses: ./.github/actions/act", files={ACTION: act})
