"""The Python that a project is made for: one that is on this machine, wherever the template comes from."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import local_extensions
from conftest import QUESTIONS, ROOT, RUNNING, Render, files_below
from local_extensions import python_here

VERSIONS = QUESTIONS["_python_versions"]
ANSWERS = '{"replay_dir": "answers", "cookiecutters_dir": "templates"}'


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All commands that there are: none yet."""
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def command(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def test_the_running_python_is_the_default() -> None:
    assert python_here(["3.99", RUNNING]) == RUNNING


def test_else_it_is_the_newest_supported_one_that_starts(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_extensions, "LIMIT", 1.0)
    command(commands / "python3.99", "exec /bin/sleep 600")
    command(commands / "python3.98", "echo 'python3.98: command not found' >&2; exit 127")  # as pyenv has it
    command(commands / "python3.97", "echo 3.12")
    (commands / "python3.96").write_text("no program", encoding="utf-8")
    (commands / "python3.96").chmod(0o755)
    assert python_here(["3.99", "3.98", "3.97", "3.96", "3.95"]) == "3.99", "none starts: the newest"
    monkeypatch.setattr(local_extensions, "LIMIT", 600.0)
    command(commands / "python3.95", "echo 3.95")
    assert python_here(["3.98", "3.97", "3.96", "3.95", "3.94"]) == "3.95"


def test_the_question_names_the_supported_ones_newest_first() -> None:
    assert sorted(VERSIONS, key=lambda each: int(each.partition(".")[2]), reverse=True) == VERSIONS
    assert re.findall(r"\d\.\d+", QUESTIONS["__prompts__"]["python_version"]) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_uv_takes_the_python_that_was_chosen(render: Render, tmp_path: Path, version: str) -> None:
    folder = render(tmp_path, python_version=version).folder
    assert (folder / ".python-versions").read_text(encoding="utf-8").splitlines()[-1] == version


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the template as a Git repository, and the same as a zip."""
    folder = tmp_path_factory.mktemp("source")
    for path in files_below(ROOT):
        copy = folder / "template" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    git = ("git", "-C", str(folder / "template"), "-c", "user.name=test", "-c", "user.email=test@example.org")
    for arguments in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", "template"),
        ("archive", "--prefix=template/", f"--output={folder / 'template.zip'}", "HEAD"),
    ):
        subprocess.run([*git, *arguments], check=True)
    return folder


def run_cookiecutter(folder: Path, *arguments: str) -> Path:
    """The project that the command makes in that folder, which keeps its answers too."""
    (folder / "settings.yml").write_text(ANSWERS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cookiecutter", "--config-file", "settings.yml", *arguments],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder / "flight-delays"


def python_of(project: Path) -> str:
    return (project / ".python-versions").read_text(encoding="utf-8").splitlines()[-1]


@pytest.mark.parametrize("kind", ["address", "zip"])
def test_the_default_is_found_where_the_template_is_fetched(source: Path, tmp_path: Path, kind: str) -> None:
    address = f"git+{(source / 'template').as_uri()}" if kind == "address" else str(source / "template.zip")
    assert python_of(run_cookiecutter(tmp_path, "--no-input", address)) == python_here(VERSIONS)


def test_answers_are_replayed_as_they_were_given(source: Path, tmp_path: Path) -> None:
    template, other = str(source / "template"), next(each for each in VERSIONS if each != RUNNING)
    project = run_cookiecutter(tmp_path, "--no-input", template, f"python_version={other}", "license=Proprietary")
    shutil.rmtree(project)
    again = run_cookiecutter(tmp_path, "--replay", template)
    assert python_of(again) == other and "All rights reserved" in (again / "LICENSE").read_text(encoding="utf-8")


def test_answers_of_a_time_when_the_python_was_a_choice_are_replayed(source: Path, tmp_path: Path) -> None:
    """cookiecutter keeps the answers with the settings of that time; the new questions get their defaults."""
    kept = {key: value for key, value in QUESTIONS.items() if key not in {"_extensions", "_python_versions"}}
    kept |= {"start_from": "flights", "project_name": "Late", "project_slug": "flight-delays", "description": "Late?"}
    kept |= {"author": "Ada", "ci_system": "github", "license": "MIT"}
    (tmp_path / "answers").mkdir()
    answers = {"cookiecutter": kept | {"python_version": "3.11"}}
    (tmp_path / "answers/template.json").write_text(json.dumps(answers), encoding="utf-8")
    assert python_of(run_cookiecutter(tmp_path, "--replay", str(source / "template"))) == "3.11"
