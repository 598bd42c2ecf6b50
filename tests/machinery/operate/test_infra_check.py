"""`infra check`: what the compiler says is a matter of the pull request that changes the template, and of no other."""

import json
import os
import shutil
from pathlib import Path

import pytest
from repositories import NOBODY, SOMEBODY, git

from mlops.commands.infra import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are scripts of the shell")

COMMITTED = {"resources": {name: {"name": name} for name in "abcde"}}
OTHER = {"resources": {name: {"name": "x"} for name in "abcde"}}
COMPILED = "az bicep build --file infra/main.bicep"
SPARED = "this pull request changes nothing of it"


def az(tmp_path, monkeypatch, *lines):
    """The one `az`, which notes how it was called and does this; without lines there is none."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git"))
    monkeypatch.setenv("PATH", str(folder))
    if lines:
        (folder / "az").write_text("\n".join(("#!/bin/sh", f'echo "$@" > {folder}/asked', *lines)), encoding="utf-8")
        (folder / "az").chmod(0o755)
    return folder / "asked"


def makes(template):
    return f"echo '{json.dumps(template)}'"


@pytest.fixture
def branch(tmp_path, monkeypatch):
    """A branch in a project's repository; what it changes is to be said."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "project" / "infra" / "modules").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    write("infra/main.json", json.dumps(COMMITTED))
    for name in ("infra/main.bicep", "infra/parameters.yml", "README.md"):
        write(name, "first\n")
    git("init", "--quiet", "--initial-branch", "main")
    commit("first")
    git("checkout", "--quiet", "-b", "feature")

    def changing(name, text="changed\n"):
        write(name, text)
        commit("changed")

    return changing


def write(name, text):
    Path(name).write_text(text, encoding="utf-8")


def commit(message):
    git("add", "--all")
    git(*SOMEBODY, "commit", "--quiet", "--message", message)


def test_the_same_is_a_yes(branch, tmp_path, monkeypatch, capsys):
    signed = {"metadata": {"_generator": {"name": "bicep"}}, **COMMITTED}
    asked = az(tmp_path, monkeypatch, makes(signed))
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "infra/main.json: as `az bicep build` makes it\n"
    assert asked.read_text("utf-8") == "bicep build --file infra/main.bicep --stdout\n"


@pytest.mark.parametrize("arguments", [["check"], ["check", "--pull-request"]])
def test_another_one_is_a_no_with_the_first_places_and_the_mend(branch, tmp_path, monkeypatch, capsys, arguments):
    az(tmp_path, monkeypatch, makes(OTHER))
    branch("infra/modules/place.bicep")
    assert main(arguments) == 1
    assert capsys.readouterr().out == (
        "infra/main.json: `az bicep build` makes another one of infra/main.bicep: resources.a.name, resources.b.name,"
        f" resources.c.name and 2 places more; `{COMPILED}`\n"
    )


@pytest.mark.parametrize("changed", ["README.md", "infra/parameters.yml"])
def test_it_is_no_matter_of_a_pull_request_that_changes_nothing_of_it(branch, tmp_path, monkeypatch, capsys, changed):
    """Another version of Bicep must not make everybody's pull requests red."""
    az(tmp_path, monkeypatch, makes(OTHER))
    branch(changed)
    assert main(["check", "--pull-request"]) == 0
    said = capsys.readouterr().out
    assert "makes another one" in said and SPARED in said and len(said.splitlines()) == 1
    assert main(["check"]) == 1


@pytest.mark.parametrize("changed", ["infra/main.bicep", "infra/main.json", "infra/workbook.json"])
def test_every_part_of_the_template_makes_it_a_matter_of_the_pull_request(branch, tmp_path, monkeypatch, changed):
    az(tmp_path, monkeypatch, makes(OTHER))
    branch(changed, json.dumps({"changed": True}))
    assert main(["check", "--pull-request"]) == 1


REFUSES = ("echo 'ERROR: infra/main.bicep(1,1) : Error BCP007: not understood' >&2; exit 1",)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "az was not found; install the Azure CLI: https://aka.ms/install-azure-cli"),
        (REFUSES, "az bicep build: infra/main.bicep(1,1) : Error BCP007: not understood"),
        (("echo nonsense",), "the answer of az: not valid JSON"),
    ],
)
def test_what_cannot_be_compiled_is_one_line(branch, tmp_path, monkeypatch, capsys, lines, reason):
    az(tmp_path, monkeypatch, *lines)
    branch("README.md")
    assert main(["check", "--pull-request"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"infra/main.bicep: not compiled ({reason}") and SPARED in said.out and not said.err
    assert main(["check"]) == 2
    assert capsys.readouterr().err.startswith(f"error: {reason}")
    branch("infra/main.bicep")
    assert main(["check", "--pull-request"]) == 2


def test_without_the_template_there_is_one_line_and_none_who_took_it_out_is_stopped(
    branch, tmp_path, monkeypatch, capsys
):
    az(tmp_path, monkeypatch, makes(COMMITTED))
    Path("infra/main.json").unlink()
    assert main(["check"]) == 2
    assert f"infra/main.json: not a file; put the file back, or make it anew: `{COMPILED}`" in capsys.readouterr().err
    commit("out")
    git("checkout", "--quiet", "-B", "main")
    git("checkout", "--quiet", "-b", "other")
    branch("README.md")
    assert main(["check", "--pull-request"]) == 0
