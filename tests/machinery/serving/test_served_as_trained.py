"""What a model was trained with, it is served with: every type that a table can have, nulls and new values."""

import importlib.util
import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from telltale import Telltale

from conftest import ROOT
from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.columns import describe
from mlops.data.files import read_json
from mlops.data.model_folder import payload
from mlops.data.probe import PROBE_FILE, UNSEEN
from mlops.data.scoring_script import scoring_script
from mlops.data.tables import read_file
from mlops.decide.tasks.binary import Binary
from steps import train

SCRIPT = scoring_script()
SOME = 40
NOON = datetime(2013, 1, 31, 12, 0, 0, 123456)
INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
EXTREMES = {str(kind): pa.array([np.iinfo(str(kind)).min, np.iinfo(str(kind)).max], kind) for kind in INTEGERS}
COLUMNS = {
    **EXTREMES,
    "integers with nulls": pa.array([1, None, 3]),
    "float16": pa.array(np.array([0.1, 65504], "float16")),
    "float32": pa.array(np.array([0.1, 3e38], "float32")),
    "float64": pa.array([1e-300, 0.1, 1 / 3, 2.0**70]),
    "float64 with nulls": pa.array([1e-12, None]),
    "booleans": pa.array([True, False]),
    "booleans with nulls": pa.array([True, None, False]),
    "text": pa.array(["a", "é \n", ""]),
    "text with nulls": pa.array(["a", None]),
    "large text": pa.array(["a", None], pa.large_string()),
    "nulls alone": pa.nulls(2),
    "category": pa.array(["b", "a", "b"]).dictionary_encode(),
    "category with nulls": pa.array(["b", None]).dictionary_encode(),
    "category of integers": pa.array([20, 10, None]).dictionary_encode(),
    "dates": pa.array([date(2013, 1, 31), None]),
    "times": pa.array([NOON, datetime(9999, 12, 31)], pa.timestamp("us")),
    "times with nulls": pa.array([NOON, None], pa.timestamp("us")),
    "times in seconds": pa.array([datetime(2013, 1, 31)], pa.timestamp("s")),
    "times in nanoseconds": pa.array([1359633600123456789, None, 1359633600123456700], pa.timestamp("ns")),
    "times in UTC": pa.array([NOON.replace(tzinfo=UTC), None], pa.timestamp("us", "UTC")),
    "times of a place": pa.array([NOON.replace(tzinfo=UTC)], pa.timestamp("ms", "America/New_York")),
    "times of an offset": pa.array([NOON.replace(tzinfo=UTC)], pa.timestamp("ns", "+05:00")),
    "decimals": pa.array([Decimal("1.10"), Decimal("-7.25"), None]),
    "large decimals": pa.array([Decimal("1.10")], pa.decimal256(50, 2)),
}
EVERY_KIND = pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)


def frame_of(folder, **columns):
    """The columns, repeated, as a step reads them from a file."""
    long = {name: pa.chunked_array([values] * SOME)[:SOME] for name, values in columns.items()}
    pq.write_table(pa.table(long), folder / "rows.parquet")
    return read_file(folder / "rows.parquet")


def wanted(rows):
    """The columns as the scoring script knows them, by way of JSON."""
    return SCRIPT.columns_of({"metadata": {"columns": json.dumps(describe(rows))}})


def served(rows):
    """The rows as a served model gets them."""
    return SCRIPT.read_rows(json.dumps(payload(rows)), wanted(rows))


@pytest.fixture
def saved(project, monkeypatch):
    """Train on these rows; the scoring script that serves the saved model, and its probe."""
    monkeypatch.setattr(sys, "path", sys.path.copy())

    def save(rows, refuse=""):
        folder = project / "out" / "model"
        train.save(Binary("auc", 0.5), Telltale(refuse).fit(rows, None), rows, {}, folder)
        monkeypatch.setenv("AZUREML_MODEL_DIR", str(folder))
        spec = importlib.util.spec_from_file_location("score", ROOT / "serving" / "score.py")
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.init()
        return script, read_json(folder / PROBE_FILE, Artefact)

    return save


def differs(script, probe):
    """How many answers are not those that the model gave when it was trained."""
    scores = script.run(json.dumps(probe["request"]))["scores"]
    return sum(one != other for one, other in zip(scores, probe["answer"]["scores"], strict=True))


@EVERY_KIND
def test_a_model_cannot_tell_that_it_is_served(saved, tmp_path, values):
    rows = frame_of(tmp_path, x=values, beside=pa.array([0.5]))
    before = rows.copy()
    script, probe = saved(rows)
    pd.testing.assert_frame_equal(rows, before)
    assert differs(script, probe) == 0
    asked = [row[0] for row in probe["request"]["input_data"]["data"]]
    assert not values.null_count or None in asked, "a row with a null is among those that are tried"
    pd.testing.assert_frame_equal(served(rows), rows, check_categorical=False)
    assert [type(each) for each in served(rows)["x"]] == [type(each) for each in rows["x"]]


def test_a_null_that_is_rare_is_among_those_that_are_tried(saved):
    rows = pd.DataFrame({name: ["a"] * 2000 for name in ("x", "y")})
    rows.loc[7, "x"] = rows.loc[8, "y"] = None
    _, probe = saved(rows)
    assert {(None, "a"), ("a", None)} <= {tuple(row) for row in probe["request"]["input_data"]["data"]}


def test_all_kinds_are_served_together(saved, tmp_path):
    script, probe = saved(frame_of(tmp_path, **COLUMNS))
    assert differs(script, probe) == 0
    assert len(probe["answer"]["scores"]) < 20 + len(COLUMNS) + 2


@pytest.mark.parametrize("values", [pa.array(["a"]), pa.array(["a"]).dictionary_encode()], ids=["text", "category"])
def test_a_value_that_is_new_is_among_those_that_are_tried(saved, tmp_path, values):
    script, probe = saved(frame_of(tmp_path, x=values))
    assert [UNSEEN] in probe["request"]["input_data"]["data"]
    assert differs(script, probe) == 0


def test_a_model_that_refuses_what_is_new_is_found_out(saved, tmp_path, capsys):
    _, probe = saved(frame_of(tmp_path, x=pa.array(["a"]), y=pa.array(["b"])), refuse="unseen")
    line = "model/ refuses values of x, y that are new to it, and so will an endpoint: ValueError: Found unknown"
    assert capsys.readouterr().out.startswith(line)
    assert UNSEEN not in str(probe["request"])


def test_a_number_may_be_null_where_the_model_answers_it_though_training_had_none(saved, tmp_path):
    rows = frame_of(tmp_path, x=pa.array([0.5, 1.5]))
    script, probe = saved(rows)
    assert [None] in probe["request"]["input_data"]["data"] and differs(script, probe) == 0
    script, _ = saved(rows, refuse="nulls")
    with pytest.raises(script.BadRequestError, match=r"column 'x': row 0 must be a number, got None$"):
        script.read_rows('{"x": null}', script.schema)


WITHOUT_NULLS = ("int8", "booleans", "text", "category", "times in seconds", "times of a place")


@pytest.mark.parametrize("name", WITHOUT_NULLS)
def test_a_null_is_refused_where_training_had_none(tmp_path, name):
    rows = frame_of(tmp_path, x=COLUMNS[name])
    with pytest.raises(SCRIPT.BadRequestError, match=r"column 'x': row 0 must be .*, got None$"):
        SCRIPT.read_rows('{"x": null}', wanted(rows))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("int8", 300, "a whole number from -128 to 127, got 300"),
        ("int64", 2**70, "a whole number from -9223372036854775808 to 9223372036854775807, got"),
        ("uint64", -1, "a whole number from 0 to 18446744073709551615, got -1"),
        ("int64", 3.7, "a whole number from -9223372036854775808 to 9223372036854775807, got 3.7"),
        ("int64", True, "a whole number from"),
        ("integers with nulls", 10**400, "a number or null"),
        ("float32", 1e39, "a number up to 3.40282e+38"),
        ("booleans", 1, "true or false, got 1"),
        ("booleans with nulls", "yes", "true or false or null, got 'yes'"),
        ("text with nulls", 1, "text or null, got 1"),
        ("category", 1, "text, got 1"),
        ("dates", "31.1.2013", "a time such as 2013-01-31T17:45:00, without a zone or null"),
        ("times in nanoseconds", "2300-01-01T00:00:00", "a time such as 2013-01-31T17:45:00, without a zone or null"),
        (
            "times in UTC",
            "2013-01-31T12:00:00",
            "a time with its zone such as 2013-01-31T17:45:00Z, for the model in UTC",
        ),
        ("decimals", "1.10", "a number or null, got '1.10'"),
    ],
)
def test_what_training_could_not_have_had_is_refused_in_one_line(tmp_path, name, value, message):
    rows = frame_of(tmp_path, x=COLUMNS[name])
    with pytest.raises(SCRIPT.BadRequestError) as raised:
        SCRIPT.read_rows(json.dumps({"x": value}), wanted(rows))
    assert str(raised.value).startswith(f"column 'x': row 0 must be {message}")
    assert len(str(raised.value)) < 200 and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("int8", 7.0, 7),
        ("times", "2024-W05-4", datetime(2024, 2, 1)),
        ("dates", "2013-01-31", datetime(2013, 1, 31)),
        ("times", "9999-12-31", datetime(9999, 12, 31)),
        ("times of a place", "2013-01-31T12:00:00-05:00", pd.Timestamp("2013-01-31T17:00:00Z")),
        ("integers with nulls", 2**70, 2.0**70),
    ],
)
def test_what_means_the_same_is_read_the_same(tmp_path, name, value, read):
    rows = frame_of(tmp_path, x=COLUMNS[name])
    found = SCRIPT.read_rows(json.dumps({"x": value}), wanted(rows))
    assert found["x"].tolist() == [read] and found.dtypes.equals(rows.dtypes)


@pytest.mark.parametrize(
    ("values", "held"),
    [
        (pa.array([timedelta(1), None]), "timedelta64"),
        (pa.array([time(12)]), "time"),
        (pa.array([b"a"]), "bytes"),
        (pa.array([[1, 2]]), "mixed"),
        (pa.array([{"a": 1}]), "mixed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_request_can_carry_is_said_before_the_work(tmp_path, values, held):
    with pytest.raises(UserError) as raised:
        describe(frame_of(tmp_path, spent=values))
    assert str(raised.value).startswith(f"column spent: it holds {held} values, which no request")
    assert "\n" not in str(raised.value)


NUMBERS = st.sampled_from(["int8", "int64", "uint64", "float16", "float32", "float64", "bool"]).flatmap(
    lambda kind: arrays.arrays(
        kind, st.integers(1, 5), elements=arrays.from_dtype(np.dtype(kind), allow_infinity=False)
    )
)
TIMES = st.lists(st.datetimes(), min_size=1, max_size=5).map(lambda times: np.array(times, "datetime64[us]"))


@given(values=NUMBERS | TIMES, name=st.text(min_size=1))
def test_any_value_comes_through_to_the_last_digit(values, name):
    rows = pd.DataFrame({name: values})
    pd.testing.assert_frame_equal(served(rows), rows, check_exact=True)


def test_the_document_says_of_each_column_what_it_takes(tmp_path):
    names = ("int8", "float64 with nulls", "booleans", "category", "dates", "times in UTC", "times in seconds")
    rows = frame_of(tmp_path, **{name: COLUMNS[name] for name in names})
    document = SCRIPT.openapi(wanted(rows), "binary", 7)
    row = document["components"]["schemas"]["Row"]
    said = {name: {key: kind[key] for key in kind if key != "description"} for name, kind in row["properties"].items()}
    assert said == {
        "int8": {"type": "integer", "minimum": -128, "maximum": 127},
        "float64 with nulls": {"type": "number", "nullable": True},
        "booleans": {"type": "boolean"},
        "category": {"type": "string"},
        "dates": {"type": "string", "nullable": True},
        "times in UTC": {"type": "string", "format": "date-time", "nullable": True},
        "times in seconds": {"type": "string"},
    }
    assert row["required"] == list(names) and document["info"]["version"] == "7"
    assert "for the model in UTC" in row["properties"]["times in UTC"]["description"]


def test_a_folder_that_cannot_be_written_costs_the_document_alone(saved, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path / "nowhere"))
    script, probe = saved(frame_of(tmp_path, x=COLUMNS["float64"]))
    assert capsys.readouterr().out.startswith("there will be no OpenAPI document: ")
    assert differs(script, probe) == 0


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "string"])
def test_the_types_of_pandas_own_are_served_too(dtype):
    values = {"Int64": [1, None], "boolean": [True, None], "string": ["a", None]}[dtype]
    rows = pd.DataFrame({"x": pd.array(values, dtype=dtype)})
    pd.testing.assert_frame_equal(served(rows), rows)
