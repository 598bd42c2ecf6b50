"""The rules that are drafted from the first months of the flights against those that people wrote for them."""

import json
from pathlib import Path

import pandas as pd
import pytest
from test_flights_expectations import CORRUPTIONS, MONTH

from conftest import MONTHS
from mlops.data.adoption import rules
from mlops.data.adoption.facts import file_facts
from mlops.data.adoption.reading import read_source
from mlops.data.tables import read_file
from mlops.data.validation import Checks, read_suite

KEY = ["time_hour", "carrier", "flight", "origin"]
LATER = sorted(Path(__file__).parents[3].glob("demo/data/*.parquet"))  # the template's; not there in a project
LEAST_CAUGHT = 0.8


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drafted")
    columns = read_source(MONTHS[0].parent, "time_hour", folder).columns
    path = folder / "flights.json"
    drafted = rules.draft("flights", [file_facts(each) for each in MONTHS], columns, KEY, "late")
    path.write_text(rules.to_text(drafted), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def drafted(suite):
    return Checks(read_suite(suite))


def test_it_catches_most_of_what_the_written_rules_catch(drafted, capsys):
    missed = [kind for kind, (corrupt, _) in CORRUPTIONS.items() if not drafted.check(kind, corrupt(MONTH)).failures]
    line = f"{len(CORRUPTIONS) - len(missed)} of {len(CORRUPTIONS)} caught; not: {', '.join(missed)}"
    with capsys.disabled():
        print(f"\n{line}")
    assert len(missed) <= (1 - LEAST_CAUGHT) * len(CORRUPTIONS), line


def test_it_lets_its_own_months_pass(drafted):
    assert [drafted.check(path.name, read_file(path)).failures for path in MONTHS] == [[], [], []]


@pytest.mark.skipif(not LATER, reason="the later months are in the template's repository only")
def test_there_is_no_false_alarm_on_the_later_months(drafted, capsys):
    found = [drafted.check(path.name, read_file(path)) for path in LATER]
    alarms = {each.file: [failure.message for failure in each.failures] for each in found}
    with capsys.disabled():
        print(f"\n{sum(map(len, alarms.values()))} false alarms in {len(LATER)} later months")
    assert {name: lines for name, lines in alarms.items() if lines} == {}


def test_every_rule_says_that_it_was_drafted_and_from_what(suite):
    notes = [each["notes"] for each in json.loads(suite.read_text(encoding="utf-8"))["expectations"]]
    assert len(notes) > 60
    assert all(note.startswith("drafted from ") and len(note) > len("drafted from ") for note in notes)


def draft(folder, **columns):
    path = folder / "table.parquet"
    pd.DataFrame(columns).to_parquet(path, index=False)
    named = read_source(path, None, folder).columns
    suite = rules.draft("table", [file_facts(path)], named, [], None)
    return {(each["type"], each["kwargs"].get("column")): each["kwargs"] for each in suite["expectations"]}


def test_one_file_alone_makes_no_limits_and_no_narrow_means(tmp_path):
    found = draft(tmp_path, x=[10.0, 10.0, 20.0, 20.0], y=["a"] * 2 + ["b"] * 2)
    limits = found["expect_column_values_to_be_between", "x"]
    assert (limits["min_value"], limits["max_value"]) == (0, 30)
    assert found["expect_column_mean_to_be_between", "x"] == {"column": "x", "min_value": 5, "max_value": 25}
    assert ("expect_column_values_to_be_in_set", "y") not in found


def test_a_rare_value_means_that_there_are_others(tmp_path):
    often = draft(tmp_path, y=["ab"] * 9 + ["cd"] * 9)
    assert often["expect_column_values_to_be_in_set", "y"]["value_set"] == ["ab", "cd"]
    rare = draft(tmp_path, y=["ab"] * 9 + ["cd"])
    assert ("expect_column_values_to_be_in_set", "y") not in rare
    assert rare["expect_column_values_to_match_regex", "y"]["regex"] == r"^[a-z]{2}\Z"


def test_a_column_of_nulls_has_no_range(tmp_path):
    found = draft(tmp_path, x=pd.Series([None] * 9, dtype="float64"))
    assert [kind for kind, column in found if column == "x"] == [
        "expect_column_values_to_be_of_type",
    ]


@pytest.mark.parametrize(("nulls", "mostly"), [(1, 0.85), (4, 0.3), (6, 0.2), (9, 0.05)])
def test_a_rule_about_nulls_can_be_broken_however_many_there_are(tmp_path, nulls, mostly):
    found = draft(tmp_path, x=[None] * nulls + [1.5] * (10 - nulls))
    assert found["expect_column_values_to_not_be_null", "x"]["mostly"] == pytest.approx(mostly, abs=0.051)
    assert 0 < found["expect_column_values_to_not_be_null", "x"]["mostly"] < 1 - nulls / 10
