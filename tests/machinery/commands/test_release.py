"""`release` is register, promote and apply in a row; the first no is the last word."""

import pytest

from mlops.commands import release
from steps import apply, promote, register

STEPS = {"register": register, "promote": promote, "apply": apply}


@pytest.fixture
def asked(project, monkeypatch):
    """What each step was asked, in order; each says yes unless told otherwise."""
    asked, codes = [], dict.fromkeys(STEPS, 0)
    for name, step in STEPS.items():
        monkeypatch.setattr(step, "main", lambda argv, name=name: asked.append((name, argv)) or codes[name])
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("TF_BUILD", raising=False)
    return asked, codes


def test_all_three_are_run_for_the_first_stage(asked):
    assert release.main([]) == 0
    assert asked[0] == [("register", []), ("promote", ["staging"]), ("apply", ["staging"])]


@pytest.mark.parametrize(("at", "code"), [("register", 1), ("promote", 2), ("apply", 3)])
def test_the_first_no_ends_it_with_its_exit_code(asked, at, code):
    asked[1][at] = code
    assert release.main([]) == code
    assert [name for name, _ in asked[0]] == list(STEPS)[: list(STEPS).index(at) + 1]


@pytest.mark.parametrize(("variable", "value"), [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True")])
def test_in_ci_it_refuses(asked, monkeypatch, capsys, variable, value):
    monkeypatch.setenv(variable, value)
    assert release.main([]) == 2
    assert "release is for a terminal" in capsys.readouterr().err
    assert asked[0] == []
