"""Where an adopted table goes: in order of time, a part at a time; and what is said of keys that are not unique."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops import UserError
from mlops.data.adoption import files
from mlops.data.adoption.files import check_key, in_order, write_data

HOURS = np.random.default_rng(3).integers(0, 200, 1_000)
ROWS = pd.DataFrame({"at": pd.Timestamp("2013-01-01") + pd.to_timedelta(HOURS, unit="h"), "place": range(1_000)})


def written(path, rows):
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), path)
    return path


@pytest.mark.parametrize("cells", [10_000_000, 200, 1])
def test_rows_come_in_order_of_time_and_those_of_one_time_as_they_were(tmp_path, monkeypatch, cells):
    monkeypatch.setattr(files, "SORTED_CELLS", cells)
    path = written(tmp_path / "rows.parquet", ROWS)
    in_order(path, "at")
    pd.testing.assert_frame_equal(
        pd.read_parquet(path), ROWS.sort_values("at", kind="stable", ignore_index=True), check_dtype=False
    )
    assert [each.name for each in tmp_path.iterdir()] == ["rows.parquet"]


def test_no_more_rows_than_are_sorted_at_once_are_taken_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "SORTED_CELLS", 200)  # 100 rows
    path, taken, between = written(tmp_path / "rows.parquet", ROWS), [], files.between
    monkeypatch.setattr(files, "between", lambda *asked: taken.append(between(*asked)) or taken[-1])
    in_order(path, "at")
    together = ROWS["at"].value_counts().max()  # of one time, which are never parted
    assert sum(each.num_rows for each in taken) == 1_000 and max(each.num_rows for each in taken) < 100 + together


def test_what_is_in_order_is_left_alone(tmp_path):
    path = written(tmp_path / "rows.parquet", ROWS.sort_values("at"))
    before = path.stat().st_mtime_ns
    in_order(path, "at")
    assert path.stat().st_mtime_ns == before


def test_three_months_are_a_file_each_and_fewer_one(tmp_path):
    batch = pa.RecordBatch.from_pandas(ROWS.assign(at=ROWS["at"] + pd.to_timedelta(ROWS["place"] % 3 * 40, unit="D")))
    found = write_data(iter([batch]), "at", tmp_path / "three")
    assert [path.name for path in found] == ["2013-01.parquet", "2013-02.parquet", "2013-03.parquet"]
    assert all(pd.read_parquet(path)["at"].is_monotonic_increasing for path in found)
    assert [path.name for path in write_data(iter([batch.slice(0, 2)]), "at", tmp_path / "two")] == ["data.parquet"]


def test_months_of_a_few_rows_are_one_file(tmp_path):
    times = pd.date_range("1958-03-29", periods=400, freq="7D")
    batch = pa.RecordBatch.from_pandas(pd.DataFrame({"at": times, "co2": np.arange(400.0)}))
    assert [path.name for path in write_data(iter([batch]), "at", tmp_path / "weekly")] == ["data.parquet"]
    daily = pa.RecordBatch.from_pandas(
        pd.DataFrame({"at": pd.date_range("2013-01-01", periods=90), "x": np.arange(90.0)})
    )
    assert len(write_data(iter([daily]), "at", tmp_path / "daily")) == 3


def test_a_key_that_is_there_twice_is_named_with_its_values_wherever_the_rows_are(tmp_path):
    one = written(tmp_path / "1.parquet", pd.DataFrame({"shop": [1, 1, 2], "day": ["a", "b", "a"]}))
    other = written(tmp_path / "2.parquet", pd.DataFrame({"shop": [2, 2], "day": ["b", "c"]}))
    check_key([one, other], ["shop", "day"])
    with pytest.raises(UserError, match=r"^--key day: 2 rows have day b; "):
        check_key([other, one], ["day"])
    with pytest.raises(UserError, match=r"^--key shop: 2 rows have shop 1; "):
        check_key([one], ["shop"])
