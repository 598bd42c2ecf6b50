"""What all commands share: exit codes, one-line errors, and times that only a CI run writes down."""

import json
import re
from pathlib import Path

import pytest

from mlops import TamperedError, UserError
from mlops.commands.console import TIMES, command, timed


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def ends(*, raising=None, code=0):
    """A command that ends like this, run."""

    @command
    def main(argv=None):
        if raising:
            raise raising
        return code

    return main([])


@pytest.mark.parametrize("code", [0, 1])
def test_the_commands_own_answer_is_the_exit_code(code, capsys):
    assert ends(code=code) == code
    assert capsys.readouterr() == ("", "")


def test_a_mistake_is_one_line_and_2(capsys):
    assert ends(raising=UserError("a.yml: no such file")) == 2
    assert capsys.readouterr() == ("", "error: a.yml: no such file\n")


def test_a_mistake_that_quotes_lines_or_a_book_is_one_line_all_the_same(capsys):
    assert ends(raising=UserError(f"a.yml: task is 'a\n\nb', not {'c' * 5000}")) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: a.yml: task is 'a b', not ccc") and said.endswith("c…\n") and len(said) < 1000


def test_what_stands_in_the_place_of_a_file_or_folder_is_one_line(folder, capsys):
    Path("out").touch()

    @command
    def main(argv):
        Path(*argv).mkdir(parents=True)

    for names in (["out", "summary"], ["a" * 300]):
        assert main(names) == 2
        said = capsys.readouterr().err
        assert re.fullmatch(r"error: (out|a).*: .+; move away what is in the way, or let this user in\n", said)


def test_an_interrupt_is_130(capsys):
    assert ends(raising=KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        ends(raising=ZeroDivisionError())


def test_on_a_terminal_no_time_is_written_down():
    ends()
    assert not TIMES.parent.exists()


def test_what_did_not_pass_the_gate_is_an_alarm_on_the_runs_page(tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert ends(raising=UserError("a.yml: no such file")) == 2
    assert not page.exists(), "a mistake is no alarm"
    assert ends(raising=TamperedError("model flights:1: its content is another")) == 2
    assert capsys.readouterr().err.endswith("error: model flights:1: its content is another\n")
    said = page.read_text(encoding="utf-8")
    assert said.startswith("### ALARM: test_console was about to use what did not pass the gate\n\nmodel flights:1:")


@pytest.mark.parametrize(("variable", "value"), [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True")])
def test_in_ci_every_command_leaves_a_line_also_when_it_fails(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    ends()
    ends(raising=UserError("no"))
    with pytest.raises(ZeroDivisionError):
        ends(raising=ZeroDivisionError())
    with timed("ruff check ."):
        pass
    lines = [json.loads(line) for line in TIMES.read_text(encoding="utf-8").splitlines()]
    assert [line["command"] for line in lines] == ["test_console", "test_console", "test_console", "ruff check ."]
    assert all(line["seconds"] >= 0 for line in lines)
