"""What cannot be scored as a whole is said in one line, before anything is written."""

import pandas as pd
import pytest
from batched import flights, write_flights

from mlops import UserError
from mlops.data.batch_input import check_columns, check_key, input_files, lengths, passed_over

FEATURES = ["distance", "time_hour", "carrier"]


def refused(function, *arguments):
    with pytest.raises(UserError) as refusal:
        function(*arguments)
    return str(refusal.value)


def test_files_are_those_of_the_folder_in_name_order_or_the_one(tmp_path):
    write_flights(tmp_path, [3, 3])
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".hidden.parquet").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "below.parquet").mkdir()
    files = input_files(tmp_path)
    assert files == [tmp_path / "00.parquet", tmp_path / "01.parquet"]
    assert input_files(files[0]) == files[:1]
    assert passed_over(tmp_path, files) == ["below.parquet", "notes.txt"]
    assert lengths(files) == {"00.parquet": 3, "01.parquet": 3}


def test_no_input_an_empty_folder_and_two_kinds_are_refused(tmp_path):
    assert refused(input_files, tmp_path / "none") == (
        f"{tmp_path / 'none'}: no such file or folder; give Parquet or CSV files to score"
    )
    assert refused(input_files, tmp_path) == f"{tmp_path}: no *.parquet and no *.csv file; give files to score"
    write_flights(tmp_path, [3])
    flights(3).to_csv(tmp_path / "more.csv")
    assert "Parquet and CSV files together" in refused(input_files, tmp_path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows.drop(columns="distance"), "01.parquet: no column distance, which"),
        (lambda rows: rows.drop(columns="flight"), "01.parquet: no column flight, which"),
        (lambda rows: rows.assign(distance="far"), "column distance holds text, but numbers in 00.parquet"),
        (lambda rows: rows.assign(flight=pd.Timestamp(0)), "column flight holds times, but numbers in 00.parquet"),
    ],
)
def test_mixed_schemas_are_refused(tmp_path, change, why):
    write_flights(tmp_path, [3, 3])
    change(flights(3)).to_parquet(tmp_path / "01.parquet")
    assert why in refused(check_columns, input_files(tmp_path), FEATURES, ["flight"])


def test_what_no_one_needs_and_how_wide_a_number_is_may_differ(tmp_path):
    write_flights(tmp_path, [3, 3, 3])
    flights(3).drop(columns="late").assign(flight=[1.0, 2.0, 3.0]).to_parquet(tmp_path / "01.parquet")
    flights(3).assign(distance=None).to_parquet(tmp_path / "02.parquet")
    check_columns(input_files(tmp_path), FEATURES, ["flight"])


def test_a_damaged_file_is_left_to_whoever_scores_it(tmp_path):
    write_flights(tmp_path, [3, 3])
    (tmp_path / "01.parquet").write_bytes(b"PAR1 not at all")
    files = input_files(tmp_path)
    check_columns(files, FEATURES, ["flight"])
    check_key(files, ["flight"])
    assert lengths(files) == {"00.parquet": 3}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(("one", "other"), [(0, 0), (0, 1)], ids=["in a file", "in two"])
def test_a_key_that_repeats_is_refused_with_both_rows(tmp_path, suffix, one, other):
    frames = [flights(5, seed) for seed in (0, 1)]
    check = [frames[one].loc[1, "flight"], *frames]
    frames[other].loc[3, "flight"] = check[0]
    for number, rows in enumerate(frames):
        path = tmp_path / f"{number}.{suffix}"
        (rows.to_csv if suffix == "csv" else rows.to_parquet)(path, index=False)
    files = input_files(tmp_path)
    said = refused(check_key, files, ["flight"])
    assert f"{other}.{suffix}: row 3 has the key of row 1 of {one}.{suffix}" in said
    check_key(files, ["flight", "time_hour"])
    check_key(files, [])


@pytest.mark.parametrize("name", ["row", "score", "class", "value", "version", "time", "probability_a"])
def test_a_key_cannot_have_the_name_of_an_answer(tmp_path, name):
    write_flights(tmp_path, [3])
    assert f"the answers have a column {name} of their own" in refused(
        check_columns, input_files(tmp_path), FEATURES, ["flight", name]
    )
