"""The project keeps its own rules: in place, inside the template, and as a user gets it."""

from pathlib import Path

import pytest

from conftest import ROOT, TEMPLATE, Project


@pytest.fixture(params=["in place", "generated"])
def folder(request: pytest.FixtureRequest, installed: Project) -> Path:
    return TEMPLATE if request.param == "in place" else installed.folder


def test_its_lint_passes(installed: Project, folder: Path) -> None:
    installed.uv_run("ruff", "check", folder=folder)
    installed.uv_run("ruff", "format", "--check", folder=folder)


def test_its_tests_pass(installed: Project) -> None:
    installed.uv_run("python", "-m", "pytest", "-n", "2", folder=installed.folder)


def test_the_templates_own_lint_passes(installed: Project) -> None:
    own = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path != TEMPLATE and any(path.glob("*.py")))
    installed.uv_run("ruff", "check", *own, folder=ROOT)
    installed.uv_run("ruff", "format", "--check", *own, folder=ROOT)
