"""The split: by time, only of data that passed validation, only with what is known when the model is asked."""

import numpy as np
import pandas as pd
import pytest

from conftest import MONTHS, edit
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json, write_json
from mlops.data.tables import hash_data, read_file
from steps import split_data


def validate(project):
    """What a passed validation of its data leaves."""
    verdict = {"success": True, "data_hash": hash_data(project / "data"), "files": []}
    write_json(project / "out/validation/validation.json", verdict)


def parts(project):
    """The rows to train on and the test rows."""
    return [pd.read_parquet(project / f"out/split/{part}.parquet") for part in ("train", "test")]


def change_data(project, change):
    """Give each month's file other rows, and pass the validation."""
    for month in MONTHS:
        change(read_file(month)).to_parquet(project / "data" / month.name, index=False)
    validate(project)


@pytest.fixture
def validated(project):
    """The project after a passed validation of its three months."""
    validate(project)
    return project


def test_the_newest_month_is_held_out_and_nothing_else(validated):
    assert split_data.main([]) == 0
    train, test = parts(validated)
    *older, newest = (read_file(path, ["time_hour"]) for path in MONTHS)
    assert sorted(test["time_hour"]) == sorted(newest["time_hour"])
    assert sorted(train["time_hour"]) == sorted(pd.concat(older)["time_hour"])
    facts = read_json(validated / "out/split/split.json", Artefact)
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
    write_json(path, read_json(path, Artefact) | verdict)
    assert split_data.main([]) == 2
    assert "not a passed validation" in capsys.readouterr().err
    assert not (validated / "out/split").exists()


def test_one_month_alone_cannot_be_split(validated, capsys):
    *older, newest = MONTHS
    for month in older:
        (validated / "data" / month.name).unlink()
    validate(validated)
    assert split_data.main([]) == 2
    assert f"all rows are of {newest.stem}; a split by time needs a month before it" in capsys.readouterr().err


def test_time_and_slices_need_not_be_features_and_go_along(validated):
    edit(validated / "project.yml", "features:\n  - time_hour\n", "features:\n")
    edit(validated / "project.yml", "columns: [carrier, origin]", "columns: [origin, flight]")
    assert split_data.main([]) == 0
    train, test = parts(validated)
    assert list(train.columns)[-3:] == list(test.columns)[-3:] == ["late", "flight", "time_hour"]
    assert read_json(validated / "out/split/split.json", Artefact)["train"]["to"] == "2013-02-28T22:00:00"


TIME = "  time: time_hour                    # rows are ordered, split and watched by this column\n"


def test_without_a_time_column_a_random_fifth_is_held_out_and_stays_when_data_come(validated, capsys):
    edit(validated / "project.yml", TIME, "")
    last = validated / "data" / MONTHS[-1].name
    kept = last.read_bytes()
    last.unlink()
    validate(validated)
    assert split_data.main([]) == 0
    train, test = parts(validated)
    assert capsys.readouterr().out == f"train: {len(train):,} rows; test: {len(test):,} rows\n"
    assert 0.18 < len(test) / (len(test) + len(train)) < 0.22
    facts = read_json(validated / "out/split/split.json", Artefact)
    assert set(facts["train"]) == {"rows"} and set(facts["test"]) == {"rows", "hash"}
    last.write_bytes(kept)
    validate(validated)
    assert split_data.main([]) == 0
    for before, after in zip((train, test), parts(validated), strict=True):
        pd.testing.assert_frame_equal(before, after[: len(before)])
        assert len(after) > len(before)


def test_the_key_decides_the_side_whatever_else_changes_in_a_row(validated):
    edit(validated / "project.yml", TIME, TIME + "  key: [time_hour, carrier, flight, origin]\n  split: {by: random}\n")
    assert split_data.main([]) == 0
    before = parts(validated)
    change_data(validated, lambda month: month.assign(temp=month["temp"] + 1, note="new"))
    assert split_data.main([]) == 0
    for one, other in zip(before, parts(validated), strict=True):
        pd.testing.assert_frame_equal(one.drop(columns="temp"), other.drop(columns="temp"))


def test_no_group_is_on_both_sides(validated):
    edit(validated / "project.yml", TIME, TIME + "  split: {by: group, group: dest, share: 0.3}\n")
    assert split_data.main([]) == 0
    train, test = ({*part["dest"]} for part in parts(validated))
    assert train and test and not train & test


ONE_ANSWER = "late is 0 in all"


@pytest.mark.parametrize(
    ("split", "change", "line"),
    [
        ("{by: time}", lambda month: month.assign(late=0), f"train: {ONE_ANSWER} 5,001 rows"),
        (
            "{by: time}",
            lambda month: month.assign(late=np.where(month["time_hour"] >= "2013-03-01", 0, month["late"])),
            f"test: {ONE_ANSWER} 2,790 rows",
        ),
        ("{by: time, days: 1}", lambda month: month[month["time_hour"].dt.hour == 22], "test: "),
        ("{by: time, days: 400}", lambda month: month, "train: 0 rows, and 20 are the least"),
        ("{by: group, group: origin}", lambda month: month.assign(origin="JFK"), ": 0 rows, and 20 are the least"),
    ],
)
def test_a_split_that_could_tell_nothing_is_refused_in_one_line(validated, capsys, split, change, line):
    edit(validated / "project.yml", TIME, TIME + f"  split: {split}\n")
    change_data(validated, change)
    assert split_data.main([]) == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1
    assert said.endswith("add data, or change data.split\n")
    assert not (validated / "out/split").exists()


def test_one_type_a_column_whatever_the_files_have(validated):
    """Whole numbers in one month and none at all in another: pandas alone would make objects of them."""
    first = MONTHS[0].name
    month = read_file(MONTHS[0])
    month.assign(temp=None, distance=month["distance"].astype("int32")).to_parquet(validated / "data" / first)
    validate(validated)
    assert split_data.main([]) == 0
    for part in parts(validated):
        assert part[["temp", "distance"]].dtypes.tolist() == ["float64", "float64"]
