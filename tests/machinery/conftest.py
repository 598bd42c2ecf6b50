"""A project of its own for every test that needs one: the machinery as it stands, with the fixture's data and model.

fixture/ is frozen: data, model, rules and settings of a project that nobody changes, so that these tests hold whatever
the project says that they run in. That one is where `mlops` is imported from.
"""

import logging
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

import mlops

ROOT = Path(mlops.__file__).parents[1]
FIXTURE = Path(__file__).parent / "fixture"
OURS = ("pyproject.toml", "pipelines", "serving")
MONTHS = sorted((FIXTURE / "data").glob("*.parquet"))
settings.register_profile("unhurried", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("unhurried")
OUTSIDE = ("GITHUB_", "TF_BUILD", "SYSTEM_", "BUILD_", "GIT_", "MLFLOW_")


@pytest.fixture(autouse=True)
def on_its_own(tmp_path, monkeypatch):
    """Settings of the shell, CI run or Git hook that runs the tests do not reach them, and they leave nothing here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in [name for name in os.environ if name.startswith(OUTSIDE)]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def mlflow_of_its_own():
    """What MLflow sets up in a test: a stream that is closed when the next one runs, and where its runs went."""
    yield
    for handler in [each for each in logging.root.handlers if type(each) is logging.StreamHandler]:
        logging.root.removeHandler(handler)
    os.environ.pop("MLFLOW_TRACKING_URI", None)


def copy_project(folder: Path) -> Path:
    """A project in that folder, without the code: that is imported from where it stands."""
    shutil.copytree(FIXTURE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for part in OURS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part)
        else:
            shutil.copy(source, folder / part)
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


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """The current folder is a clone of the project, whose production has served a version; the remote."""
    from monitored import in_production

    return in_production(tmp_path, monkeypatch)


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that must be there exactly once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")
