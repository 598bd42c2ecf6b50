"""The local registry goes where its folder goes: MLflow keeps whole addresses, and they must follow."""

import sqlite3
from contextlib import closing

import pytest
from tracked import contents, log_run, tracked

from conftest import shared_folder
from mlops.data.files import hash_folder
from mlops.platform.local.models import LocalModels
from mlops.platform.tracking import artifacts_folder, database, follow


@pytest.fixture
def moved(tmp_path, tmp_path_factory):
    """A project folder to which `.mlops` has come from another one, whose artifacts have changed since."""
    root = tracked(tmp_path_factory, tmp_path)
    for path in root.rglob("model/MLmodel"):
        path.write_text("of this folder\n", encoding="utf-8")
    return tmp_path


def everything(root):
    """All that the database holds, as text."""
    with closing(sqlite3.connect(database(root))) as connection:
        return "\n".join(connection.iterdump())


def test_a_version_comes_from_the_folder_it_moved_to(moved, tmp_path):
    changed = hash_folder(next(moved.rglob("artifacts/*/artifacts/model")))
    models = LocalModels(moved / ".mlops", lambda number: {changed})
    (version,) = models.versions("flights")
    there = models.download("flights", version.version, tmp_path / "downloaded")
    assert (there / "MLmodel").read_text(encoding="utf-8") == "of this folder\n"
    assert (version.version, version.tags["verdict"]) == (1, "PASS")


def test_a_new_run_logs_into_the_folder_it_moved_to_and_becomes_the_next_version(moved):
    address, run_id = log_run(moved)
    assert address.startswith(artifacts_folder(moved / ".mlops").as_uri() + "/")
    models = LocalModels(moved / ".mlops")
    assert models.register("flights", run_id, {}).version == 2
    assert [each.version for each in models.versions("flights")] == [1, 2]


def test_no_address_of_the_folder_it_left_remains(moved, tmp_path_factory):
    left = str(shared_folder(tmp_path_factory) / "tracked" / ".mlops")
    assert left in everything(moved / ".mlops")
    follow(moved / ".mlops")
    assert left not in everything(moved / ".mlops")


def test_what_did_not_move_is_not_written_again(moved):
    follow(moved / ".mlops")
    before = contents(moved / ".mlops")
    follow(moved / ".mlops")
    assert contents(moved / ".mlops") == before


def test_an_experiment_of_somebodys_own_keeps_its_place(moved):
    from mlflow import MlflowClient

    uri = f"sqlite:///{database(moved / '.mlops')}"
    own = MlflowClient(uri, uri).create_experiment("notebook", artifact_location="file:///elsewhere/mlruns/1")
    follow(moved / ".mlops")
    assert MlflowClient(uri, uri).get_experiment(own).artifact_location == "file:///elsewhere/mlruns/1"


def test_without_a_database_none_is_made(tmp_path):
    follow(tmp_path / ".mlops")
    assert not (tmp_path / ".mlops").exists()
