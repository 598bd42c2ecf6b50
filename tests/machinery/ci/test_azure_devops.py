"""What Azure Pipelines alone has: logging commands, and the ways of its API."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from repositories import NOBODY, STAGING, add_commit, check_out, make_repository
from services import AzureDevOpsService

from mlops import UserError
from mlops.ci import Proposal, open_ci
from mlops.ci.azure_devops import escape


@pytest.fixture
def service(tmp_path, monkeypatch):
    """The service; the current folder is the checkout of a run on main."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    bare = make_repository(tmp_path)
    with AzureDevOpsService(bare) as running:
        monkeypatch.chdir(check_out(bare, tmp_path / "work", running.remote()))
        for name, value in running.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield running


def read_command(line):
    """Command, properties and data of a logging command, in the order in which the agent takes it apart."""
    inner, _, data = line.removeprefix("##vso[").partition("]")
    command, _, pairs = inner.partition(" ")
    properties = dict(pair.split("=", 1) for pair in pairs.split(";") if pair)
    return command, {key: unescape(value) for key, value in properties.items()}, unescape(data)


def unescape(text):
    for sequence, character in [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")]:
        text = text.replace(sequence, character)
    return text


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("%;]\r\nABDZP0235="))
@example("%3B 100 % %AZP25;]\r\n")
def test_what_the_agent_reads_is_what_was_said(text):
    line = f"##vso[task.setvariable variable={escape(text)};isOutput=true]{escape(text)}"
    assert "\n" not in line and "\r" not in line
    command, properties, data = read_command(line)
    assert (command, data) == ("task.setvariable", text)
    assert properties == {"variable": text, "isOutput": "true"}


def test_an_output_is_one_line_to_the_agent(service, capsys):
    open_ci().output("version", "8\n9]")
    (line,) = capsys.readouterr().out.splitlines()
    assert read_command(line) == ("task.setvariable", {"variable": "version", "isOutput": "true"}, "8\n9]")


def test_a_summary_is_a_file_that_the_agent_uploads(service, capsys):
    open_ci().summary("gate", "# gate")
    command, _, path = read_command(capsys.readouterr().out.rstrip("\n"))
    assert command == "task.uploadsummary" and Path(path).is_absolute()
    assert Path(path).read_text(encoding="utf-8") == "# gate" and Path(path).parts[-3:] == ("out", "summary", "gate.md")


def test_the_short_name_of_the_target_is_understood(service, monkeypatch):
    monkeypatch.setenv("SYSTEM_PULLREQUEST_TARGETBRANCH", "main")
    assert open_ci().target() == "origin/main"


def test_a_comment_blocks_no_merge_and_a_deleted_one_is_not_revived(service, tmp_path, monkeypatch):
    add_commit(service.repository, tmp_path / "author", branch="work")
    service.open_pull(12, "work", "main", "Work", "")
    for name, value in service.environment(tmp_path, pull_request=12).items():
        monkeypatch.setenv(name, value)
    first = open_ci().comment("text")
    (request,) = [each for each in service.requests if each.method == "POST"]
    assert request.body["status"] == "closed"
    service.threads[12][0]["comments"][0]["isDeleted"] = True
    assert open_ci().comment("text") != first


def test_a_task_is_written_as_markdown(service):
    open_ci().issue("drift", "# text")
    assert service.tasks[101]["multilineFieldsFormat"] == {"System.Description": "Markdown"}


def test_a_description_that_is_too_long_is_cut(service):
    STAGING.write_text("changed\n", encoding="utf-8")
    open_ci().propose(Proposal("promote/flights-staging-8", "title", "a line\n" * 2000, [STAGING]))
    assert len(service.pulls[1]["body"]) <= 4000 and "Cut here" in service.pulls[1]["body"]


def test_the_folder_of_the_repository_comes_before_the_root(service):
    host, root = open_ci(), service.add_pipeline("train")
    service.add_pipeline("train", "\\other")
    assert host.start("train").rpartition("=")[2] == str(service.builds[-1]["id"])
    assert service.builds[-1]["definition"]["id"] == root
    own = service.add_pipeline("train", "\\flights")
    host.start("train")
    assert service.builds[-1]["definition"]["id"] == own
    assert service.builds[-1]["sourceBranch"] == "refs/heads/main"


def test_an_unknown_pipeline_is_one_line(service):
    service.add_pipeline("train", "\\other")
    with pytest.raises(UserError, match=r"no pipeline train in the folder \\flights or at the root"):
        open_ci().start("train")


def test_only_what_a_person_or_start_began_counts(service):
    train = service.add_pipeline("train", "\\flights")
    service.add_build(train, "manual", "2026-01-01T10:00:00.1234567Z")
    service.add_build(train, "schedule", "2026-02-02T00:00:00Z")
    service.add_build(train + 1, "manual", "2026-03-03T00:00:00Z")
    assert open_ci().last_started("train") == datetime(2026, 1, 1, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def on_github(service, tmp_path, monkeypatch):
    """The run is of a pull request of a repository on GitHub."""
    for name, value in service.environment(tmp_path, pull_request=12).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BUILD_REPOSITORY_PROVIDER", "GitHub")
    return service


def test_a_pull_request_on_github_gets_no_comment_and_one_line_that_says_so(on_github, capsys):
    assert open_ci().comment("text") == ""
    assert capsys.readouterr().out == (
        "no comment: the pull request is on GitHub, not in Azure Repos; the run's summary holds it all\n"
    )
    assert on_github.requests == []


def test_nothing_is_proposed_to_another_host_nor_does_it_see_the_token(on_github):
    STAGING.write_text("changed\n", encoding="utf-8")
    with pytest.raises(UserError, match="this run's repository is on GitHub; run its pipelines there"):
        open_ci().propose(Proposal("promote/flights-staging-8", "title", "body", [STAGING]))
    assert open_ci().account().token == "" and on_github.requests == []
