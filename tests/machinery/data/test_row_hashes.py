"""A row's hash is that of its values: neither its neighbours, nor its file, nor the width of a type change it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.data import tables
from mlops.data.row_hashes import file_hashes, repeated, row_hashes
from mlops.data.tables import read_blocks

SECOND = 10**6  # microseconds
SAME = {
    "width": (pa.array([1, -2], pa.int8()), pa.array([1, -2], pa.int64())),
    "sign": (pa.array([1, 2], pa.uint16()), pa.array([1, 2], pa.int32())),
    "float": (pa.array([1, -2]), pa.array([1.0, -2.0])),
    "zero": (pa.array([0.0, 1.5]), pa.array([-0.0, 1.5])),
    "short float": (pa.array([1.5, 2], pa.float32()), pa.array([1.5, 2], pa.float64())),
    "null": (pa.array([None, 2], pa.int64()), pa.array([float("nan"), 2])),
    "no text": (pa.array([None, None], pa.string()), pa.nulls(2)),
    "text": (pa.array(["a", "b"]), pa.array(["a", "b"], pa.large_string())),
    "time": (pa.array([1, 2], pa.timestamp("s")), pa.array([SECOND, 2 * SECOND], pa.timestamp("us"))),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_same_value_in_another_type_has_the_same_hash(kind):
    one, other = (row_hashes(pa.table({"x": values, "y": ["p", "q"]})) for values in SAME[kind])
    assert (one == other).all()


cells = st.none() | st.integers(-(2**62), 2**62)
texts = st.none() | st.text(max_size=3)
frames = st.lists(st.tuples(cells, texts, st.none() | st.floats(allow_nan=False, width=32)), min_size=1, max_size=20)


def table(rows):
    columns = zip(*rows, strict=True)
    types = {"a": pa.int64(), "b": pa.string(), "c": pa.float64()}
    return pa.table(
        {name: pa.array(values, type_) for (name, type_), values in zip(types.items(), columns, strict=True)}
    )


@given(frames, frames)
def test_neither_other_rows_nor_the_order_of_columns_change_a_hash(rows, more):
    hashes = row_hashes(table(rows))
    beside = row_hashes(table([*more, *rows]))
    assert (beside[len(more) :] == hashes).all()
    assert (row_hashes(table(rows).select(["c", "a", "b"])) == hashes).all()


@given(frames)
def test_rows_that_differ_have_other_hashes(rows):
    distinct = list(dict.fromkeys(rows))  # 0.0 and -0.0 are one
    assert len(set(row_hashes(table(distinct)).tolist())) == len(distinct)


def test_hashes_of_numbers_in_a_row_are_spread_evenly():
    shares = np.histogram(row_hashes(pa.table({"key": range(100_000)})) / 2**64, bins=10, range=(0, 1))[0]
    assert shares.min() > 9_700 and shares.max() < 10_300


def test_the_hash_is_the_same_on_every_machine_and_in_every_year():
    """It decides which rows are held out: another one would put test rows of the champion into training."""
    rows = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2013-01-01", "2014-01-01"])})
    assert row_hashes(pa.Table.from_pandas(rows)).tolist() == [18_229_939_025_841_775_489, 13_112_644_164_113_690_667]


def test_a_file_is_hashed_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "CELLS", 60)
    rows = pa.table({"key": range(100), "size": [each / 7 for each in range(100)], "text": ["a", None] * 50})
    pq.write_table(rows, tmp_path / "rows.parquet")
    assert [block.num_rows for block in read_blocks(tmp_path / "rows.parquet")] == [20] * 5
    assert (file_hashes(tmp_path / "rows.parquet", None) == row_hashes(rows)).all()
    assert (file_hashes(tmp_path / "rows.parquet", ["key"]) == row_hashes(rows.select(["key"]))).all()


hashes = st.lists(st.integers(0, 5), max_size=8)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), hashes, min_size=1))
def test_a_repeated_row_is_named_with_the_first_that_is_like_it(files):
    seen, wanted = {}, []
    for file, values in files.items():
        for row, value in enumerate(values):
            first = seen.setdefault(value, (file, row))
            wanted += [(value, file, row, *first)] if first != (file, row) else []
    found = repeated({file: np.array(values, dtype=np.uint64) for file, values in files.items()})
    assert list(found.itertuples(index=False, name=None)) == wanted
