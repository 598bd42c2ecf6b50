"""What GitHub Actions alone has: the files of the runner, and the ways of its API."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import NOBODY, STAGING, check_out, make_repository
from services import GitHubService

from mlops import UserError
from mlops.ci import Proposal, github, open_ci


@pytest.fixture
def service(tmp_path, monkeypatch):
    """The service; the current folder is the checkout of a run on main."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    bare = make_repository(tmp_path)
    with GitHubService(bare) as running:
        monkeypatch.chdir(check_out(bare, tmp_path / "work", running.remote()))
        for name, value in running.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield running


def read_outputs(text):
    """The values as the runner reads them."""
    lines, found = text.split("\n")[:-1], {}
    while lines:
        name, _, end = lines.pop(0).partition("<<")
        stop = lines.index(end)
        found[name], lines = "\n".join(lines[:stop]), lines[stop + 1 :]
    return found


def test_outputs_of_many_lines_arrive_whole(service, tmp_path):
    values = {"version": "8", "report": "a\nb=c\nEOF\n", "empty": "", "tricky": "x<<y\nversion<<z"}
    for name, value in values.items():
        open_ci().output(name, value)
    assert read_outputs((tmp_path / "output").read_bytes().decode()) == values


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_output_arrives_whole(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_OUTPUT", str(path))
        github.GitHub().output("name", value)
    assert read_outputs(path.read_bytes().decode()) == {"name": value}


def test_sections_of_the_summary_follow_each_other_and_are_kept(service, tmp_path):
    host = open_ci()
    host.summary("gate", "# gate")
    host.summary("drift", "# drift")
    assert (tmp_path / "step_summary").read_text(encoding="utf-8") == "# gate\n\n# drift\n\n"
    assert Path("out/summary/drift.md").read_text(encoding="utf-8") == "# drift"


def test_a_pull_request_of_the_title_is_not_taken_for_the_issue(service):
    STAGING.write_text("changed\n", encoding="utf-8")
    host = open_ci()
    host.propose(Proposal("promote/flights-staging-8", "drift", "", [STAGING]))
    assert host.issue("drift", "text").endswith("/issues/2")


def test_an_unknown_pipeline_is_one_line(service):
    with pytest.raises(
        UserError, match=r"POST /api/v3/repos/someone/flights/actions/workflows/\S+: the server answered 422: "
    ):
        open_ci().start("nothing")


def test_only_what_a_person_or_start_began_counts(service):
    schedule = {"workflow": "train.yml", "event": "schedule", "created_at": "2026-02-02T00:00:00Z"}
    manual = {"workflow": "train.yml", "event": "workflow_dispatch", "created_at": "2026-01-01T10:00:00Z"}
    service.runs = [manual, schedule]
    assert open_ci().last_started("train") == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_what_the_runner_sets_is_named_when_it_is_missing(service, monkeypatch):
    monkeypatch.delenv("GITHUB_OUTPUT")
    with pytest.raises(UserError, match="GITHUB_OUTPUT is not set; the CI system sets it by itself"):
        open_ci().output("name", "value")
