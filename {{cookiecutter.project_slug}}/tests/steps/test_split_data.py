"""The split: by time, only of data that passed validation, only with what is known before departure."""

import pandas as pd
import pytest
from conftest import edit

from mlops.data import hash_data
from mlops.files import read_json, write_json
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
    assert set(train["time_hour"].dt.month) == {1, 2} and set(test["time_hour"].dt.month) == {3}
    assert (len(train), len(test)) == (5001, 2790)
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
    assert "features must be known before departure; take out dep_delay" in capsys.readouterr().err
    assert not (validated / "out/split").exists()


@pytest.mark.parametrize("verdict", [{"success": False}, {"data_hash": "of other data"}])
def test_data_that_did_not_pass_validation_is_refused(validated, capsys, verdict):
    path = validated / "out/validation/validation.json"
    write_json(path, read_json(path) | verdict)
    assert split_data.main([]) == 2
    assert "not a passed validation" in capsys.readouterr().err
    assert not (validated / "out/split").exists()


def test_one_month_alone_cannot_be_split(validated, capsys):
    for month in ("2013-01", "2013-02"):
        (validated / f"data/{month}.parquet").unlink()
    verdict = {"success": True, "data_hash": hash_data(validated / "data"), "files": []}
    write_json(validated / "out/validation/validation.json", verdict)
    assert split_data.main([]) == 2
    assert "all rows are of 2013-03; a split by time needs a month before it" in capsys.readouterr().err
