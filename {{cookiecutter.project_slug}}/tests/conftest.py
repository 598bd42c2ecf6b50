"""Where project.yml cannot be read, or names no table yet, one line says so in the place of all tests."""

from pathlib import Path

import pytest

from mlops import UserError
from mlops.settings.project import load_project

ROOT = Path(__file__).parent.parent


def pytest_configure():
    try:
        load_project(ROOT / "project.yml")
    except UserError as error:
        pytest.exit(str(error), returncode=error.exit_code)
