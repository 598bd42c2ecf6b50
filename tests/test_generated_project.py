"""The project keeps its own rules: in place, inside the template, and as a user gets it."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from conftest import ROOT, TEMPLATE, Project, Render


@pytest.fixture(params=["in place", "generated"])
def folder(request: pytest.FixtureRequest, installed: Project) -> Path:
    return TEMPLATE if request.param == "in place" else installed.folder


def test_its_lint_passes(installed: Project, folder: Path) -> None:
    installed.uv_run("ruff", "check", folder=folder)
    installed.uv_run("ruff", "format", "--check", folder=folder)


def test_its_types_are_right_and_a_wrong_one_is_found(installed: Project, tmp_path: Path) -> None:
    """What the user writes in model/ is left alone, and its callers take whatever it gives."""
    copy = tmp_path / "copy"
    shutil.copytree(installed.folder, copy, ignore=shutil.ignore_patterns(".git", ".venv"))
    untyped = "def build(leaves=1, *more):\n    return leaves + 'x'\n"
    (copy / "model" / "estimator.py").write_text(untyped, encoding="utf-8")
    installed.uv_run("mypy", folder=copy)
    stop = "open_platform(load_manifest(name)).endpoints.stop()"  # which only the local platform's have
    imports = "from mlops.platform import open_platform\nfrom mlops.settings.environments import load_manifest\n"
    wrong = f"{imports}\n\ndef end(name: str) -> None:\n    {stop}\n"
    (copy / "mlops" / "commands" / "end.py").write_text(wrong, encoding="utf-8")
    with pytest.raises(AssertionError, match=r'end.py:6: error: "Endpoints" has no attribute "stop"'):
        installed.uv_run("mypy", folder=copy)


def test_its_tests_pass(installed: Project) -> None:
    installed.uv_run("python", "-m", "pytest", "-n", "2", folder=installed.folder)


TEXT_OF_A_LINEAR_MODEL = """
import pandas as pd
from model.estimator import build

flights = pd.read_parquet("data/2013-01.parquet")
asked = pd.concat([flights[:1], flights[:1].assign(carrier="??")])
for family in ("linear", "trees"):
    found = build(family)[0].fit(flights, flights["late"]).transform(asked)
    text = found.shape[1] - 12
    print(family, text - sum(flights[name].nunique() for name in ("carrier", "origin", "dest")), found[:, :text].sum(1))
"""


def test_to_a_linear_model_each_text_is_a_column_of_its_own(installed: Project) -> None:
    linear, trees = installed.uv_run("python", "-c", TEXT_OF_A_LINEAR_MODEL).splitlines()[-2:]
    assert linear == "linear 0 [3. 2.]", "a one for carrier, origin and dest; none for a carrier that is new"
    assert trees.startswith("trees -") and trees.endswith(" nan]"), "three columns of ranks"


def test_what_is_committed_is_linted_and_formatted(installed: Project) -> None:
    """The hooks are run by pre-commit, on the files that git knows."""
    hooks = (sys.executable, "-m", "pre_commit", "run", "--all-files")
    installed.run(*hooks)
    new = installed.folder / "model" / "new.py"
    new.write_text("import os\nlate=1\n", encoding="utf-8")
    installed.run("git", "add", "--force", str(new))
    try:
        with pytest.raises(AssertionError, match="files were modified by this hook"):
            installed.run(*hooks)
        assert new.read_text(encoding="utf-8") == "late = 1\n"
    finally:
        installed.run("git", "rm", "--quiet", "--force", str(new))


def test_the_template_has_the_same_hooks() -> None:
    ours, theirs = [
        yaml.safe_load((folder / ".pre-commit-config.yaml").read_text(encoding="utf-8")) for folder in (ROOT, TEMPLATE)
    ]
    assert ours == theirs


def test_a_container_has_the_projects_python_and_the_uv_of_its_pipelines(render: Render, tmp_path: Path) -> None:
    folder = render(tmp_path, ci_system="both", python_version="3.11").folder
    container = json.loads((folder / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:\d+-3\.11-[a-z]+", container["image"])
    [uv] = re.findall(r"pip install (uv==[\d.]+) && uv sync$", container["postCreateCommand"])
    assert uv in (folder / "azure-pipelines" / "templates" / "setup.yml").read_text(encoding="utf-8")


def test_the_templates_own_lint_passes(installed: Project) -> None:
    own = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path != TEMPLATE and any(path.glob("*.py")))
    installed.uv_run("ruff", "check", *own, folder=ROOT)
    installed.uv_run("ruff", "format", "--check", *own, folder=ROOT)
