"""What each column is, how it is used and why; which task the target sets; and what the settings make of it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.data.adoption.columns import Roles, Table, profiles, task_of
from mlops.data.adoption.facts import MANY, Facts, file_facts, sample, together
from mlops.data.adoption.reading import Column, read_source
from mlops.data.adoption.settings import replaced
from mlops.settings.migration import entries
from mlops.settings.reading import parse_yaml
from mlops.settings.values import scalar

ROWS = 400
RANDOM = np.random.default_rng(7)


def look_at(folder, **columns):
    """The table that these columns make."""
    path = folder / "table.parquet"
    pd.DataFrame(columns).to_parquet(path, index=False)
    found = file_facts(path)
    named = read_source(path, None, folder).columns
    return Table(len(next(iter(columns.values()))), [found], named, found, sample([path], ROWS, len(columns)))


def noise():
    return RANDOM.normal(size=ROWS)


def words(values):
    return [f"word{value}" for value in values]


TARGETS = {
    "two numbers": (np.arange(ROWS) % 2, "binary"),
    "two texts": (words(np.arange(ROWS) % 2), "binary"),
    "booleans": (np.arange(ROWS) % 2 == 0, "binary"),
    "texts": (words(np.arange(ROWS) % 5), "multiclass"),
    "few whole numbers": (np.arange(ROWS) % 7, "multiclass"),
    "decimals": (noise(), "regression"),
    "whole numbers from far apart": (np.arange(ROWS) % 7 * 1000, "regression"),
    "many whole numbers": (np.arange(ROWS) % 90, "regression"),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_the_task_follows_from_the_target(tmp_path, kind):
    values, task = TARGETS[kind]
    assert task_of(look_at(tmp_path, y=values), Roles("y")) == task


UNFIT = {
    "one value": (np.zeros(ROWS), None, "y: all rows have the same value"),
    "few rows": (np.arange(49) % 2, None, "y: a value in 49 rows; a model needs 50"),
    "few decimals": (np.arange(ROWS) % 7 / 2, None, "y: 7 different decimals; say --task regression or multiclass"),
    "one row of a class": (words(np.where(np.arange(ROWS) == 9, 9, np.arange(ROWS) % 3)), None, "'word9' has one row"),
    "too many classes": (words(np.arange(ROWS) % 101), None, "y: 101 classes, and 100 are the most"),
    "endless classes": (words(range(2 * MANY)), None, f"y: over {MANY:,} classes"),
    "times": (pd.date_range("2013-01-01", periods=ROWS), None, "y: holds times"),
    "texts for a regression": (words(np.arange(ROWS) % 5), "regression", "y: holds no numbers"),
    "three for two": (np.arange(ROWS) % 3, "binary", "y: has more than 2 values"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_target_that_nothing_can_learn_is_refused_in_one_line(tmp_path, kind):
    values, task, says = UNFIT[kind]
    with pytest.raises(UserError) as caught:
        task_of(look_at(tmp_path, y=values), Roles("y", task=task))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


LABELS = np.arange(ROWS) % 2
COLUMNS = {
    "numbers": (noise(), "number", "feature"),
    "categories": (words(RANDOM.integers(0, 20, ROWS)), "category", "feature"),
    "booleans": (RANDOM.random(ROWS) < 0.5, "boolean", "feature, slice"),
    "times": (pd.Timestamp("2013-01-01") + pd.to_timedelta(RANDOM.integers(0, 10**7, ROWS), "s"), "time", "feature"),
    "mostly null": (np.where(np.arange(ROWS) % 20 == 7, noise(), np.nan), "number", "feature"),
    "few numbers": (RANDOM.integers(0, 1000, ROWS), "number", "feature"),
    "whole numbers far apart": (
        10_000_000 * RANDOM.permutation(ROWS) + 7,
        "number",
        "feature",
    ),
    "no values": ([None] * ROWS, "constant", "left out"),
    "one value": (["same"] * ROWS, "constant", "left out"),
    "counted": (np.arange(ROWS), "identifier", "left out"),
    "counted, in disorder": (RANDOM.permutation(ROWS), "identifier", "left out"),
    "serial texts": (words(range(ROWS)), "identifier", "left out"),
    "prose": (
        ["so many words or so"] * (ROWS - 1) + ["and some that differ a lot"],
        "text",
        "left out",
    ),
    "the target": (LABELS * 2.5, "leak", "left out"),
    "the target in words": (words(LABELS), "leak", "left out"),
    "the target in what is null": (np.where(LABELS, noise(), np.nan), "leak", "left out"),
    "what the target is made of": (noise() + 9 * LABELS, "leak", "left out"),
    "a good hint": (noise() + 2 * LABELS, "number", "feature"),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_what_a_column_is_and_whether_it_is_used(tmp_path, kind):
    values, what, used = COLUMNS[kind]
    (found, _) = profiles(look_at(tmp_path, x=values, y=LABELS, z=noise()), Roles("y"), "binary")[:2]
    assert (found.what, found.used) == (what, used), found.why


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_what_gives_the_target_away_is_left_out_in_every_task(tmp_path, task):
    target = {"multiclass": words(np.arange(ROWS) % 4), "regression": noise()}[task]
    copy = words(np.arange(ROWS) % 4 + 3) if task == "multiclass" else target * 3 + 1 + noise() / 100
    table = look_at(tmp_path, copy=copy, other=noise(), y=target)
    assert [each.used for each in profiles(table, Roles("y"), task)] == ["left out", "feature", "target"]
    kept = profiles(table, Roles("y", keep=["copy"]), task)[0]
    assert (kept.is_feature, kept.is_leak) == (True, False)
    assert kept.why.startswith("--keep, though leak: tells y all but alone")


def test_key_time_and_slices_are_said(tmp_path):
    when = pd.date_range("2013-01-01", periods=ROWS, freq="h")
    town = words(np.arange(ROWS) // 2 % 3)
    table = look_at(tmp_path, when=when, town=town, row=np.arange(ROWS), x=noise(), y=LABELS)
    uses = {each.name: each.used for each in profiles(table, Roles("y", "when", key=["when", "town"]), "binary")}
    others = {"row": "left out", "x": "feature", "y": "target"}
    assert uses == {"when": "feature, time, key", "town": "feature, key", **others}
    (found,) = [each for each in profiles(table, Roles("y", key=["row"]), "binary") if each.name == "row"]
    assert (found.what, found.used) == ("identifier", "key")


def test_a_table_without_any_feature_is_refused(tmp_path):
    with pytest.raises(UserError, match="y: no other column is of use"):
        profiles(look_at(tmp_path, y=LABELS, row=np.arange(ROWS)), Roles("y"), "binary")


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(-50, 50)), max_size=30), min_size=1, max_size=5))
def test_facts_of_parts_together_are_those_of_the_whole(parts):
    import pyarrow as pa

    from mlops.data.adoption.facts import facts_of

    def facts(values):
        return facts_of(pa.array(values, "int64"), keep_values=True)

    whole = facts([value for part in parts for value in part])
    assert together([facts(part) for part in parts]) == whole
    known = [value for part in parts for value in part if value is not None]
    assert (whole.known, whole.distinct) == (len(known), len(set(known)))
    if known:
        assert (whole.low, whole.high, whole.mean) == (min(known), max(known), pytest.approx(np.mean(known)))
        assert whole.deviation == pytest.approx(np.std(known), abs=1e-6)
        assert (whole.at_low, whole.at_high) == (known.count(min(known)), known.count(max(known)))


@given(st.text(min_size=1, max_size=400))
def test_any_name_survives_in_the_settings(name):
    text = replaced("# first\nname: x\n\ndata:\n  uri: data\n# last\n", "data", f"data:\n  time: {scalar(name)}\n")
    assert parse_yaml(text, "project.yml")["data"] == {"time": name}
    assert text.startswith("# first\n") and text.endswith("# last\n")
    assert [*entries(text)] == ["name", "data", "data.time"]


def test_a_column_with_nulls_has_another_type():
    assert [Column("integer", nulls).type for nulls in (0, 1)] == ["int64", "double"]
    assert Facts().distinct == 0


HIDDEN = {
    "a mark": (
        [*map(str, np.arange(390) / 7), *["-"] * 10],
        "98 % are numbers; correct or empty the others (such as '-')",
    ),
    "a sign": ([f"{value:.3f}%" for value in noise()], "100 % are numbers; correct or empty the others (such as '"),
    "two forms": (
        [f"{day % 28 + 1:02}.03.{1800 + day}" if day % 2 else f"{1800 + day}-03-01" for day in range(ROWS)],
        "100 % are times; write all of them in one form (such as '",
    ),
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_column_that_marks_keep_from_being_numbers_or_times_says_so(tmp_path, kind):
    values, reason = HIDDEN[kind]
    table = look_at(tmp_path, x=values, other=noise(), y=words(np.arange(ROWS) % 2))
    found = {each.name: each for each in profiles(table, Roles("y"), "binary")}["x"]
    assert (found.what, found.used) == ("identifier", "left out") and reason in found.why


def test_the_option_that_keeps_a_column_can_be_typed_as_it_stands(tmp_path):
    columns = {"my key": np.arange(ROWS), "x": noise(), "y": LABELS}
    found, *_ = profiles(look_at(tmp_path, **columns), Roles("y"), "binary")
    assert found.why.endswith("; --keep 'my key' keeps it")


def test_an_identifier_of_plain_text_says_nothing_of_numbers(tmp_path):
    table = look_at(tmp_path, x=words(range(ROWS)), other=noise(), y=words(np.arange(ROWS) % 2))
    found = {each.name: each for each in profiles(table, Roles("y"), "binary")}["x"]
    assert found.what == "identifier" and "though" not in found.why
