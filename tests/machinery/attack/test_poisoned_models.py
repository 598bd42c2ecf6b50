"""What serves is what passed the gate: a model changed in the registry, or in the rehearsal's branch, is never used."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hosted import NOBODY, git, write
from tracked import tracked

from mlops import TamperedError
from mlops.data.files import hash_folder, write_json
from mlops.operate.trust import REGISTERED, check_vouched, registered_facts
from mlops.platform.content import check_content
from mlops.platform.local import local_platform
from mlops.platform.local.models import LocalModels
from mlops.platform.local.rehearsal import RESTORED, branch_of, restore, save
from mlops.platform.tracking import database
from mlops.repo.git import Account

RUN = Account("a run", "run@example.org", "", "")
BRANCH = branch_of("flights")
PAYLOAD = "import os; os.system('id')"


@pytest.fixture
def registry(tmp_path, tmp_path_factory, monkeypatch):
    """The current folder is a project in Git with one registered version, which no manifest names yet."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch", "main")
    write("environments/staging.yml", "model: {version: null}\n")
    tracked(tmp_path_factory, tmp_path)
    return tmp_path / ".mlops"


def poison(registry):
    """Put a payload into the model of version 1, and let its tag say so."""
    model = next(registry.rglob("artifacts/*/artifacts/model"))
    write(model / "MLmodel", PAYLOAD)
    with closing(sqlite3.connect(database(registry))) as connection, connection:
        connection.execute("UPDATE model_version_tags SET value = ? WHERE key = 'model_hash'", (hash_folder(model),))


def name_it(version, digest):
    write("environments/staging.yml", f"model: {{version: {version}, hash: {digest}}}\n")


def download(to):
    return local_platform(Path(".mlops")).models.download("flights", 1, to)


@pytest.mark.parametrize("file", ["code/model/a.py", "model.onnx"])
def test_a_model_changed_after_it_was_registered_is_not_used_and_nothing_is_left(registry, tmp_path, file):
    write(next(registry.rglob("artifacts/*/artifacts/model")) / file, PAYLOAD)
    with pytest.raises(TamperedError, match=r"model flights:1: its content is not what the hash in its tags says"):
        download(tmp_path / "to/model")
    assert list((tmp_path / "to").iterdir()) == []


def test_a_model_changed_with_its_tag_is_not_what_git_names(registry, tmp_path):
    name_it(1, LocalModels(registry).versions("flights")[0].model_hash)
    assert hash_folder(download(tmp_path / "model"))
    poison(registry)
    with pytest.raises(TamperedError, match=r"not what model\.hash in environments/ says"):
        download(tmp_path / "model")
    assert PAYLOAD not in (tmp_path / "model/MLmodel").read_text(encoding="utf-8"), "the sound copy stays"


def test_what_git_named_once_counts_for_a_version_that_serves_still(registry, tmp_path):
    name_it(1, LocalModels(registry).versions("flights")[0].model_hash)
    git("add", "environments")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "promote")
    name_it(2, "b" * 64)
    assert download(tmp_path / "model").exists()
    poison(registry)
    with pytest.raises(TamperedError):
        download(tmp_path / "model")


def test_the_hash_of_another_version_is_no_excuse(registry, tmp_path):
    honest = LocalModels(registry).versions("flights")[0].model_hash
    poison(registry)
    name_it(1, honest)
    poisoned = LocalModels(registry).versions("flights")[0].model_hash
    write("environments/production.yml", f"model: {{version: 2, hash: {poisoned}}}\n")
    with pytest.raises(TamperedError):
        download(tmp_path / "model")


def test_a_download_that_is_cut_off_leaves_what_was_there(registry, tmp_path):
    there = download(tmp_path / "model")
    before = hash_folder(there)
    model = next(registry.rglob("artifacts/*/artifacts/model"))
    (model / "zz-gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(shutil.Error):
        download(tmp_path / "model")
    assert hash_folder(there) == before
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".model")]


@pytest.fixture
def rehearsed(registry, tmp_path, monkeypatch):
    """A runner that restored what another saved, poisoned on the way with all its tags; the honest hash."""
    honest = LocalModels(registry).versions("flights")[0].model_hash
    git("init", "--quiet", "--bare", str(tmp_path / "flights.git"))
    git("remote", "add", "origin", str(tmp_path / "flights.git"))
    poison(registry)
    write(registry / RESTORED, "")
    save(registry, BRANCH, RUN)
    shutil.rmtree(registry)
    restore(registry, BRANCH, RUN)
    return honest


def test_a_poisoned_branch_yields_no_model_whether_git_names_it_or_not(rehearsed, tmp_path):
    with pytest.raises(TamperedError, match=r"no manifest in this branch's history names it with its hash"):
        download(tmp_path / "model")
    name_it(1, rehearsed)
    with pytest.raises(TamperedError, match=r"not what model\.hash in environments/ says"):
        download(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_what_only_the_branch_knows_is_not_promoted(rehearsed):
    platform = local_platform(Path(".mlops"))
    (version,) = platform.models.versions("flights")
    with pytest.raises(TamperedError, match=r"flights:1: it came with the rehearsal's branch; neither did this run"):
        check_vouched(platform, version)
    write(REGISTERED, '{"model": "flights", "version": 2, "model_hash": null}')
    with pytest.raises(TamperedError):
        check_vouched(platform, version)


def test_what_this_run_registered_or_git_names_is_promoted_from_a_rehearsal(rehearsed):
    platform = local_platform(Path(".mlops"))
    (version,) = platform.models.versions("flights")
    name_it(1, version.model_hash)
    check_vouched(platform, version)
    name_it(1, rehearsed)
    write_json(REGISTERED, registered_facts(version))
    check_vouched(platform, version)


def test_content_without_any_hash_is_let_through_only_where_git_need_not_name_it(registry, tmp_path):
    version = LocalModels(registry).versions("flights")[0]
    bare = type(version)(version.name, version.version, version.run_id, {})
    check_content(bare, registry, ())
    with pytest.raises(TamperedError):
        check_content(bare, registry, (), by_git_alone=True)
