"""A project of its own for every test that needs one: the real files, under a plain name, in a temporary folder."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("project.yml", "pyproject.toml", "environments", "expectations", "model", "pipelines", "serving", "data")
NAME = "flights"


@pytest.fixture(autouse=True)
def no_outside_settings(monkeypatch):
    """Settings of the shell that runs the tests must not reach them."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("MLFLOW_TRACKING_URI", "GITHUB_ACTIONS", "TF_BUILD"):
        monkeypatch.delenv(name, raising=False)


def copy_project(folder: Path) -> Path:
    """The project's own files in that folder, without its code: that is imported from where it stands."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    named = re.compile(r'^( *name: )".*?(-staging|-production)?"$', flags=re.MULTILINE)
    for path in [folder / "project.yml", *(folder / "environments").glob("*.yml")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(named.sub(rf'\g<1>"{NAME}\g<2>"', text), encoding="utf-8")
    return folder


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
