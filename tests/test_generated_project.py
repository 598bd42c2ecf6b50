"""The project keeps its own rules: in place, inside the template, and as a user gets it."""

import shutil
from pathlib import Path

import pytest

from conftest import ROOT, TEMPLATE, Project


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


def test_the_templates_own_lint_passes(installed: Project) -> None:
    own = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path != TEMPLATE and any(path.glob("*.py")))
    installed.uv_run("ruff", "check", *own, folder=ROOT)
    installed.uv_run("ruff", "format", "--check", *own, folder=ROOT)
