"""The rules in data.suite: the newest file keeps them all, and each of them speaks up when its columns go bad.

The corruptions are derived from the rules and the data that are there. They are made in CORRUPTIONS: a kind of rule
that it lacks is skipped by name, and one more line teaches it that kind.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from mlops.data.tables import data_files, local_folder, read_file
from mlops.data.validation import Checks, read_suite
from mlops.settings.project import load_project

ROOT = Path(__file__).parent.parent
PROJECT = load_project(ROOT / "project.yml")
SUITE = ROOT / PROJECT.data.suite
RULES = json.loads(SUITE.read_text(encoding="utf-8"))["expectations"]
ROWS = 2000  # what is corrupted; the whole file where a rule is about some of its rows only
MOST_ROWS = 1_000_000  # no more are made up to break a rule about their number
STRANGE = ("no such value", "-", "0", "")  # one of these breaks almost any pattern


@pytest.fixture(scope="module")
def newest():
    return read_file(data_files(ROOT / local_folder(PROJECT.data.uri))[-1])


def wrong(rows, rule):
    """How many rows have to be wrong: more than the rule lets through, or all where it picks its rows."""
    few = int((1 - rule.get("mostly", 1)) * len(rows)) + 2
    return len(rows) if "row_condition" in rule else min(few, len(rows))


def put(rows, column, value, count=None):
    """The same with that value in the first rows of a column, or in all."""
    values = rows[column].astype(object)
    values.iloc[:count] = value
    return rows.assign(**{column: values.infer_objects()})


def put_wrong(rows, rule, value):
    """The same with that value in as many rows as have to be wrong."""
    return put(rows, rule["column"], value, wrong(rows, rule))


def other(values, known=()):
    """A value of the same sort that is in neither."""
    if is_datetime64_any_dtype(values):
        return pd.Timestamp("1900-01-01", tz=values.dt.tz)
    numbers = [abs(value) for value in known if isinstance(value, int | float)]
    if is_numeric_dtype(values) and len(numbers) == len(known):
        return 1 + sum(numbers) + float(values.abs().max() if len(values.dropna()) else 0)
    return "no such value"


def outside(low, high):
    """A value below the lowest that is allowed and one above the highest, where there are such limits."""
    low, high = (pd.Timestamp(limit) if isinstance(limit, str) else limit for limit in (low, high))
    step = pd.Timedelta(days=36525) if isinstance(low or high, pd.Timestamp) else 1 + abs(low or 0) + abs(high or 0)
    return [*([] if low is None else [low - step]), *([] if high is None else [high + step])]


def limits(rule):
    """The lowest and the highest that the rule allows; None where there is no such limit."""
    return (rule["value"], rule["value"]) if "value" in rule else (rule.get("min_value"), rule.get("max_value"))


def out_of_range(rows, rule):
    return [put_wrong(rows, rule, value) for value in outside(*limits(rule))]


def moved(rows, rule):
    """Every value of the column is beyond a limit, and so is whatever sums them up."""
    return [put(rows, rule["column"], value) for value in outside(*limits(rule))]


def quantiles_moved(rows, rule):
    low, high = rule["quantile_ranges"]["value_ranges"][0]
    return moved(rows, {**rule, "min_value": low, "max_value": high})


def spread(rows, rule):
    """Values that do not differ, or differ by too much."""
    low, high = limits(rule)
    too_far = [put(rows, rule["column"], np.resize([-4.0 * high, 4.0 * high + 1], len(rows)))] if high else []
    return [put(rows, rule["column"], 0.0), *too_far] if low else too_far


def distinct(rows, rule):
    """Too few different values, or too many."""
    low, high = limits(rule)
    shares = "proportion" in rule["type"]
    few = [put(rows, rule["column"], 1 if low > 1 else None)] if low else []
    if high is None or high >= (1 if shares else MOST_ROWS):
        return few
    more = rows if shares else repeated(rows, max(len(rows), high + 1))
    return [*few, more.assign(**{rule["column"]: [f"value {row}" for row in range(len(more))]})]


def filled(rows, rule):
    """Too few values that are not null, or too many."""
    low, high = limits(rule)
    empty = [put(rows, rule["column"], None)] if low else []
    return empty if high is None or high >= 1 else [*empty, put(rows, rule["column"], other(rows[rule["column"]]))]


def repeated(rows, count):
    """That many rows, the same again and again."""
    return rows.iloc[np.arange(count) % len(rows)].reset_index(drop=True)


def rows_counted(rows, rule):
    low, high = limits(rule)
    fewer = [repeated(rows, low - 1)] if low else []
    return fewer if high is None or high >= MOST_ROWS else [*fewer, repeated(rows, high + 1)]


def columns_counted(rows, rule):
    low, high = limits(rule)
    fewer = [rows[rows.columns[: low - 1]]] if low else []
    return fewer if high is None else [*fewer, rows.assign(**{f"column {number}": 0 for number in range(high)})]


def columns_named(rows, rule):
    without = [rows.drop(columns=name) for name in rule["column_set"][:1]]
    return [*without, rows.assign(**{"no such column": 0})] if rule.get("exact_match", True) else without


def new_value(rows, rule):
    return [put_wrong(rows, rule, other(rows[rule["column"]], rule["value_set"] or ()))]


def only_a_new_value(rows, rule):
    return [put(rows, rule["column"], other(rows[rule["column"]], rule["value_set"] or ()))]


def forbidden_value(rows, rule):
    as_time = is_datetime64_any_dtype(rows[rule["column"]])
    return [put_wrong(rows, rule, pd.Timestamp(value) if as_time else value) for value in rule["value_set"][:1]]


def another_type(rows, rule):
    """Durations, or text where durations are right: dates, numbers and codes are among the types of many tables."""
    is_duration = rows[rule["column"]].dtype.kind == "m"
    return [put(rows, rule["column"], "no such value" if is_duration else pd.Timedelta(days=1))]


def garbage(rows, rule):
    patterns = rule["regex_list"] if "regex_list" in rule else [rule["regex"]]
    text = next((text for text in STRANGE if not any(re.search(each, text) for each in patterns)), None)
    return [] if text is None else [put_wrong(rows, rule, text)]


def lengths(rows, rule):
    low, high = limits(rule)
    sizes = [*([low - 1] if low else []), *([] if high is None else [high + 1])]
    return [put_wrong(rows, rule, "x" * size) for size in sizes]


def turned(rows, rule):
    numbers = np.arange(len(rows))
    return [rows.assign(**{rule["column"]: numbers[::-1] if "increasing" in rule["type"] else numbers})]


def a_below_b(rows, rule):
    b = rows[rule["column_B"]]
    return [
        rows.assign(
            **{rule["column_A"]: b - pd.Timedelta(days=1) if is_datetime64_any_dtype(b) else b.astype(float) - 1}
        )
    ]


def first_differs(rows, rule):
    name = rule["column_A"] if "column_A" in rule else rule["column_list"][0]
    return [put(rows, name, other(rows[name]))]


def alike_in_a_row(rows, rule):
    return [rows.assign(**dict.fromkeys(rule["column_list"][1:], rows[rule["column_list"][0]]))]


CORRUPTIONS = {  # kind of rule -> what rows and rule are made into: frames that break it, each by itself
    "expect_column_to_exist": lambda rows, rule: [rows.drop(columns=rule["column"])],
    "expect_table_columns_to_match_set": columns_named,
    "expect_table_columns_to_match_ordered_list": lambda rows, _: [rows[rows.columns[::-1]]],
    "expect_table_column_count_to_equal": columns_counted,
    "expect_table_column_count_to_be_between": columns_counted,
    "expect_table_row_count_to_equal": rows_counted,
    "expect_table_row_count_to_be_between": rows_counted,
    "expect_column_values_to_be_of_type": another_type,
    "expect_column_values_to_be_in_type_list": another_type,
    "expect_column_values_to_not_be_null": lambda rows, rule: [put_wrong(rows, rule, None)],
    "expect_column_values_to_be_null": lambda rows, rule: [put_wrong(rows, rule, "no such value")],
    "expect_column_proportion_of_non_null_values_to_be_between": filled,
    "expect_column_values_to_be_between": out_of_range,
    "expect_column_min_to_be_between": moved,
    "expect_column_max_to_be_between": moved,
    "expect_column_mean_to_be_between": moved,
    "expect_column_median_to_be_between": moved,
    "expect_column_sum_to_be_between": moved,
    "expect_column_quantile_values_to_be_between": quantiles_moved,
    "expect_column_stdev_to_be_between": spread,
    "expect_column_value_z_scores_to_be_less_than": lambda rows, rule: [put(rows, rule["column"], 1e12, 1)],
    "expect_column_values_to_be_in_set": new_value,
    "expect_column_distinct_values_to_be_in_set": new_value,
    "expect_column_distinct_values_to_equal_set": new_value,
    "expect_column_distinct_values_to_contain_set": only_a_new_value,
    "expect_column_most_common_value_to_be_in_set": only_a_new_value,
    "expect_column_values_to_not_be_in_set": forbidden_value,
    "expect_column_values_to_be_unique": lambda rows, _: [repeated(rows, 2 * len(rows))],
    "expect_column_unique_value_count_to_be_between": distinct,
    "expect_column_proportion_of_unique_values_to_be_between": distinct,
    "expect_compound_columns_to_be_unique": lambda rows, _: [repeated(rows, 2 * len(rows))],
    "expect_select_column_values_to_be_unique_within_record": alike_in_a_row,
    "expect_multicolumn_values_to_be_equal": first_differs,
    "expect_multicolumn_sum_to_equal": first_differs,
    "expect_column_pair_values_to_be_equal": first_differs,
    "expect_column_pair_values_to_be_in_set": first_differs,
    "expect_column_pair_values_a_to_be_greater_than_b": a_below_b,
    "expect_column_values_to_match_regex": garbage,
    "expect_column_values_to_match_regex_list": garbage,
    "expect_column_value_lengths_to_equal": lengths,
    "expect_column_value_lengths_to_be_between": lengths,
    "expect_column_values_to_match_strftime_format": lambda rows, rule: [put_wrong(rows, rule, "no such value")],
    "expect_column_values_to_be_dateutil_parseable": lambda rows, rule: [put_wrong(rows, rule, "no such value")],
    "expect_column_values_to_be_json_parseable": lambda rows, rule: [put_wrong(rows, rule, "no such value")],
    "expect_column_values_to_be_increasing": turned,
    "expect_column_values_to_be_decreasing": turned,
}


def columns_of(rule, rows, corrupt):
    """The columns that the report has to name."""
    if "column_set" in rule:
        return set(rows) ^ set(corrupt)
    return {rule[key] for key in ("column", "column_A", "column_B") if key in rule} | {*rule.get("column_list", ())}


def reported(rule, rows, corrupt, checks):
    """Whether the rule says that it is broken, and by which columns."""
    failures = checks.check("corrupt", corrupt).failures
    names = " ".join(failure.column for failure in failures)
    return bool(failures) and all(name in names for name in columns_of(rule, rows, corrupt))


def test_the_newest_file_keeps_all_rules(newest):
    failures = Checks(read_suite(SUITE)).check("newest", newest).failures
    assert not failures, f"{SUITE.name}: correct the data or the rules\n" + "\n".join(each.message for each in failures)


@pytest.mark.parametrize("at", range(len(RULES)), ids=lambda at: f"{at}: {RULES[at]['type']}")
def test_a_rule_is_broken_by_what_it_forbids(newest, tmp_path, at):
    rule = {"type": RULES[at]["type"], **RULES[at]["kwargs"]}
    rows = newest if "row_condition" in rule else newest.sample(min(ROWS, len(newest)), random_state=0).sort_index()
    corrupt = CORRUPTIONS[rule["type"]](rows, rule) if rule["type"] in CORRUPTIONS else []
    if not corrupt:
        pytest.skip(f"no corruption known for {rule['type']}: write one in tests/test_expectations.py")
    alone = tmp_path / "suite.json"
    alone.write_text(json.dumps({"expectations": [RULES[at]]}), encoding="utf-8")
    checks = Checks(read_suite(alone))
    noticed = [reported(rule, rows, each, checks) for each in corrupt]
    enough = any(noticed) if "row_condition" in rule else all(noticed)  # a condition may leave out the bad rows
    assert enough, f"{SUITE.name}: expectations[{at}] lets pass what it should forbid: {json.dumps(RULES[at])}"
