"""Folds of rows: no day, group or row that is measured on has been learnt from."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.decide.folds import folds_of, repeated
from mlops.settings.project import Data
from mlops.settings.split import Split

TIME = Data(uri="data", suite="s.json", time="at", target="y", known_only_after=[])
GROUP = Data(uri="data", suite="s.json", target="y", known_only_after=[], split=Split(by="group", group="who"))
CLUSTER = Data(uri="data", suite="s.json", target="y", known_only_after=[], split=Split(cluster="who"))
DAYS = Data(uri="data", suite="s.json", time="at", target="y", known_only_after=[], split=Split(by="random"))
ROWS = Data(uri="data", suite="s.json", target="y", known_only_after=[])

hours = st.lists(st.integers(0, 24 * 40), min_size=40, max_size=120)
counts, seeds = st.integers(2, 5), st.integers(0, 9)


def table(hours):
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(hours, unit="h")
    who = [f"p{hour % 11}" if hour % 7 else None for hour in hours]
    return pd.DataFrame({"at": at, "who": who, "y": [hour % 2 for hour in hours]})


def made(hours, data, count, seed):
    """The rows and their folds; none where they are too few for so many."""
    rows = table(hours)
    try:
        return rows, folds_of(rows, data, count, seed)
    except UserError as error:
        assert "write fewer folds, or add data" in str(error)
        return rows, []


@given(hours, counts, seeds)
def test_by_time_what_is_measured_on_is_later_than_all_that_was_fitted_on(hours, count, seed):
    rows, folds = made(hours, TIME, count, seed)
    days = rows["at"].dt.floor("D")
    for fold in folds:
        assert len(fold.fit) and len(fold.score)
        assert days[fold.fit].max() < days[fold.score].min()
    scored = [place for fold in folds for place in fold.score]
    assert len(scored) == len(set(scored)), "each row is measured on once at most"


@pytest.mark.parametrize("data", [GROUP, CLUSTER, DAYS], ids=["group", "cluster", "days"])
@given(hours=hours, count=counts, seed=seeds)
def test_what_came_together_is_on_one_side(data, hours, count, seed):
    rows, folds = made(hours, data, count, seed)
    together = rows["at"].dt.floor("D") if data is DAYS else rows["who"].fillna("nobody")
    for fold in folds:
        assert not {*together[fold.fit]} & {*together[fold.score]}
    check_all_are_measured(rows, folds)


@given(hours, counts, seeds)
def test_rows_alone_are_dealt_evenly_by_their_answers(hours, count, seed):
    rows, folds = made(hours, ROWS, count, seed)
    check_all_are_measured(rows, folds)
    positive = [int(rows["y"][fold.score].sum()) for fold in folds]
    assert max(positive) - min(positive) <= 1


@given(st.lists(st.floats(-9, 9), min_size=40, max_size=120, unique=True), st.integers(0, 9))
def test_numbers_are_dealt_evenly_from_low_to_high_and_otherwise_by_another_seed(values, seed):
    """Each once, so that nothing but the seed can deal them in another way."""
    rows = pd.DataFrame({"y": values})
    folds, other = (folds_of(rows, ROWS, 4, each) for each in (seed, seed + 1))
    check_all_are_measured(rows, folds)
    tenth = (rows["y"].rank(method="first") - 1) * 10 // len(rows)
    for each in range(10):
        counts = [int((tenth[fold.score] == each).sum()) for fold in folds]
        assert max(counts) - min(counts) <= 1
    assert any((a.score != b.score).any() for a, b in zip(folds, other, strict=True))


def check_all_are_measured(rows, folds):
    for fold in folds:
        assert sorted([*fold.fit, *fold.score]) == list(range(len(rows)))
    if folds:
        assert sorted(np.concatenate([fold.score for fold in folds])) == list(range(len(rows)))


def test_the_seed_decides_where_chance_deals():
    rows = table(range(200))
    first, same, other = (folds_of(rows, ROWS, 3, seed) for seed in (1, 1, 2))
    assert all((a.score == b.score).all() for a, b in zip(first, same, strict=True))
    assert any((a.score != b.score).any() for a, b in zip(first, other, strict=True))


def test_too_few_days_are_one_line():
    with pytest.raises(
        UserError, match=r"^search\.folds: they need 4 days of rows at least, and there are 2; write fewer"
    ):
        folds_of(table([1, 2, 30]), TIME, 3, 0)


def dealt(**split):
    return Data(uri="data", suite="s.json", target="y", known_only_after=[], split=Split(folds=3, **split))


@pytest.mark.parametrize(
    "split", [{"repeats": 4}, {"repeats": 4, "by": "group", "group": "who"}], ids=["rows", "group"]
)
@given(hours=hours, seed=seeds)
def test_each_repeat_deals_all_rows_anew(split, hours, seed):
    rows = table(hours + list(range(11)))  # so that there are groups enough
    times, again, other = (repeated(rows, dealt(**split), each) for each in (seed, seed, seed + 1))
    for folds, same in zip(times, again, strict=True):
        check_all_are_measured(rows, folds)
        assert all((a.score == b.score).all() for a, b in zip(folds, same, strict=True))
    deals = {tuple(np.concatenate([fold.score for fold in folds])) for folds in [*times, *other]}
    assert len(times) == 4 and len(deals) > 4, "neither a repeat nor a seed deals as another"
    if "group" in split:
        who = rows["who"].fillna("nobody")
        assert not any({*who[fold.fit]} & {*who[fold.score]} for folds in times for fold in folds)


def test_without_a_number_rows_are_dealt_ten_times_and_too_few_groups_are_one_line():
    rows = table(range(60))
    assert [len(folds) for folds in repeated(rows, dealt(), 1)] == [3] * 10
    few = rows.assign(who=["a", "b"] * 30)
    with pytest.raises(UserError, match=r"^data\.split\.folds: they need 3 groups of rows at least"):
        repeated(few, dealt(by="group", group="who"), 1)
