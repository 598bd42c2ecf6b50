"""The champion of a pull request whose real one only an identity could fetch: main's code, run on the same data."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hosted import PASSED
from repositories import NOBODY, SOMEBODY, git

from conftest import ROOT, copy_project, edit
from mlops import TamperedError, UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json
from mlops.data.model_folder import load_model
from mlops.operate.champion import CHAMPIONS, fetched, retrained
from mlops.platform import ModelVersion
from mlops.settings.environments import ModelSettings

CODE = ("mlops", "steps")  # model/ is there already


@pytest.fixture(params=["", "models/flights"])
def main(request, tmp_path, monkeypatch):
    """The project with its code, on branch main, at the root or below it; the commit."""
    project = copy_project(tmp_path / request.param)
    monkeypatch.chdir(project)
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    for part in CODE:
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    Path(".gitignore").write_text("out/\n.mlops/\n__pycache__/\n", encoding="utf-8")
    git("init", "--quiet", "--initial-branch", "main", folder=tmp_path)
    return commit("first")


def commit(title):
    git("add", "--all")
    git(*SOMEBODY, "commit", "--quiet", "--message", title)
    return git("rev-parse", "HEAD").strip()


@pytest.mark.parametrize("main", ["models/flights"], indirect=True)
def test_mains_code_is_trained_on_the_data_of_the_branch(main):
    edit(Path("project.yml"), "max_iter: 60", "max_iter: 5")
    git("checkout", "--quiet", "-b", "branch")
    Path("data", sorted(Path("data").iterdir())[-1].name).unlink()
    commit("fewer months, another model")
    champion = retrained("main", Path("data"))
    assert champion.label == "what main makes of the same data"
    lineage = read_json(champion.folder / "lineage.json", Artefact)
    assert (lineage["commit"], lineage["dirty"]) == (main, "false")
    assert lineage["train_to"] < "2013-02-01", "the last month of the branch is held out, and main's is not there"
    assert load_model(champion.folder)[-1].max_iter == 60
    assert len(git("worktree", "list").splitlines()) == 1
    assert [path.name for path in CHAMPIONS.iterdir()] == [f"retrained-{main}"]


def test_code_that_does_not_train_is_said_so_and_leaves_nothing(main):
    edit(Path("steps/validate_data.py"), "import argparse\n", "raise SystemExit('it is broken')\n")
    broken = commit("broken")
    with pytest.raises(UserError, match=r"validate_data of main fails on this data \(it is broken\)$"):
        retrained("main", Path("data"))
    assert not (CHAMPIONS / f"tree-{broken}").exists()
    assert len(git("worktree", "list").splitlines()) == 1


TEXTS = {version: f"flights {version}".encode() for version in (7, 8)}


def content_hash(version):
    """The hash of the model folder of the version."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "MLmodel").write_bytes(TEXTS[version])
        return hash_folder(Path(folder))


class Registry:
    """A platform whose models are folders; it counts how often one is fetched."""

    name, fetches, verdict = "local", 0, "PASS"

    @property
    def models(self):
        return self

    def versions(self, name):
        tags = {**PASSED, "verdict": self.verdict}
        return [ModelVersion(name, each, "run", {**tags, "model_hash": content_hash(each)}) for each in TEXTS]

    def download(self, name, version, to):
        self.fetches += 1
        to.mkdir(parents=True, exist_ok=True)
        (to / "MLmodel").write_bytes(TEXTS[version])
        return to


def test_the_champion_is_the_version_that_is_named_and_fetched_once():
    platform = Registry()
    for version, fetches in ((7, 1), (7, 1), (8, 2)):
        champion = fetched(platform, ModelSettings(name="flights", version=version))
        assert champion.label == f"flights:{version}"
        assert (champion.folder / "MLmodel").read_text(encoding="utf-8") == f"flights {version}"
        assert platform.fetches == fetches


def test_a_champion_that_was_cut_off_or_changed_is_fetched_again():
    platform, model = Registry(), ModelSettings(name="flights", version=7)
    file = fetched(platform, model).folder / "MLmodel"
    file.write_bytes(b"half")
    assert fetched(platform, model).folder / "MLmodel" == file
    assert (file.read_bytes(), platform.fetches) == (TEXTS[7], 2)


@pytest.mark.parametrize("main", ["models/flights"], indirect=True)
def test_a_project_that_main_has_elsewhere_is_said_so_in_one_line(main, tmp_path, monkeypatch):
    git("mv", "models", "projects", folder=tmp_path)
    monkeypatch.chdir(tmp_path / "projects/flights")
    with pytest.raises(UserError, match=r"main has no folder projects/flights/; merge it there first$"):
        retrained("main", Path("data"))
    assert len(git("worktree", "list").splitlines()) == 1


def test_before_the_first_promotion_there_is_none():
    champion = fetched(None, ModelSettings(name="flights", version=None))
    assert (champion.folder, champion.label) == (None, "none yet")


def test_a_champion_without_a_verdict_is_not_even_fetched():
    platform = Registry()
    platform.verdict = ""
    with pytest.raises(TamperedError, match="flights:7: it has no PASS"):
        fetched(platform, ModelSettings(name="flights", version=7))
    assert platform.fetches == 0
