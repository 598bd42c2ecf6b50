"""What both CI systems must do alike, against their stand-ins and with real Git over HTTP."""

import base64
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from repositories import FILES, NOBODY, SOMEBODY, STAGING, add_commit, check_out, files_of, git, make_repository
from services import AzureDevOpsService, Fault, GitHubService

from mlops import UserError
from mlops.ci import Proposal, comment_marker, fit, open_ci
from mlops.repo.git import access, identity
from mlops.repo.git import git as run_git

BRANCH = "promote/flights-staging-8"
VERSION_8 = "model: {name: flights, version: 8}\n"


@pytest.fixture(params=[GitHubService, AzureDevOpsService])
def service(request, tmp_path, monkeypatch):
    """The service; the current folder is the checkout of a run on main."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    bare = make_repository(tmp_path)
    with request.param(bare) as running:
        monkeypatch.chdir(check_out(bare, tmp_path / "work", running.remote()))
        enter(running, tmp_path, monkeypatch)
        if isinstance(running, AzureDevOpsService):
            running.add_pipeline("train", "\\flights")
        yield running


def enter(service, folder, monkeypatch, pull_request=0):
    """Make the environment that of a run on main, or of a run of the pull request."""
    for name, value in service.environment(folder, pull_request=pull_request).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def pull_request(service, tmp_path, monkeypatch):
    """The run is of pull request 12; the comments on it, as they are now."""
    add_commit(service.repository, tmp_path / "author", branch="work")
    service.open_pull(12, "work", "main", "Work", "")
    enter(service, tmp_path, monkeypatch, pull_request=12)
    return lambda: texts(service, 12)


def texts(service, number):
    if isinstance(service, GitHubService):
        return [each["body"] for each in service.comments.get(number, [])]
    return [each["comments"][0]["content"] for each in service.threads.get(number, [])]


def edit(text=VERSION_8, title="Promote flights:8 to staging", body="**better**"):
    """Edit the manifest in the working folder; the proposal to merge that."""
    STAGING.write_text(text, encoding="utf-8")
    return Proposal(BRANCH, title, body, [STAGING])


def writes(service):
    return [(each.method, each.path) for each in service.requests if each.method != "GET"]


def test_a_proposal_is_one_commit_of_its_files_and_a_pull_request_that_can_be_merged(service):
    (STAGING.parent / "production.yml").write_text("unfinished", encoding="utf-8")
    git("add", "environments/production.yml")
    before = git("rev-parse", "HEAD")
    address = open_ci().propose(edit())
    assert git("diff", "--cached", "--name-only") == "environments/production.yml", "what was staged stays staged"
    (pull,) = service.pulls.values()
    assert address.startswith(service.url) and address.rpartition("/")[2] == str(pull["number"])
    assert (pull["source"], pull["target"], pull["body"]) == (BRANCH, "main", "**better**")
    assert files_of(service.repository, BRANCH) == [STAGING.as_posix()]
    assert git("rev-parse", f"{BRANCH}^", folder=service.repository) == before
    assert git("log", "-1", "--format=%an %cn", BRANCH, folder=service.repository).count("[bot]") == 2
    service.merge(pull["number"])
    assert git("show", f"main:{STAGING.as_posix()}", folder=service.repository) == VERSION_8.strip()


@pytest.mark.parametrize("where", ["--detach", "-bhere"])
def test_a_proposal_leaves_the_working_folder_as_it_was_before_the_change(service, where):
    git("checkout", "--quiet", where)
    (STAGING.parent / "new.yml").write_text("new\n", encoding="utf-8")
    (STAGING.parent / "untracked.txt").write_text("mine\n", encoding="utf-8")
    head = git("rev-parse", "HEAD"), git("rev-parse", "--abbrev-ref", "HEAD")
    proposal = edit()
    open_ci().propose(Proposal(BRANCH, "two files", "", [STAGING, STAGING.parent / "new.yml"]))
    assert head == (git("rev-parse", "HEAD"), git("rev-parse", "--abbrev-ref", "HEAD"))
    assert git("status", "--porcelain") == "?? environments/untracked.txt"
    assert proposal.paths[0].read_text(encoding="utf-8") == FILES[STAGING.as_posix()]
    assert len(files_of(service.repository, BRANCH)) == 2


def test_the_same_proposal_of_two_runs_is_one_pull_request_and_one_commit(service, tmp_path, monkeypatch):
    host, long = open_ci(), "long " * 500
    first = host.propose(edit(body=long))
    commit, done = git("rev-parse", BRANCH, folder=service.repository), writes(service)
    monkeypatch.chdir(check_out(service.repository, tmp_path / "later", service.remote()))
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2030-01-01T00:00:00Z")  # of the same files, another commit
    assert host.propose(edit(body=long)) == first
    assert git("rev-parse", BRANCH, folder=service.repository) == commit
    assert writes(service) == done and len(service.pulls) == 1


def test_a_proposal_with_other_content_replaces_the_commit_and_updates_the_text(service):
    host = open_ci()
    first = host.propose(edit())
    assert host.propose(edit("model: {name: flights, version: 9}\n", title="Promote flights:9")) == first
    (pull,) = service.pulls.values()
    assert pull["title"] == "Promote flights:9"
    assert git("rev-list", "--count", f"main..{BRANCH}", folder=service.repository) == "1"
    assert "version: 9" in git("show", f"{BRANCH}:{STAGING.as_posix()}", folder=service.repository)


def test_proposals_of_two_branches_are_two_pull_requests(service):
    host, proposal = open_ci(), edit()
    first = host.propose(proposal)
    edit()
    assert host.propose(replace(proposal, branch="promote/flights-production-8")) != first
    assert [each["source"] for each in service.pulls.values()] == [BRANCH, "promote/flights-production-8"]


def test_a_merged_pull_request_is_not_taken_for_an_open_one(service, tmp_path, monkeypatch):
    open_ci().propose(edit())
    service.merge(1)
    monkeypatch.chdir(check_out(service.repository, tmp_path / "later", service.remote()))
    open_ci().propose(edit("model: {name: flights, version: 9}\n"))
    assert [each["open"] for each in service.pulls.values()] == [False, True]


def test_what_a_person_declined_is_not_proposed_again(service, tmp_path, monkeypatch, capsys):
    first = open_ci().propose(edit())
    service.close(1)
    commit, done = git("rev-parse", BRANCH, folder=service.repository), writes(service)
    capsys.readouterr()
    monkeypatch.chdir(check_out(service.repository, tmp_path / "later", service.remote()))
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2030-01-01T00:00:00Z")
    assert open_ci().propose(edit(body="another text")) == first
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and f"Promote flights:8 to staging: declined in {first}" in said
    assert writes(service) == done and git("rev-parse", BRANCH, folder=service.repository) == commit
    assert git("status", "--porcelain") == "", "the working folder is left without the change all the same"


def test_what_was_declined_is_proposed_again_with_other_content_and_that_can_be_declined_too(service, capsys):
    host, other = open_ci(), "model: {name: flights, version: 8}  # measured anew\n"
    first = host.propose(edit())
    service.close(1)
    second = host.propose(edit(other))
    assert second != first and "declined" not in capsys.readouterr().out
    assert host.propose(edit(other)) == second and [each["open"] for each in service.pulls.values()] == [False, True]
    service.close(2)
    assert host.propose(edit(other)) == second, "the newest answer is the one that is named"
    assert host.propose(edit()).rpartition("/")[2] == "3"


def test_an_answer_to_another_title_or_of_another_branch_is_none(service):
    host, proposal = open_ci(), edit()
    host.propose(proposal)
    service.close(1)
    edit()
    host.propose(replace(proposal, branch="promote/flights-production-8"))
    assert host.propose(edit(title="Promote flights:8, as asked")).rpartition("/")[2] == "3"


def test_an_open_pull_request_comes_before_a_declined_one(service, capsys):
    host = open_ci()
    first = host.propose(edit())
    service.close(1)
    service.open_pull(2, BRANCH, "main", "Promote flights:8 to staging", "by a person")
    service.close(2)
    service.pulls[1]["open"] = True  # opened again, so the open one is the older
    assert host.propose(edit()) == first and "declined" not in capsys.readouterr().out


def test_a_merged_pull_request_is_not_taken_for_a_declined_one(service, capsys):
    open_ci().propose(edit())
    service.merge(1)
    with pytest.raises(UserError, match="No commits between"):  # this run began before the merge
        open_ci().propose(edit())
    assert "declined" not in capsys.readouterr().out


def test_what_was_merged_and_reverted_is_proposed_again(service, tmp_path, monkeypatch, capsys):
    first = open_ci().propose(edit())
    service.merge(1)
    author = tmp_path / "author"
    git("clone", "--quiet", str(service.repository), str(author))
    git(*SOMEBODY, "revert", "--mainline", "1", "--no-edit", "HEAD", folder=author)
    git("push", "--quiet", "origin", "main", folder=author)
    monkeypatch.chdir(check_out(service.repository, tmp_path / "later", service.remote()))
    assert open_ci().propose(edit()) != first and "declined" not in capsys.readouterr().out
    service.merge(2)
    assert git("show", f"main:{STAGING.as_posix()}", folder=service.repository) == VERSION_8.strip()


def test_a_branch_that_a_person_brought_up_to_date_is_left_as_it_is(service, tmp_path, monkeypatch):
    first = open_ci().propose(edit())
    add_commit(service.repository, tmp_path / "other")
    author = tmp_path / "author"
    git("clone", "--quiet", "--branch", BRANCH, str(service.repository), str(author))
    git(*SOMEBODY, "merge", "--quiet", "--no-edit", "origin/main", folder=author)
    git("push", "--quiet", "origin", BRANCH, folder=author)
    monkeypatch.chdir(check_out(service.repository, tmp_path / "later", service.remote()))
    assert open_ci().propose(edit()) == first
    assert git("rev-parse", BRANCH, folder=service.repository) == git("rev-parse", "HEAD", folder=author)


def test_a_list_that_is_refused_leaves_branch_and_files_as_they_were(service):
    service.faults = [Fault("GET", "/pull", 404)]
    with pytest.raises(UserError, match="404"):
        open_ci().propose(edit())
    assert BRANCH not in git("branch", "--list", folder=service.repository)
    assert STAGING.read_text(encoding="utf-8") == VERSION_8


def test_nothing_to_propose_is_one_line_and_nothing_is_pushed(service):
    with pytest.raises(UserError, match="nothing to propose"):
        open_ci().propose(edit(FILES[STAGING.as_posix()]))
    assert BRANCH not in git("branch", "--list", "--all", folder=service.repository) and not writes(service)


def test_published_files_are_committed_alone_on_the_branch_of_the_run(service):
    (STAGING.parent / "production.yml").write_text("unfinished", encoding="utf-8")
    STAGING.with_name("drift.json").write_text("{}", encoding="utf-8")
    edit()
    address = open_ci().publish("Roll back", [STAGING, STAGING.with_name("drift.json")], "train")
    commit = git("rev-parse", "main", folder=service.repository)
    assert address.startswith(service.url) and address.endswith(f"/commit/{commit}")
    assert files_of(service.repository, commit) == ["environments/drift.json", STAGING.as_posix()]
    assert git("rev-parse", "HEAD") == commit
    assert git("status", "--porcelain") == "M environments/production.yml"


def test_publishing_starts_the_pipeline_where_a_push_of_a_run_starts_nothing(service):
    edit()
    open_ci().publish("Roll back", [STAGING], "train")
    if isinstance(service, GitHubService):
        (run,) = service.runs
        assert (run["workflow"], run["event"]) == ("train.yml", "workflow_dispatch")
        assert run["head_sha"] == git("rev-parse", "main", folder=service.repository), "it has the pushed commit"
    else:
        assert not service.builds and not service.requests


def test_a_branch_that_moved_on_is_not_overwritten(service, tmp_path):
    add_commit(service.repository, tmp_path / "other")
    commit = git("rev-parse", "main", folder=service.repository)
    edit()
    with pytest.raises(UserError, match=r"git refused the push: .*rejected"):
        open_ci().publish("Roll back", [STAGING], "train")
    assert git("rev-parse", "main", folder=service.repository) == commit
    assert not writes(service), "nothing is started"


def test_a_branch_that_takes_pull_requests_only_is_told_with_the_setting_that_makes_them(service):
    hook = service.repository / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    edit()
    with pytest.raises(UserError, match=r"GH006.*let project.yml say `promotion.staging: pull-request`"):
        open_ci().publish("Promote", [STAGING], "train")


def test_a_run_of_a_pull_request_publishes_nothing(service, pull_request):
    edit()
    with pytest.raises(UserError, match="this run is for refs/pull/12/merge, which is no branch"):
        open_ci().publish("Roll back", [STAGING], "train")


def test_who_is_configured_commits(service, monkeypatch):
    git("config", "user.name", "a person")
    git("config", "user.email", "person@example.org")
    open_ci().propose(edit())
    assert git("log", "-1", "--format=%an %ae", BRANCH, folder=service.repository) == "a person person@example.org"


def test_the_token_is_in_no_address_argument_or_file(service, tmp_path, monkeypatch):
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    open_ci().propose(edit())
    secrets = [service.token.encode(), base64.b64encode(service.token.encode()).rstrip(b"=")[:-2]]
    files = [path for folder in (tmp_path / "work", tmp_path / "flights.git", trace) for path in walk(folder)]
    assert b"push --quiet" in trace.read_bytes()
    assert not [path for path in files if any(secret in path.read_bytes() for secret in secrets)]


def walk(path):
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def test_a_token_that_the_checkout_left_behind_is_not_sent_beside_ours(service):
    git("config", f"http.{service.url}/.extraheader", "AUTHORIZATION: basic b2xkOm9sZA==")
    open_ci().propose(edit())
    assert len(service.pulls) == 1


def test_settings_that_the_environment_gives_git_are_kept(service, monkeypatch):
    git("remote", "set-url", "origin", "the-service:/")
    settings = {"COUNT": "1", "KEY_0": f"url.{service.remote()}.insteadOf", "VALUE_0": "the-service:/"}
    for name, value in settings.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "env@example.org")
    open_ci().propose(edit())
    log = git("log", "-1", "--format=%ce %ae", BRANCH, folder=service.repository)
    assert log.startswith("env@example.org ") and "noreply" in log


def test_no_token_goes_to_a_remote_that_is_a_folder(service):
    account = open_ci().account()
    assert access(account)["GIT_CONFIG_COUNT"] == "2"
    git("remote", "set-url", "origin", str(service.repository))
    assert access(account) == {}


def test_the_account_commits_and_pushes_a_branch_of_its_own_without_the_api(service):
    account = open_ci().account()
    made = run_git("commit-tree", "HEAD^{tree}", "-m", "state", variables=identity(account))
    run_git("push", "--quiet", "origin", f"{made}:refs/heads/state", variables=access(account))
    assert "[bot]" in git("log", "-1", "--format=%an", "state", folder=service.repository)
    assert service.token not in repr(account) and not service.requests


def test_without_a_token_what_is_public_can_be_fetched_and_nothing_else(service, monkeypatch):
    for name in ("GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN"):
        monkeypatch.delenv(name, raising=False)
    account = open_ci().account()
    assert (account.token, access(account)) == ("", {})
    with pytest.raises(UserError, match=r"git refused the ls-remote: "):
        run_git("ls-remote", "origin", variables=access(account))
    service.public = True
    assert "refs/heads/main" in run_git("ls-remote", "origin", variables=access(account))
    with pytest.raises(UserError, match=r"git refused the push: "):
        run_git("push", "origin", "HEAD:refs/heads/state", variables=access(account))


def test_the_target_branch_is_fetched_where_the_checkout_left_it_out(service, pull_request):
    git("update-ref", "-d", "refs/remotes/origin/main")
    assert open_ci().target() == "origin/main"
    assert git("show", "origin/main:README.md") == "flights"


def test_a_run_of_no_pull_request_has_no_target_and_no_comment(service):
    assert open_ci().target() is None
    with pytest.raises(UserError, match="this run is not for a pull request"):
        open_ci().comment("text")


def test_the_comment_is_updated_not_repeated(service, pull_request):
    host, marker = open_ci(), comment_marker()
    for number in range(120):
        add_comment(service, f"chat {number}, which names {marker}")
    first = host.comment("# one")
    assert first.startswith(service.url) and len(pull_request()) == 121
    add_comment(service, "later")
    assert host.comment("# two") == first
    assert [each for each in pull_request() if each.startswith(marker)] == [f"{marker}\n# two"]
    done = writes(service)
    assert host.comment("# two") == first and writes(service) == done


def add_comment(service, text):
    """A comment that somebody else makes on pull request 12."""
    if isinstance(service, GitHubService):
        comments = service.comments.setdefault(12, [])
        comments.append({"id": len(comments) + 1, "body": text, "html_url": ""})
    else:
        threads = service.threads.setdefault(12, [])
        comment = {"id": 1, "content": text, "isDeleted": False}
        threads.append({"id": len(threads) + 1, "isDeleted": False, "comments": [comment]})


def test_a_fork_may_not_comment_and_that_is_no_failure(service, pull_request, capsys):
    service.read_only = True
    assert open_ci().comment("text") == ""
    said = capsys.readouterr().out
    assert "its summary holds it all" in said and said.count("\n") == 1


def test_what_may_not_be_written_elsewhere_is_an_error(service):
    service.read_only = True
    with pytest.raises(
        UserError, match=r"POST /\S+: the server answered 403: Resource not accessible by \S+; give the "
    ):
        open_ci().issue("drift", "text")


@pytest.mark.parametrize("fault", [Fault("GET", "", 401), Fault("POST", "", 500)])
def test_any_other_refusal_of_a_comment_is_an_error(service, pull_request, fault):
    service.faults = [fault]
    with pytest.raises(UserError, match=str(fault.status)):
        open_ci().comment("text")


def test_a_token_that_may_only_read_pushes_nothing(service):
    service.read_only = True
    with pytest.raises(UserError, match=r"git refused the push: .*403"):
        open_ci().propose(edit())
    assert BRANCH not in git("branch", "--list", folder=service.repository)


def test_an_issue_of_one_title_is_opened_once(service):
    host, title = open_ci(), "flights: the data's drift"
    first = host.issue(title, "# one")
    for number in range(130):
        host.issue(f"other {number}", "text")
    assert host.issue(title, "# two") == first
    assert host.issue(title, "# two") == first
    assert [method for method, _ in writes(service)].count("PATCH") == 1, "the same text is not written again"
    assert issue_texts(service, title) == ["# two"]


def issue_texts(service, title):
    if isinstance(service, GitHubService):
        return [each["body"] for each in service.issues if each["title"] == title]
    fields = [each["fields"] for each in service.tasks.values()]
    return [each["System.Description"] for each in fields if each["System.Title"] == title]


def test_a_closed_issue_is_not_opened_again(service):
    first = open_ci().issue("drift", "text")
    if isinstance(service, GitHubService):
        service.issues[0]["state"] = "closed"
    else:
        service.tasks[101]["fields"]["System.State"] = "Done"
    assert open_ci().issue("drift", "text") != first


def test_a_started_pipeline_is_the_last_started(service):
    host = open_ci()
    assert host.last_started("train") is None
    assert host.start("train").startswith(service.url)
    assert abs(host.last_started("train") - datetime.now(UTC)) < timedelta(minutes=5)


def test_an_unknown_token_is_one_line_without_it(service, monkeypatch):
    for name in ("GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN"):
        if name in os.environ:
            monkeypatch.setenv(name, "not-this-one")
    with pytest.raises(UserError) as caught:
        open_ci().issue("drift", "text")
    line = str(caught.value)
    assert any(f": the server answered {status}: " in line for status in (302, 401))
    assert "not-this-one" not in line and "\n" not in line and "; give the " in line


def test_no_token_is_one_line_that_says_how_to_get_one_and_nothing_is_changed(service, monkeypatch):
    for name in ("GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN"):
        monkeypatch.delenv(name, raising=False)
    proposal = edit()
    for action in (lambda: open_ci().propose(proposal), lambda: open_ci().publish("title", [STAGING], "train")):
        with pytest.raises(
            UserError, match=r"_?TOKEN is not set; give the .* `env: \{.*TOKEN: \$.*[Cc]ontribute|contents"
        ):
            action()
    assert git("status", "--porcelain") == "M environments/staging.yml" and not service.requests


def test_a_target_of_a_public_repository_needs_no_token_where_it_is_there(service, pull_request, monkeypatch):
    for name in ("GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert open_ci().target() == "origin/main"
    git("update-ref", "-d", "refs/remotes/origin/main")
    service.public = True
    assert open_ci().target() == "origin/main"
    assert git("show", "origin/main:README.md") == "flights"


def test_a_long_text_is_cut_at_a_line():
    text = "".join(f"line {number}\n" for number in range(1000))
    assert fit(text, len(text)) == text
    short = fit(text, 500)
    assert len(short) <= 500 and short.startswith("line 0\n") and "Cut here" in short
    assert all(line in text.splitlines() for line in short.splitlines()[:-2])
    assert len(fit("x" * 1000, 100)) <= 100
