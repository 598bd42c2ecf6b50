"""Means of live rows against those of training: in standard deviations, beyond what windows differ by, or nothing."""

import numpy as np
import pytest

from mlops.decide.means import mean_limit, means_apart
from mlops.decide.windows import of_days, of_rows

FIRST = np.datetime64("2013-01-01")
DAYS = np.repeat(FIRST + np.arange(30), 20)
WINDOWS = of_days(DAYS, [FIRST], 20)
CHANCE = np.random.default_rng(0)
BEFORE = np.repeat(CHANCE.normal(0, 1, 30), 20) + CHANCE.normal(100, 1, 600)


def apart(before, now, unit=2.0, chance=0.001, least=0.1):
    return means_apart(before, np.asarray(now), unit, WINDOWS, chance, least)


def test_the_effect_is_the_difference_of_the_means_in_the_unit():
    found = apart(BEFORE, [BEFORE.mean() + 3, BEFORE.mean() + 5])
    assert found.effect == pytest.approx(2.0) and found.drifted == (found.limit < 2)
    assert apart(BEFORE, [BEFORE.mean() - 4]).effect == pytest.approx(2.0)


def test_it_is_held_against_the_season_alone():
    year = np.repeat(FIRST + np.arange(360), 2)
    values = np.where((year - FIRST).astype(int) < 90, 0.0, 10.0)
    found = means_apart(values, np.zeros(5), 1.0, of_days(year, [FIRST + 20], 5), 0.001, 0.1)
    assert found.effect < 5 < np.mean(values)


def test_a_season_without_values_is_nothing_to_compare_with():
    year = np.repeat(FIRST + np.arange(360), 2)
    days = (year - FIRST).astype(int)
    windows = of_days(year, [FIRST + 180], 5)
    values = np.where(windows.now_rest, np.nan, days % 7.0)
    found = means_apart(values, np.full(5, 99.0), 1.0, windows, 0.001, 0.1)
    assert (found.effect, found.drifted) == (0.0, False)


def test_the_limit_comes_from_how_much_windows_differ():
    found = apart(BEFORE, BEFORE[:20])
    assert found.usual < found.largest <= found.limit and not found.drifted
    assert apart(BEFORE, BEFORE[:20], chance=1e-6).limit > found.limit
    assert apart(BEFORE, BEFORE[:20], least=9).limit == 9
    assert apart(BEFORE, [BEFORE.mean() + 2.01 * found.limit]).drifted
    assert not apart(BEFORE, [BEFORE.mean() + 1.99 * found.limit]).drifted


def test_missing_values_count_on_no_side():
    holes = np.where(np.arange(600) % 3 == 0, np.nan, BEFORE)
    found = apart(holes, [np.nan, BEFORE.mean() + 4])
    assert found.effect == pytest.approx(2.0, abs=0.1)
    assert found.limit == pytest.approx(apart(BEFORE, [1.0]).limit, rel=0.5)
    empty = np.where(DAYS == FIRST, np.nan, BEFORE)
    assert apart(empty, [1.0]).largest < 5, "a day without values is no window"


@pytest.mark.parametrize(
    ("before", "now", "unit"),
    [
        (np.full(600, np.nan), [1.0], 1.0),
        (BEFORE, [np.nan], 1.0),
        (BEFORE, [], 1.0),
        (np.ones(600), [5.0], 0.0),
        (np.where(DAYS == FIRST, 1.0, np.nan), [9.0], 1.0),
    ],
)
def test_where_there_is_nothing_to_compare_nothing_has_drifted(before, now, unit):
    found = apart(before, np.asarray(now, dtype="float64"), unit)
    assert (found.effect, found.limit, found.drifted) == (0.0, 0.1, False)


def test_independent_means_are_beyond_the_limit_with_that_chance():
    chance, alarms = np.random.default_rng(0), 0
    for _ in range(2000):
        *seen, more = chance.normal(0, 1, 31)
        alarms += abs(more) > mean_limit(np.array(seen), 30, 0.04)
    assert 30 <= alarms <= 110


def test_the_limit_of_means_is_never_below_the_largest_that_was_seen():
    assert mean_limit(np.array([0.0, 0.0, 0.0, 3.0]), 4, 0.5) == 3.0
    windows = of_rows(1000, 100)
    values = np.random.default_rng(0).normal(size=1000)
    found = means_apart(values, values[:100], 1.0, windows, 0.5, 0.001)
    assert found.limit >= found.largest
