"""The receipt holds while nothing that the run read or wrote has changed, and no longer."""

import json
import sys

import pytest

from mlops.data import receipt

ARGUMENTS = ["pipelines/train.yml", "out"]
PATHS = ["environments", "data", "out"]


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """A folder in which a run has just finished."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "model/features.py",
        "model/__pycache__/features.pyc",
        "project.yml",
        "data/2013-01",
        "out/report.html",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    receipt.keep(ARGUMENTS, PATHS)
    return tmp_path


def test_holds_when_nothing_changed(finished):
    (finished / "model/__pycache__/features.pyc").write_text("compiled again", encoding="utf-8")
    assert receipt.holds(ARGUMENTS)


@pytest.mark.parametrize("name", ["model/features.py", "project.yml", "data/2013-01", "out/report.html"])
def test_a_changed_file_ends_it(finished, name):
    (finished / name).write_text("changed", encoding="utf-8")
    assert not receipt.holds(ARGUMENTS)


def test_a_lost_output_ends_it(finished):
    (finished / "out/report.html").unlink()
    assert not receipt.holds(ARGUMENTS)


@pytest.mark.parametrize("name", ["data/2013-02", "environments/production.yml", "uv.lock"])
def test_a_new_file_ends_it(finished, name):
    (finished / name).parent.mkdir(exist_ok=True)
    (finished / name).write_text("new", encoding="utf-8")
    assert not receipt.holds(ARGUMENTS)


def test_other_arguments_or_another_python_end_it(finished, monkeypatch):
    assert not receipt.holds(["pipelines/other.yml", "out"])
    monkeypatch.setattr(sys, "version", "4.0")
    assert not receipt.holds(ARGUMENTS)


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"paths": 1})])
def test_a_broken_receipt_does_not_hold(finished, content):
    receipt.RECEIPT.write_text(content, encoding="utf-8")
    assert not receipt.holds(ARGUMENTS)


def test_no_receipt_does_not_hold(finished):
    receipt.RECEIPT.unlink()
    assert not receipt.holds(ARGUMENTS)
