"""The batch script by itself: it answers what the online one does, and a file of answers is whole or not there."""

import json
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from batched import TIME, batch_script, flights
from every_kind import PACKAGE, ROWS, save_every_kind
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from small_model import save_model

from mlops.data.model_folder import payload


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The small model as its version 7."""
    folder = tmp_path_factory.mktemp("small") / "7"
    save_model(folder, 1)
    return folder


@pytest.fixture
def script(model, tmp_path):
    with batch_script(model, tmp_path, ["flight"]) as script:
        yield script


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory):
    """The script with a model of every kind of column."""
    folder = tmp_path_factory.mktemp("kinds")
    save_every_kind(folder / "1")
    with batch_script(folder / "1", folder) as script:
        yield script
    sys.modules.pop(PACKAGE, None)


def online(script, rows):
    """What the online script answers to the same rows."""
    return script.score.run(json.dumps(payload(rows)))


def answers(folder, name="01.parquet"):
    return pq.read_table(folder / name)


def written(script, folder, rows, name="01"):
    """The answers to these rows as a Parquet file."""
    source = folder / "asked" / f"{name}.parquet"
    source.parent.mkdir(exist_ok=True)
    rows.to_parquet(source, index=False)
    assert script.run([str(source)]) == [f"{name}.parquet {len(rows)}"]
    return answers(folder, f"{name}.parquet")


def test_the_columns_are_key_answer_version_and_time(script, tmp_path):
    rows = flights(300, 1)
    found = written(script, tmp_path, rows)
    assert found.column_names == ["flight", "score", "version", "time"]
    assert found["flight"].to_pylist() == rows["flight"].tolist()
    assert found["score"].to_pylist() == online(script, rows[[*script.score.schema]])["scores"]
    assert set(found["version"].to_pylist()) == {7}
    assert set(found["time"].to_pylist()) == {datetime.fromisoformat(TIME)}


def test_without_a_key_rows_have_their_number(model, tmp_path, monkeypatch):
    with batch_script(model, tmp_path) as script:
        monkeypatch.setattr(sys.modules["batch_rows"], "ROWS", 100)
        found = written(script, tmp_path, flights(250))
    assert found["row"].to_pylist() == list(range(250))


@pytest.mark.parametrize("rows_at_a_time", [1, 7, 250, 1000])
def test_how_many_rows_are_read_at_a_time_changes_no_answer(script, tmp_path, monkeypatch, rows_at_a_time):
    rows = flights(250)
    whole = written(script, tmp_path, rows).to_pylist()
    monkeypatch.setattr(sys.modules["batch_rows"], "ROWS", rows_at_a_time)
    assert written(script, tmp_path, rows).to_pylist() == whole


def test_row_groups_of_any_size_give_the_same_answers(script, tmp_path):
    rows = flights(250)
    whole = written(script, tmp_path, rows).to_pylist()
    pq.write_table(pa.Table.from_pandas(rows), tmp_path / "grouped.parquet", row_group_size=17)
    script.run([str(tmp_path / "grouped.parquet")])
    assert answers(tmp_path, "grouped.parquet").to_pylist() == whole


def test_csv_gets_the_answers_of_parquet_and_its_key_stays_text(script, tmp_path):
    rows = flights(300)
    whole = written(script, tmp_path, rows)
    rows.to_csv(tmp_path / "as-csv.csv", index=False)
    assert script.run([str(tmp_path / "as-csv.csv")]) == ["as-csv.csv 300"]
    found = answers(tmp_path, "as-csv.parquet")
    assert found["score"].to_pylist() == whole["score"].to_pylist()
    assert found["flight"].to_pylist() == [str(number) for number in rows["flight"]]


def test_tried_again_a_file_has_the_same_bytes(script, tmp_path):
    rows = flights(300)
    written(script, tmp_path, rows)
    before = (tmp_path / "01.parquet").read_bytes()
    written(script, tmp_path, rows)
    assert (tmp_path / "01.parquet").read_bytes() == before


def test_a_file_without_rows_has_answers_without_rows(script, tmp_path):
    found = written(script, tmp_path, flights(300)[:0])
    assert (found.num_rows, found.column_names) == (0, ["flight", "score", "version", "time"])


def test_every_kind_of_column_gets_the_online_answer(every_kind, tmp_path, monkeypatch):
    monkeypatch.setenv("AZUREML_BI_OUTPUT_PATH", str(tmp_path))
    for name, rows in {"nulls": ROWS, "none": ROWS.dropna()}.items():
        found = written(every_kind, tmp_path, rows, name)
        assert found["score"].to_pylist() == online(every_kind, rows)["scores"]


def frame_of(script, table):
    return script.as_trained(table, script.score.schema, 0)


def as_request(script, table):
    """What the online script makes of the same values: a frame, or what it says against them."""
    listed = {name: [value_of(each) for each in table[name].to_pylist()] for name in table.column_names}
    try:
        return script.score.as_trained(listed, script.score.schema)
    except script.score.BadRequestError as mistake:
        return str(mistake)


def value_of(value):
    if isinstance(value, Decimal):
        value = float(value)
    return None if pd.isna(value) else value.isoformat() if hasattr(value, "isoformat") else value


def of(kinds, values):
    """One of the types, and values for it, with nulls among them or without."""
    some = {"min_size": 1, "max_size": 3}
    return st.tuples(st.sampled_from(kinds), st.lists(values, **some) | st.lists(st.none() | values, **some))


INTEGERS = [pa.int8(), pa.uint8(), pa.int32(), pa.int64(), pa.uint64()]
FLOATS, TEXTS = [pa.float32(), pa.float64()], [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())]
NEAR, FAR = (st.datetimes(datetime(first, 1, 1), datetime(last, 1, 1)) for first, last in ((1700, 2200), (1, 9999)))
ZONED = NEAR.map(lambda moment: moment.replace(tzinfo=UTC))
CASES = st.one_of(
    of(INTEGERS, st.sampled_from([0, 1, 7, -1, 100, 127, 128, 2**31, 2**53 + 1, 2**63 - 1, 2**64 - 1])),
    of(FLOATS, st.floats()),
    of(FLOATS, st.sampled_from([0.0, 7.0, -1.0, 1e39, -1e308, 0.1])),
    of([pa.bool_()], st.booleans()),
    of(TEXTS, st.sampled_from(["", "a", "é \n", "7", "true", "2013-01-31"])),
    of([pa.timestamp("us"), pa.timestamp("ns"), pa.date32()], NEAR),
    of([pa.timestamp("us"), pa.timestamp("s")], FAR),
    of([pa.timestamp("us", "UTC"), pa.timestamp("ms", "America/New_York")], ZONED),
    of([pa.null()], st.none()),
    of([pa.decimal128(20, 3)], st.integers(-300, 300)),
)


@pytest.mark.parametrize("column", list(ROWS))
@given(case=CASES)
def test_a_column_is_read_as_a_request_of_its_values_is(every_kind, column, case):
    """Whatever its type in the file: taken over whole, read value by value, or refused in the same words."""
    kind, values = case
    try:
        array = pa.array(values, kind)
        array.to_pylist()
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return
    wanted = {column: every_kind.score.schema[column]}
    table, schema = pa.table({column: array}), every_kind.score.schema
    every_kind.score.schema = wanted
    try:
        expected = as_request(every_kind, pa.table({column: pa.chunked_array([array]).cast(plain(every_kind, kind))}))
        try:
            found = frame_of(every_kind, table)
        except every_kind.score.BadRequestError as mistake:
            found = str(mistake)
    finally:
        every_kind.score.schema = schema
    if isinstance(expected, str):
        assert found == expected
    else:
        assert_frame_equal(found, expected, check_exact=True)


def plain(script, kind):
    return script.plain_type(kind)


def test_a_time_that_no_request_can_carry_is_refused_with_its_row(every_kind, tmp_path):
    rows = pa.Table.from_pandas(ROWS[:3], preserve_index=False)
    for values, why in (([0, None, 2**60], "row 1 .*, got None"), ([0, 0, 2**60], f"row 2 .*'{2**60}'")):
        column = pa.array(values, pa.timestamp("ms"))
        pq.write_table(rows.set_column(rows.column_names.index("time"), "time", column), tmp_path / "in.parquet")
        with pytest.raises(every_kind.NotScoredError, match=f"column 'time': {why}"):
            every_kind.run([str(tmp_path / "in.parquet")])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"distance": "far"}, "column 'distance': row 205 must be a number or null, got 'far'"),
        ({"distance": np.inf}, "column 'distance': row 205 must be a number or null, got inf"),
        ({"time_hour": None}, "column 'time_hour': row 205 must be"),
        ({"carrier": None}, "column 'carrier': row 205 must be text, got None"),
    ],
)
def test_what_cannot_be_scored_is_named_with_its_row_and_leaves_nothing(script, tmp_path, monkeypatch, change, why):
    monkeypatch.setattr(sys.modules["batch_rows"], "ROWS", 100)
    rows, (name, value) = flights(300), *change.items()
    rows[name] = rows[name].astype("object") if isinstance(value, str) else rows[name]
    rows.loc[205, name] = value
    source = tmp_path / "bad.csv" if isinstance(value, str) else tmp_path / "bad.in.parquet"
    (rows.to_csv if source.suffix == ".csv" else rows.to_parquet)(source, index=False)
    with pytest.raises(script.NotScoredError) as refused:
        script.run([str(source)])
    assert refused.value.failed[source.name].startswith(why)
    assert list(tmp_path.iterdir()) == [source]


def test_the_row_that_the_model_fails_on_is_named(script, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["batch_rows"], "ROWS", 100)
    told = script.score.model.predict_proba

    class Picky:
        def predict_proba(self, rows):
            if (rows["distance"] == -1).any():
                raise KeyError("a distance below zero")
            return told(rows)

    script.score.model = Picky()
    rows = flights(300)
    rows.loc[177, "distance"] = -1.0
    rows.to_parquet(tmp_path / "in.parquet")
    with pytest.raises(script.NotScoredError, match=r"^in\.parquet: row 177: KeyError: 'a distance below zero'$"):
        script.run([str(tmp_path / "in.parquet")])


def test_a_damaged_file_is_named_and_the_others_of_its_mini_batch_are_done(script, tmp_path):
    paths = [tmp_path / "asked" / f"{number}.parquet" for number in range(3)]
    paths[0].parent.mkdir()
    for path in paths:
        flights(20).to_parquet(path)
    paths[1].write_bytes(paths[1].read_bytes()[:-100])
    with pytest.raises(script.NotScoredError, match=r"^1\.parquet: .+") as refused:
        script.run([str(path) for path in paths])
    assert [*refused.value.failed] == ["1.parquet"]
    assert sorted(path.name for path in tmp_path.glob("*.parquet*")) == ["0.parquet", "2.parquet"]


@pytest.mark.parametrize(
    ("columns", "why"),
    [(["flight", "distance", "carrier"], "column 'time_hour': missing"), (["distance"], "column 'flight': missing")],
)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_file_that_lacks_a_column_is_refused(script, tmp_path, columns, why, suffix):
    path = tmp_path / f"in.{suffix}"
    rows = flights(5)[columns]
    (rows.to_csv if suffix == "csv" else rows.to_parquet)(path, index=False)
    with pytest.raises(script.NotScoredError, match=f"in.{suffix}: {why}"):
        script.run([str(path)])


def test_of_a_full_disk_nothing_is_left_and_it_is_no_fault_of_the_file(script, tmp_path):
    """The kernel's own full disk: writing to /dev/full says that there is no room."""
    source = tmp_path / "asked" / "01.parquet"
    source.parent.mkdir()
    flights(300).to_parquet(source)
    (tmp_path / f"01.parquet.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(OSError) as refused:
        script.run([str(source)])
    assert refused.value.errno in script.NO_ROOM
    assert list(tmp_path.iterdir()) == [source.parent] and Path("/dev/full").exists()


def test_csv_reads_true_and_false_whole_numbers_times_and_an_empty_text(every_kind, tmp_path, monkeypatch):
    monkeypatch.setenv("AZUREML_BI_OUTPUT_PATH", str(tmp_path))
    rows = ROWS.copy()
    for name in ("time", "zoned"):
        rows[name] = [value.isoformat() for value in ROWS[name]]
    rows["flag"] = ["TRUE" if value else "false" for value in ROWS["flag"]]
    rows["small"] = [f"{value}.0" for value in ROWS["small"]]
    table = pa.Table.from_pandas(rows, preserve_index=False)
    pyarrow.csv.write_csv(table, tmp_path / "kinds.csv")
    assert every_kind.run([str(tmp_path / "kinds.csv")]) == [f"kinds.csv {len(ROWS)}"]
    assert answers(tmp_path, "kinds.parquet")["score"].to_pylist() == online(every_kind, ROWS)["scores"]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("flag", "yes", "row 3 must be true or false, got 'yes'"),
        ("small", "7.5", "row 3 must be a whole number from -128 to 127, got 7.5"),
        ("small", "900", "row 3 must be a whole number from -128 to 127, got 900"),
        ("time", "31.01.2013", "row 3 must be a time such as 2013-01-31T17:45:00, without a zone, got '31.01.2013'"),
    ],
)
def test_csv_refuses_what_is_no_such_value(every_kind, tmp_path, name, text, why):
    rows = ROWS.copy()
    for each in ("time", "zoned"):
        rows[each] = [value.isoformat() for value in ROWS[each]]
    rows[name] = rows[name].astype("object")
    rows.loc[3, name] = text
    pyarrow.csv.write_csv(pa.Table.from_pandas(rows.astype("str")), tmp_path / "kinds.csv")
    with pytest.raises(every_kind.NotScoredError) as refused:
        every_kind.run([str(tmp_path / "kinds.csv")])
    assert refused.value.failed["kinds.csv"] == f"column {name!r}: {why}"


def test_a_model_of_classes_has_a_column_for_each(tmp_path):
    with classes_model(tmp_path) as script:
        found = written(script, tmp_path, pd.DataFrame({"width": [0.0, 1.0, 2.0, 3.0]}))
        said = online(script, pd.DataFrame({"width": [0.0, 1.0, 2.0, 3.0]}))
    assert found.column_names == ["row", "class", "probability_1", "probability_2", "version", "time"]
    assert found["class"].to_pylist() == said["classes"]
    columns = [found[f"probability_{each}"].to_pylist() for each in (1, 2)]
    assert [list(row) for row in zip(*columns, strict=True)] == said["probabilities"]


def classes_model(folder):
    """The script with a model whose classes are numbers."""
    import mlflow
    from sklearn.linear_model import LogisticRegression

    rows = pd.DataFrame({"width": np.arange(20.0)})
    facts = [{"name": "width", "kind": "number", "dtype": "float64", "nulls": False}]
    metadata = {"task": "multiclass", "columns": json.dumps(facts)}
    model = LogisticRegression().fit(rows, [1] * 10 + [2] * 10)
    mlflow.sklearn.save_model(model, folder / "model" / "3", metadata=metadata, pip_requirements=["scikit-learn"])
    return batch_script(folder / "model" / "3", folder)
