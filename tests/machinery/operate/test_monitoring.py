"""What was collected, as the rows that the model was trained on look; and what a report says first."""

import json

import numpy as np
import pandas as pd
import pytest

from mlops.data.columns import describe
from mlops.data.scoring_script import scoring_script
from mlops.data.tables import hash_data, read_file
from mlops.decide.tasks import TASKS
from mlops.operate.inputs import asked_by_people, input_drift, live_answers, live_days
from mlops.operate.monitoring import collected_rows, comparable, headlines, newer_labels, summed_up
from mlops.platform import ModelVersion
from mlops.settings.project import Data, Monitoring

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


@pytest.mark.parametrize(
    ("uri", "time", "quality", "seen", "newer"),
    [
        (None, "when", "UNLABELLED", "other", False),
        (None, "when", "HOLDING", "other", True),
        (None, "when", "HOLDING", "same", False),
        (None, None, "UNLABELLED", "other", True),
        (None, None, "UNLABELLED", "same", False),
        (None, None, "UNLABELLED", None, True),
        ("azureml:rows:1", None, "UNLABELLED", "other", True),  # what is there cannot be hashed from here
    ],
)
def test_there_are_newer_labels_by_their_time_or_else_by_the_hash_of_the_data(
    tmp_path, uri, time, quality, seen, newer
):
    TRAINING.to_parquet(tmp_path / "rows.parquet")
    tags = {"data_hash": hash_data(tmp_path) if seen == "same" else "0"} if seen else {}
    data = Data(uri=uri or str(tmp_path), suite="s.json", time=time, target="late", known_only_after=[])
    assert newer_labels(data, ModelVersion("flights", 7, "r", tags), {"status": quality}) is newer


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


NOTHING = (pd.Series(dtype="float64"), pd.Series(dtype="float64"))


def report_of(before, now, days=None, live=()):
    columns = scoring_script().columns_of({"metadata": {"columns": json.dumps(describe(before))}})
    return input_drift((comparable(before, columns), comparable(now, columns)), NOTHING, days, live, RULES)


def drift_of(before, now):
    return {each["feature"]: each for each in report_of(before, now)["features"]}


def test_a_value_that_a_category_had_not_is_a_new_value_and_not_a_missing_one(tmp_path):
    pd.DataFrame({"carrier": pd.Categorical(["UA", "DL"] * 500)}).to_parquet(tmp_path / "reference.parquet")
    before = read_file(tmp_path / "reference.parquet")
    columns = scoring_script().columns_of({"metadata": {"columns": json.dumps(describe(before))}})
    now, _ = collected_rows([request(["B6"], columns=["carrier"])] * 300, columns)
    found = drift_of(before, now)["carrier"]
    assert (found["missing_now"], found["effect"], found["drifted"]) == (0, 1, True)
    assert found["moved"] == "B6 0.0% -> 100.0%"


@pytest.mark.parametrize(
    ("before", "now", "drifted"),
    [
        ([True, False], [True, True], True),
        ([True, None], [False, None], True),
        ([True, False], [True, False], False),
        (pd.to_datetime(["2013-01-01", None]), pd.to_datetime(["2024-01-01", None]), False),
        (pd.Series([1, 2], dtype="uint64"), pd.Series([1, 2**64 - 1], dtype="uint64"), True),
    ],
)
def test_columns_of_every_kind_are_compared(before, now, drifted):
    before, now = (pd.DataFrame({"a": pd.concat([pd.Series(each)] * 500, ignore_index=True)}) for each in (before, now))
    assert drift_of(before, now)["a"]["drifted"] == drifted


def test_of_a_time_it_is_compared_whether_it_is_there():
    before, now = (
        pd.DataFrame({"a": pd.to_datetime(pd.Series([there, *["2013-01-01"] * 2] * 200))})
        for there in ("2013-01-01", None)
    )
    (fault,) = report_of(before, now)["faults"]
    assert (fault["kind"], fault["features"]) == ("missing", ["a"])


@pytest.mark.parametrize(("rows", "status"), [(200, "DRIFT"), (199, "INSUFFICIENT")])
def test_drift_is_looked_for_from_the_rows_on_that_the_rules_name(rows, status):
    before, now = (
        pd.DataFrame({"distance": np.arange(float(start), start + count)}) for start, count in ((0, 1000), (1500, rows))
    )
    found = report_of(before, now)
    assert (found["status"], found["rows"], found["reference_rows"]) == (status, rows, 1000)
    assert [each["feature"] for each in found["features"]] == (["distance"] if status == "DRIFT" else [])
    assert ("200 are needed" in found["how"]) == (status == "INSUFFICIENT")


DAYS = np.repeat(np.datetime64("2013-01-01") + np.arange(30), 40)
WEEK = DAYS[0] + (DAYS - DAYS[0]).astype(int) % 7
FLIGHTS = pd.DataFrame({"distance": np.random.default_rng(0).normal(1000, 100, 1200)})


@pytest.mark.parametrize(
    ("days", "live", "said"),
    [
        (None, DAYS[:40], "no day of the training rows is known"),
        (DAYS, DAYS[:120], "windows of 3 of the 30 or more days of training; false alarms: 3.6 a year at most"),
        (DAYS, DAYS[:400], "(shorter than the 10 days of the live rows, as training is short)"),
        (DAYS, DAYS[:40] + 200, "the season of the live rows is not in training"),
        (WEEK, DAYS[:40], "the training rows are of 7 days, and 8 are the least"),
    ],
)
def test_the_report_says_what_was_compared_with_what(days, live, said):
    found = report_of(FLIGHTS, FLIGHTS[:300], days, np.unique(live))
    assert said in found["how"]
    assert found["status"] == ("INSUFFICIENT" if "7 days" in said else "STABLE")


def test_live_rows_are_of_the_days_of_their_time_column_or_else_of_their_request():
    asked = [{**request(GOOD.values()), "time": 1_385_000_000.0}, {**asked_at("2013-02-03"), "time": 1_385_000_000.0}]
    assert live_days(asked, "booked", COLUMNS).astype(str).tolist() == ["2013-02-01", "2013-02-03"]
    for time in (None, "elsewhere"):
        assert live_days(asked, time, COLUMNS).astype(str).tolist() == ["2013-11-21"]
    unreadable = [{**asked_at("soon"), "time": 1_385_000_000.0}]
    assert live_days(unreadable, "booked", COLUMNS).astype(str).tolist() == ["2013-11-21"]
    assert len(live_days([], "booked", COLUMNS)) == 0


def asked_at(day):
    return asked(booked=day)


def test_rows_of_the_probe_are_left_out_and_one_more_column_or_row_is_not():
    probe = {"request": {"input_data": request(GOOD.values())["inputs"]}}
    others = [asked(seats=98), request(GOOD.values(), (GOOD | {"seats": 98}).values())]
    assert asked_by_people([request(GOOD.values()), *others], [probe]) == others


@pytest.mark.parametrize(
    ("task", "said", "found"),
    [
        ("binary", {"scores": [0.25, None]}, [0.25, None]),
        ("regression", {"values": [7]}, [7.0]),
        ("multiclass", {"classes": [1, "b"]}, ["1", "b"]),
    ],
)
def test_the_answers_are_those_of_the_version(task, said, found):
    collected = [
        {"outputs": outputs, "version": version} for outputs, version in ((said, 7), (said, 6), (None, 7), ({}, 7))
    ]
    asked = TASKS[task]("any", 0.5)
    answers = live_answers(asked, collected, 7)
    assert answers.astype("object").where(answers.notna(), None).tolist() == found
    assert len(live_answers(asked, [{"outputs": said, "version": None}], 7)) == len(found), "an older one does not say"


def test_the_headlines_name_what_has_drifted_and_what_is_faulty_and_nothing_else():
    features = [
        {"feature": "distance", "moved": "median 900 -> 1000", "drifted": True},
        {"feature": "origin", "moved": "EWR 30.0% -> 31.0%", "drifted": False},
    ]
    fault = {"kind": "swapped", "features": ["temp", "dewp"], "says": "each has the values of the other"}
    facts = {"endpoint": "flights", "status": "FAULT", "rows": 1234, "features": features, "faults": [fault]}
    quality = {"status": "HOLDING", "summary": "9 labelled rows"}
    assert headlines({**facts, "quality": quality}) == [
        "FAULT: 1,234 rows collected at flights; temp, dewp: swapped, each has the values of the other;"
        " distance (median 900 -> 1000)",
        "HOLDING: 9 labelled rows",
    ]
    stable = {**facts, "status": "STABLE", "features": features[1:], "faults": [], "quality": quality}
    assert headlines(stable)[0] == "STABLE: 1,234 rows collected at flights"
    assert headlines({**stable, "left_out": "requests left out: 3"})[2:] == ["requests left out: 3"]
