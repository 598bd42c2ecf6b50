"""A rollback is proposed to Git: the version before, and only when the endpoint refused exactly the one it names."""

from pathlib import Path

import pytest
from hosted import PRODUCTION, SYSTEMS, clone_project, commit, endpoint, git, person, run_of

from conftest import edit
from steps import revert

NAME = "flights-production"


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """The current folder is a clone of the project whose production has named versions; its remote."""
    bare = clone_project(tmp_path, monkeypatch)
    person()
    return bare


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The clone is the checkout of a run on main."""
    with run_of(request.param, remote, monkeypatch) as running:
        yield running


def named(*versions):
    """Production has named these versions, one commit each, after none at first."""
    now = "null"
    for version in versions:
        edit(PRODUCTION, f"version: {now} ", f"version: {version} ")
        commit(f"production {version}")
        now = version
    git("push", "--quiet", str(Path.cwd().parent / "flights.git"), "HEAD:main")


@pytest.mark.parametrize(("versions", "before"), [((7, 8), "7"), ((8,), "null")], ids=["7", "none"])
def test_what_was_refused_is_proposed_to_be_taken_back(service, capsys, versions, before):
    named(*versions)
    endpoint(NAME, **{"rejected-flights-8": "errors 9 % over stable's"})
    assert revert.main(["production"]) == 0
    (pull,) = service.pulls.values()
    shown = before.replace("null", "none")
    assert (pull["source"], pull["title"]) == ("revert/flights-production-8", f"Revert production to flights:{shown}")
    assert "`flights:8` was rolled back: errors 9 % over stable's" in pull["body"]
    assert f"version 8 -> {shown}, {service.url}" in capsys.readouterr().out
    assert git("status", "--porcelain") == ""
    service.merge(pull["number"])
    assert f"  version: {before} " in git("show", f"main:{PRODUCTION.as_posix()}", folder=service.repository)


def test_a_version_that_was_refused_too_is_not_gone_back_to(service):
    named(6, 7, 8)
    endpoint(NAME, **{"rejected-flights-7": "slow", "rejected-flights-8": "slower"})
    revert.main(["production"])
    assert [each["title"] for each in service.pulls.values()] == ["Revert production to flights:6"]


@pytest.mark.parametrize("tags", [{"rejected-flights-7": "slow"}, {"rejected-others-8": "slow"}, {}, None])
def test_without_the_refusal_of_that_version_nothing_is_proposed(service, capsys, tags):
    named(7, 8)
    if tags is not None:
        endpoint(NAME, **tags)
    assert revert.main(["production"]) == 0
    assert capsys.readouterr().out == f"{NAME} has not refused flights:8; there is nothing to revert\n"
    assert service.requests == []


def test_on_a_terminal_it_is_a_commit(remote, capsys):
    named(7, 8)
    endpoint(NAME, **{"rejected-flights-8": "slow"})
    assert revert.main(["production"]) == 0
    assert git("show", "--name-only", "--format=%s") == f"Revert production to flights:7\n\n{PRODUCTION.as_posix()}"
    assert "version 8 -> 7, committed" in capsys.readouterr().out
    assert revert.main(["production"]) == 0, "once is enough"
    assert "has not refused flights:7" in capsys.readouterr().out
