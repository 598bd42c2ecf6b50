"""The rules: every kind of corruption is caught and the right column named; what cannot be checked never passes."""

import json

import numpy as np
import pandas as pd
import pytest

from conftest import FIXTURE, MONTHS
from mlops import UserError
from mlops.data.tables import read_file
from mlops.data.validation import Checks, read_suite

SUITE = FIXTURE / "expectations" / "flights.json"
MONTH = read_file(MONTHS[0])
KEY = {"time_hour", "carrier", "flight", "origin"}


@pytest.fixture(scope="module")
def checks():
    return Checks(read_suite(SUITE))


def spoil(column, value, rows=slice(None)):
    """A corruption that puts the value, or what the function makes of the old ones, into some rows of a column."""

    def corrupt(month):
        old = month[column].astype(object)
        old.iloc[rows] = value(month[column].iloc[rows]) if callable(value) else value
        return month.assign(**{column: old.infer_objects()})

    return corrupt


def swap(one, other):
    return lambda month: month.assign(**{one: month[other], other: month[one]})


CORRUPTIONS = {
    "missing column": (lambda month: month.drop(columns="wind_dir"), {"wind_dir"}),
    "extra column": (lambda month: month.assign(gate=1.0), {"gate"}),
    "renamed column": (lambda month: month.rename(columns={"humid": "humidity"}), {"humid", "humidity"}),
    "text among numbers": (spoil("wind_speed", "n/a", [7]), {"wind_speed"}),
    "numbers as text": (spoil("distance", lambda old: old.astype(str)), {"distance"}),
    "target as text": (spoil("late", lambda old: old.astype(str)), {"late", "arr_delay"}),
    "integers for decimals": (spoil("flight", lambda old: old.astype(int)), {"flight"}),
    "time as text": (spoil("time_hour", lambda old: old.astype(str)), {"time_hour"}),
    "time with a zone": (lambda month: month.assign(time_hour=month["time_hour"].dt.tz_localize("UTC")), {"time_hour"}),
    "numbers for text": (spoil("dest", 3), {"dest"}),
    "all null": (spoil("pressure", np.nan), {"pressure"}),
    "all null, without a type": (lambda month: month.assign(precip=None), {"precip"}),
    "burst of nulls": (spoil("visib", np.nan, slice(500, 900)), {"visib"}),
    "one null where none may be": (spoil("origin", None, [7]), {"origin"}),
    "target partly null": (spoil("late", np.nan, [7]), {"late"}),
    "unit: a thousand times": (spoil("air_time", lambda old: old * 1000), {"air_time"}),
    "unit: kilometres": (spoil("distance", lambda old: old * 1.609), {"distance"}),
    "unit: Celsius": (spoil("temp", lambda old: (old - 32) / 1.8), {"temp", "dewp"}),
    "unit: metres per second": (spoil("wind_speed", lambda old: old * 0.447), {"wind_speed"}),
    "unit: share for percent": (spoil("humid", lambda old: old / 100), {"humid"}),
    "new category": (spoil("carrier", "ZZ", [7]), {"carrier"}),
    "mistyped category": (spoil("origin", "JKF", [7, 8]), {"origin"}),
    "lower case": (spoil("dest", lambda old: old.str.lower()), {"dest"}),
    "one category only": (spoil("origin", "JFK"), {"origin"}),
    "rows twice": (lambda month: pd.concat([month, month[:5]], ignore_index=True), KEY),
    "columns swapped: temperatures": (swap("temp", "dewp"), {"temp", "dewp"}),
    "columns swapped: schedule": (swap("sched_dep_time", "sched_arr_time"), {"sched_dep_time"}),
    "columns swapped: text": (swap("carrier", "origin"), {"carrier", "origin"}),
    "columns swapped: delays": (swap("dep_delay", "arr_delay"), {"arr_delay"}),
    "time out of range": (spoil("time_hour", pd.Timestamp("2031-01-01"), [7]), {"time_hour"}),
    "time stands still": (spoil("time_hour", pd.Timestamp("2013-01-01")), KEY),
    "impossible clock": (spoil("sched_arr_time", 2575.0, [7]), {"sched_arr_time"}),
    "half the rows": (lambda month: month[: len(month) // 2], {"", "time_hour"}),
    "target flipped": (lambda month: month.assign(late=1 - month["late"]), {"late", "arr_delay"}),
    "target flipped in one row": (spoil("late", lambda old: 1 - old, [7]), {"arr_delay"}),
    "target constant": (spoil("late", 0), {"late", "arr_delay"}),
    "negative": (spoil("distance", -200.0, [7]), {"distance"}),
    "number for null": (spoil("pressure", -9999.0, [7]), {"pressure"}),
    "infinite": (spoil("dep_delay", np.inf, [7]), {"dep_delay"}),
}


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_corrupt_month_is_refused_and_the_right_columns_are_named(checks, kind):
    corrupt, columns = CORRUPTIONS[kind]
    failures = checks.check(kind, corrupt(MONTH)).failures
    assert {name for failure in failures for name in failure.column.split(", ")} == columns
    for failure in failures:
        assert "\n" not in failure.message
        assert len(failure.message) < 400


NUMBERS = set(MONTH.select_dtypes("number"))
EVERYWHERE = {
    "no type": (lambda month: month.astype(str), "must be of type", NUMBERS | {"time_hour"}),
    "no values": (lambda month: month.mask(month["flight"] > 200), "null", set(MONTH) - {"late"}),
    "no sense": (lambda month: month.assign(**month[[*NUMBERS]] * 1e6 + 1e5), "must", NUMBERS),
}


@pytest.mark.parametrize("lost", EVERYWHERE)
def test_no_column_goes_unguarded(checks, lost):
    corrupt, word, columns = EVERYWHERE[lost]
    failures = checks.check(lost, corrupt(MONTH)).failures
    guarded = {failure.column for failure in failures if word in failure.rule and failure.failed}
    assert guarded >= columns


def test_order_of_rows_and_columns_does_not_matter(checks):
    shuffled = MONTH.sample(frac=0.9, random_state=1).sample(frac=1, axis=1, random_state=1)
    assert checks.check("shuffled", shuffled).failures == []


def test_a_failure_says_how_many_rows_and_shows_some(checks):
    (failure,) = checks.check("month", spoil("temp", 300.0, [3, 4, 5])(MONTH)).failures
    assert (failure.column, failure.failed, failure.of, failure.samples) == ("temp", 3, len(MONTH), ["300"])
    assert failure.message == (
        "temp values must be greater than or equal to -25.0 and less than or equal to 115.0 (degrees Fahrenheit): "
        f"broken by 3 of {len(MONTH):,} rows, such as 300"
    )
    assert failure.to_json()["share"] == pytest.approx(3 / len(MONTH))


def suite_of(folder, *rules):
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": "suite", "expectations": rules}), encoding="utf-8")
    return read_suite(path)


def test_a_rule_in_the_suites_own_words_still_names_its_column(tmp_path):
    kwargs = {"column": "temp", "min_value": 200}
    rule = {"type": "expect_column_values_to_be_between", "kwargs": kwargs, "description": "Must boil"}
    (failure,) = Checks(suite_of(tmp_path, rule)).check("month", MONTH).failures
    wrong, rows = (MONTH["temp"] < 200).sum(), len(MONTH)
    assert failure.message.startswith(f"temp: Must boil: broken by {wrong:,} of {rows:,} rows")


def test_columns_in_another_order_are_named(tmp_path):
    rule = {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["b", "a"]}}
    (failure,) = Checks(suite_of(tmp_path, rule)).check("month", pd.DataFrame({"a": [1], "b": [2]})).failures
    assert (failure.column, failure.found) == ("b, a", "found a b")


def test_a_rule_that_cannot_be_checked_is_broken(tmp_path):
    rules = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "gate", "min_value": 1}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "dest", "min_value": 1}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "temp", "min_value": 9, "max_value": 1}},
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "dest", "regex": "("}},
    ]
    found = Checks(suite_of(tmp_path, *rules)).check("month", MONTH)
    assert [failure.column for failure in found.failures] == ["gate", "dest", "temp", "dest"]
    assert found.failures[0].found == "there is no column gate"
    assert found.failures[1].found.startswith("could not be checked (dest is object; ")


RULE = {"type": "expect_column_to_exist", "kwargs": {"column": "temp"}}
BAD_SUITES = {
    "not JSON": ("{", "not valid JSON"),
    "a list": (json.dumps([RULE]), "expected keys and values, got a list; write"),
    "no rules": (json.dumps({"name": "suite"}), "no expectations in it"),
    "an empty list of rules": (json.dumps({"name": "suite", "expectations": []}), "no expectations in it"),
    "an unknown rule": (
        json.dumps({"expectations": [RULE, {"type": "expect_wonders", "kwargs": {}}]}),
        "expectations[1]: Great Expectations refuses it (expect_wonders not found",
    ),
    "a misspelt key": (
        json.dumps({"expectations": [RULE | {"note": "x"}]}),
        "expectations[0]: Great Expectations refuses it (",
    ),
    "a misspelt argument": (
        json.dumps({"expectations": [{"type": "expect_column_to_exist", "kwargs": {"colum": "temp"}}]}),
        "expectations[0]: ",
    ),
    "a missing key": (json.dumps({"expectations": [{"type": "expect_column_to_exist"}]}), "needs the keys type and kw"),
    "a rule that is text": (json.dumps({"expectations": ["expect_column_to_exist"]}), "needs the keys type and kwargs"),
}


@pytest.mark.parametrize("kind", BAD_SUITES)
def test_a_bad_suite_is_refused_in_one_line(tmp_path, kind):
    content, message = BAD_SUITES[kind]
    path = tmp_path / "suite.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_suite(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert message in line
    assert "\n" not in line
