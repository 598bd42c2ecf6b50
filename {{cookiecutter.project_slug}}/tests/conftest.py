"""A project of its own for every test that needs one: the real code, data and pipelines, with known settings.

The tests must hold whatever project.yml and environments/ say, so they have their own, in known/. What the real ones
say is the subject of own/ alone.
"""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KNOWN = Path(__file__).parent / "known"
PARTS = ("pyproject.toml", "expectations", "model", "pipelines", "serving")
MONTHS = sorted((ROOT / "data").glob("*.parquet"))[:3]  # the oldest ones, however many more there are
OUTSIDE = ("GITHUB_", "TF_BUILD", "SYSTEM_", "BUILD_", "GIT_", "MLFLOW_")


@pytest.fixture(autouse=True)
def on_its_own(tmp_path, monkeypatch):
    """Settings of the shell, CI run or Git hook that runs the tests do not reach them, and they leave nothing here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in [name for name in os.environ if name.startswith(OUTSIDE)]:
        monkeypatch.delenv(name)


def copy_project(folder: Path) -> Path:
    """A project in that folder, without the code: that is imported from where it stands."""
    shutil.copytree(KNOWN, folder, dirs_exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    (folder / "data").mkdir()
    for month in MONTHS:
        shutil.copy(month, folder / "data")
    return folder


def shared_folder(factory) -> Path:
    """What is costly to make is made there, once for all processes that share the tests of this run."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The current folder is a fresh copy of the project."""
    monkeypatch.chdir(copy_project(tmp_path))
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that must be there exactly once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")
