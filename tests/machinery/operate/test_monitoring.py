"""What was collected, as the rows that the model was trained on look; and what a report says first."""

import json

import numpy as np
import pandas as pd
import pytest

from mlops.data.columns import describe
from mlops.data.scoring_script import scoring_script
from mlops.data.tables import read_file
from mlops.operate.monitoring import collected_rows, comparable, headlines, input_drift, summed_up
from mlops.settings.project import Monitoring

RULES = Monitoring(alpha=0.01, min_effect=0.1, min_rows=200, cooldown_days=7)
TRAINING = pd.DataFrame(
    {
        "carrier": pd.Series(["UA", None], dtype="object"),
        "seats": pd.Series([100, 120], dtype="int8"),
        "distance": [1400.0, None],
        "booked": pd.to_datetime(["2013-01-01T05:00", None]).astype("datetime64[us]"),
        "holiday": pd.Series([True, None], dtype="object"),
    }
)
COLUMNS = scoring_script().columns_of({"metadata": {"columns": json.dumps(describe(TRAINING))}})
GOOD = {"carrier": "UA", "seats": 99, "distance": 700, "booked": "2013-02-01T05:00:00", "holiday": False}
UNREADABLE = [("seats", None), ("seats", 300), ("seats", 3.7), ("seats", 2**70), ("booked", "2013-02-01T05:00Z")]
READABLE = [("booked", "2024-W05-4"), ("booked", "2024-01-31 05"), ("distance", 2**70), ("carrier", "B6")]


def request(*rows, columns=tuple(GOOD)):
    return {"inputs": {"columns": list(columns), "data": [list(row) for row in rows]}}


def asked(**changed):
    return request((GOOD | changed).values())


def test_all_requests_together_have_the_columns_and_the_types_of_the_training_rows():
    reverse = tuple(reversed(GOOD))
    nulls = {**GOOD, "carrier": None, "distance": None, "booked": None, "holiday": None}
    rows, left_out = collected_rows(
        [request(GOOD.values(), nulls.values()), request([GOOD[name] for name in reverse], columns=reverse)], COLUMNS
    )
    assert rows.dtypes.to_dict() == TRAINING.dtypes.to_dict() and left_out == []
    assert rows["carrier"].tolist() == ["UA", None, "UA"] and rows["holiday"].tolist() == [False, None, False]
    assert rows["distance"].fillna(-1).tolist() == [700, -1, 700]
    assert rows["booked"].notna().tolist() == [True, False, True]


def test_what_another_version_asked_for_besides_is_passed_over_and_what_it_did_not_is_left_out():
    more = request([*GOOD.values(), 7], columns=[*GOOD, "gate"])
    rows, left_out = collected_rows([more, request(["B6"], columns=["carrier"])], COLUMNS)
    assert (len(rows), left_out) == (1, ["column 'seats': missing"])


@pytest.mark.parametrize(("name", "value"), UNREADABLE)
def test_what_the_scoring_script_would_refuse_is_left_out_and_said(name, value):
    rows, left_out = collected_rows([asked(), asked(**{name: value}), asked()], COLUMNS)
    assert len(rows) == 2 and rows.dtypes.to_dict() == TRAINING.dtypes.to_dict()
    assert summed_up(left_out).startswith(f"requests left out: 1; of the first, column '{name}': row 0 must be ")


@pytest.mark.parametrize(("name", "value"), READABLE)
def test_what_the_scoring_script_lets_through_is_read(name, value):
    rows, left_out = collected_rows([asked(), asked(**{name: value})], COLUMNS)
    assert (len(rows), left_out, summed_up(left_out)) == (2, [], "")
    script = scoring_script()
    served = script.read_rows(json.dumps(GOOD | {name: value}), COLUMNS)
    assert rows[name].tolist()[1] == served[name].tolist()[0]


def test_where_nothing_was_collected_there_are_no_rows_of_those_columns():
    rows, left_out = collected_rows([], COLUMNS)
    assert rows.empty and rows.dtypes.to_dict() == TRAINING.dtypes.to_dict() and left_out == []


def drift_of(before, now):
    columns = scoring_script().columns_of({"metadata": {"columns": json.dumps(describe(before))}})
    found = input_drift(comparable(before, columns), comparable(now, columns), RULES)["features"]
    return {each["feature"]: each for each in found}


def test_a_value_that_a_category_had_not_is_a_new_value_and_not_a_missing_one(tmp_path):
    pd.DataFrame({"carrier": pd.Categorical(["UA", "DL"] * 500)}).to_parquet(tmp_path / "reference.parquet")
    before = read_file(tmp_path / "reference.parquet")
    columns = scoring_script().columns_of({"metadata": {"columns": json.dumps(describe(before))}})
    now, _ = collected_rows([request(["B6"], columns=["carrier"])] * 300, columns)
    found = drift_of(before, now)["carrier"]
    assert (found["missing_now"], found["effect"], found["drifted"]) == (0, 1, True)


@pytest.mark.parametrize(
    ("before", "now", "drifted"),
    [
        ([True, False], [True, True], True),
        ([True, None], [False, None], True),
        ([True, False], [True, False], False),
        (pd.to_datetime(["2013-01-01", None]), pd.to_datetime(["2024-01-01", None]), False),
        (pd.to_datetime(["2013-01-01", None]), pd.to_datetime(["2024-01-01"] * 2), True),
        (pd.Series([1, 2], dtype="uint64"), pd.Series([1, 2**64 - 1], dtype="uint64"), True),
    ],
)
def test_columns_of_every_kind_are_compared(before, now, drifted):
    before, now = (pd.DataFrame({"a": pd.concat([pd.Series(each)] * 500, ignore_index=True)}) for each in (before, now))
    assert drift_of(before, now)["a"]["drifted"] == drifted


@pytest.mark.parametrize(("rows", "status"), [(200, "DRIFT"), (199, "INSUFFICIENT")])
def test_drift_is_looked_for_from_the_rows_on_that_the_rules_name(rows, status):
    before, now = (
        pd.DataFrame({"distance": np.arange(float(start), start + count)}) for start, count in ((0, 1000), (5000, rows))
    )
    found = input_drift(before, now, RULES)
    assert (found["status"], found["rows"], found["reference_rows"]) == (status, rows, 1000)
    assert [each["feature"] for each in found["features"]] == (["distance"] if status == "DRIFT" else [])


def test_the_headlines_name_what_has_drifted_and_nothing_else():
    features = [
        {"feature": "distance", "effect": 0.514, "drifted": True},
        {"feature": "carrier", "effect": 0.2, "drifted": True},
        {"feature": "origin", "effect": 0.09, "drifted": False},
    ]
    facts = {"endpoint": "flights", "status": "DRIFT", "rows": 1234, "features": features}
    quality = {"status": "HOLDING", "summary": "9 labelled rows"}
    assert headlines({**facts, "quality": quality}) == [
        "DRIFT: 1,234 rows collected at flights; distance (0.51), carrier (0.20)",
        "HOLDING: 9 labelled rows",
    ]
    stable = {**facts, "status": "STABLE", "features": features[2:], "quality": quality}
    assert headlines(stable)[0] == "STABLE: 1,234 rows collected at flights"
    assert headlines({**stable, "left_out": "requests left out: 3"})[2:] == ["requests left out: 3"]
