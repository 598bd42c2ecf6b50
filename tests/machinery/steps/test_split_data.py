"""The split: by time, only of data that passed validation, only with what is known when the model is asked."""

import pandas as pd
import pytest

from conftest import MONTHS, edit
from mlops.data.files import read_json, write_json
from mlops.data.tables import hash_data, read_file
from steps import split_data


@pytest.fixture
def validated(project):
    """The project after a passed validation of its three months."""
    verdict = {"success": True, "data_hash": hash_data(project / "data"), "files": []}
    write_json(project / "out/validation/validation.json", verdict)
    return project


def test_the_newest_month_is_held_out_and_nothing_else(validated):
    assert split_data.main([]) == 0
    train, test = (pd.read_parquet(validated / f"out/split/{part}.parquet") for part in ("train", "test"))
    *older, newest = (read_file(path, ["time_hour"]) for path in MONTHS)
    assert sorted(test["time_hour"]) == sorted(newest["time_hour"])
    assert sorted(train["time_hour"]) == sorted(pd.concat(older)["time_hour"])
    facts = read_json(validated / "out/split/split.json")
    assert facts["train"]["to"] < facts["test"]["from"]
    assert facts["data_hash"] == hash_data(validated / "data")


def test_no_column_that_is_known_only_afterwards_gets_through(validated):
    split_data.main([])
    columns = set(pd.read_parquet(validated / "out/split/train.parquet").columns)
    assert not columns & {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}


def test_a_feature_that_is_known_only_afterwards_is_refused(validated, capsys):
    edit(validated / "project.yml", "  - visib\n", "  - visib\n  - dep_delay\n")
    assert split_data.main([]) == 2
    assert "features must be known when the model is asked; take out dep_delay" in capsys.readouterr().err
    assert not (validated / "out/split").exists()


@pytest.mark.parametrize("verdict", [{"success": False}, {"data_hash": "of other data"}])
def test_data_that_did_not_pass_validation_is_refused(validated, capsys, verdict):
    path = validated / "out/validation/validation.json"
    write_json(path, read_json(path) | verdict)
    assert split_data.main([]) == 2
    assert "not a passed validation" in capsys.readouterr().err
    assert not (validated / "out/split").exists()


def test_one_month_alone_cannot_be_split(validated, capsys):
    *older, newest = MONTHS
    for month in older:
        (validated / "data" / month.name).unlink()
    verdict = {"success": True, "data_hash": hash_data(validated / "data"), "files": []}
    write_json(validated / "out/validation/validation.json", verdict)
    assert split_data.main([]) == 2
    assert f"all rows are of {newest.stem}; a split by time needs a month before it" in capsys.readouterr().err
