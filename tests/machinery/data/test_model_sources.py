"""One list says what a model is made of: the hash covers it, and what cannot read the list says the same."""

import pytest
import yaml

from conftest import ROOT
from mlops.data.model_sources import CODE, SOURCES, hash_paths

GITHUB = ROOT / ".github/workflows/train.yml"
AZURE = ROOT / "azure-pipelines/train.yml"
NAMES = ("model", "project.yml", "uv.lock")


def trigger_paths(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path == GITHUB:
        return [each.removesuffix("/**") for each in content[True]["push"]["paths"]]  # YAML takes `on` for true
    return content["trigger"]["paths"]["include"]


@pytest.mark.parametrize("path", [each for each in (GITHUB, AZURE) if each.exists()], ids=lambda path: path.parent.name)
def test_a_push_that_changes_any_of_it_trains(path):
    assert sorted(trigger_paths(path)) == sorted({*SOURCES, "data", "pipelines"})


@pytest.mark.skipif(not GITHUB.exists(), reason="there is no GitHub here")
def test_a_pattern_of_github_covers_all_below_a_folder():
    patterns = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))[True]["push"]["paths"]
    assert all(each.endswith("/**") == (ROOT / each.removesuffix("/**")).is_dir() for each in patterns)


def test_a_job_on_azure_ml_is_sent_the_code_and_no_more():
    lines = (ROOT / ".amlignore").read_text(encoding="utf-8").splitlines()
    everything, *kept = [line for line in lines if not line.startswith("#")]
    assert everything == "/*"
    assert sorted(kept) == sorted(f"!/{name}/" if (ROOT / name).is_dir() else f"!/{name}" for name in CODE)


@pytest.fixture
def folder(tmp_path):
    """The current folder, with some of these paths in it."""
    for name in ("model/features.py", "model/__pycache__/features.pyc", "project.yml", "data/2013-01"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def test_bytecode_and_other_paths_do_not_count(folder):
    before = hash_paths(NAMES)
    (folder / "model/__pycache__/features.pyc").write_text("compiled again", encoding="utf-8")
    (folder / "data/2013-01").unlink()
    assert hash_paths(NAMES) == before


@pytest.mark.parametrize("name", ["model/features.py", "model/more/new.py", "project.yml", "uv.lock"])
def test_a_new_text_or_file_counts(folder, name):
    before = hash_paths(NAMES)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("new", encoding="utf-8")
    assert hash_paths(NAMES) != before


def test_a_lost_or_renamed_file_counts(folder):
    before = hash_paths(NAMES)
    (folder / "model/features.py").rename(folder / "model/others.py")
    renamed = hash_paths(NAMES)
    (folder / "model/others.py").unlink()
    assert len({before, renamed, hash_paths(NAMES)}) == 3
