"""Windows of the training period: whole days, of the live window's length and season, as many as there are."""

import numpy as np
import pytest

from mlops.decide.windows import LEAST_WINDOWS, MOST_WINDOWS, of_days, of_rows


def days(first, count, rows=10):
    """That many rows of each of so many days."""
    return np.repeat(np.datetime64(first, "D") + np.arange(count), rows)


YEAR = days("2013-01-01", 365)


@pytest.mark.parametrize("length", [1, 7])
def test_days_stay_whole_and_a_window_is_held_against_others_of_its_season(length):
    found = of_days(YEAR, days("2014-07-01", length), 10_000)
    assert (found.days, found.size, found.seen) == (length, 10 * length, True)
    for inside, rest in zip(found.inside, found.rest, strict=True):
        its = np.unique(YEAR[inside])
        assert len(its) == length and inside.sum() == 10 * length and not (inside & rest).any()
        apart = np.abs((YEAR[rest] - its[len(its) // 2]).astype(int))
        assert np.minimum(apart, 365.25 - apart).max() <= 45 + length / 2
    season = np.unique(YEAR[found.now_rest])
    reach = {1: ("2013-05-17", "2013-08-15"), 7: ("2013-05-17", "2013-08-21")}  # 45 days, half a window from its middle
    assert (str(season.min()), str(season.max())) == reach[length]
    assert len(found.inside) == MOST_WINDOWS == 180 and found.apart == min(365 // length, MOST_WINDOWS)


def test_the_last_day_of_a_season_is_in_it():
    live = days("2013-07-01", 2)  # from the middle of whose window, 2 July, it is 46 days
    season = np.unique(YEAR[of_days(YEAR, live, 100).now_rest])
    assert (str(season.min()), str(season.max())) == ("2013-05-17", "2013-08-17")


def test_a_season_goes_over_the_turn_of_the_year():
    found = of_days(YEAR, days("2014-01-01", 1), 100)
    months = {str(day)[5:7] for day in np.unique(YEAR[found.now_rest])}
    assert months == {"11", "12", "01", "02"}


def test_of_a_season_that_training_does_not_hold_it_says_so_and_compares_with_all():
    training = days("2013-01-01", 59)
    assert of_days(training, days("2013-03-01", 7), 100).seen
    late = of_days(training, days("2013-07-01", 7), 100)
    assert not late.seen and late.now_rest.all()


def test_a_month_of_a_season_is_enough_and_less_is_not():
    training = days("2013-01-01", 59)  # to the end of February; 45 days and half a window before the live one
    assert of_days(training, [np.datetime64("2013-03-18")], 100).seen, "28 days of February"
    assert not of_days(training, [np.datetime64("2013-03-19")], 100).seen


@pytest.mark.parametrize(("there", "live", "length"), [(59, 7, 7), (59, 10, 7), (16, 7, 2), (8, 7, 1)])
def test_of_a_short_training_period_windows_are_shorter(there, live, length):
    found = of_days(days("2013-01-01", there), days("2013-02-01", live), 100)
    assert (found.days, found.apart) == (length, there // length) and found.apart >= LEAST_WINDOWS


def test_with_too_few_days_there_are_none():
    assert of_days(days("2013-01-01", 7), days("2013-01-09", 1), 100) is None
    assert of_days(days("2013-01-01", 30), np.array([], dtype="datetime64[D]"), 100) is None


@pytest.mark.parametrize(("live", "size"), [(30, 30), (1000, 70)])
def test_a_window_has_no_more_rows_than_are_live(live, size):
    found = of_days(YEAR, days("2014-07-01", 7), live)
    assert found.size == size and {*found.inside.sum(axis=1)} == {size}


def test_rows_alone_are_drawn_at_random_and_held_against_all_others():
    found = of_rows(100, 30)
    assert {*found.inside.sum(axis=1)} == {30} and (found.rest == ~found.inside).all() and found.now_rest.all()
    assert len(np.unique(found.inside, axis=0)) == len(found.inside) == found.apart == 200
    assert (found.days, found.seen) == (0, True)
    assert of_rows(100, 1000).size == 50, "half is left to be held against"


def test_days_far_apart_are_held_against_all_others():
    alone = np.concatenate([days("2013-01-01", 8), days("2013-07-01", 1)])
    found = of_days(alone, days("2013-01-05", 1), 100)
    assert found.rest[-1].sum() == 80
