"""The one comment of a pull request: what each command left, in order, and how long each took."""

import os
from pathlib import Path

import pytest
from hosted import SYSTEMS, clone_project, comments, commit, git, run_of, write

from mlops.ci import SUMMARIES, comment_marker
from mlops.commands import comment

TIMES = '{"command": "plan", "seconds": 1.25}\n{"command": "run_pipeline", "seconds": 61.04}\n'
TABLE = "| command | seconds |\n| --- | ---: |\n| plan | 1.2 |\n| run_pipeline | 61.0 |"


@pytest.fixture
def remote(tmp_path, monkeypatch):
    return clone_project(tmp_path, monkeypatch)


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The current folder is the checkout of a run of pull request 12."""
    git("checkout", "--quiet", "-b", "work")
    commit("work")
    git("push", "--quiet", "origin", "work")
    with run_of(request.param, remote, monkeypatch, pull_request=12) as running:
        running.open_pull(12, "work", "main", "Work", "")
        yield running


def left(*sections):
    """Commands have left these sections, in this order."""
    for second, (name, text) in enumerate(sections):
        write(SUMMARIES / f"{name}.md", text)
        os.utime(SUMMARIES / f"{name}.md", (second, second))


def test_the_sections_stand_in_order_and_the_times_at_the_end(service, capsys):
    left(("rehearsal", "> note\n"), ("plan", "nothing changes"), ("model", "\n### PASS\n\n"))
    write(SUMMARIES / "times.jsonl", TIMES)
    assert comment.main([]) == 0
    text = f"{comment_marker()}\n> note\n\nnothing changes\n\n### PASS\n\n{TABLE}"
    assert comments(service, 12) == [text]
    assert f"commented: {service.url}" in capsys.readouterr().out


def test_a_line_that_was_cut_off_costs_no_more_than_itself(service):
    left(("plan", "nothing changes"))
    write(SUMMARIES / "times.jsonl", f'{TIMES}{{"command": "pl\n[]\n{{"command": 3, "seconds": 1}}\n')
    assert comment.main([]) == 0
    assert comments(service, 12) == [f"{comment_marker()}\nnothing changes\n\n{TABLE}"]


def test_a_later_run_updates_the_comment(service):
    left(("plan", "first"))
    comment.main([])
    left(("plan", "second"))
    comment.main([])
    (text,) = comments(service, 12)
    assert "second" in text and "first" not in text


def test_each_project_of_a_repository_has_a_comment_of_its_own(service, tmp_path, monkeypatch):
    left(("plan", "flights"))
    comment.main([])
    Path("models/fares").mkdir(parents=True)
    monkeypatch.chdir("models/fares")
    left(("plan", "fares"))
    comment.main([])
    assert [text.splitlines()[1] for text in comments(service, 12)] == ["flights", "fares"]


def test_without_anything_to_say_it_says_so_and_writes_nothing(service, capsys):
    assert comment.main([]) == 0
    assert capsys.readouterr().out == f"{SUMMARIES}: no command has left anything to say\n"
    assert comments(service, 12) == [] and service.requests == []


def test_a_fork_may_not_comment_and_that_is_no_failure(service, capsys):
    left(("plan", "text"))
    service.read_only = True
    assert comment.main([]) == 0
    said = capsys.readouterr().out
    assert "its summary holds it all" in said and "commented" not in said
    assert comments(service, 12) == []


def test_on_a_terminal_it_is_printed(remote, capsys):
    left(("plan", "a"), ("model", "b"))
    assert comment.main([]) == 0
    assert capsys.readouterr().out == "a\n\nb\n"
