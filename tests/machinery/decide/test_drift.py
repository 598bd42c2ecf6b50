"""Drift: found when a window is unlike those of training, silent on what days differ by, honest about too few rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from mlops.decide.drift import answers_shift, chance_of_each, compare, limit, moved, picture, status_of
from mlops.decide.windows import of_days, of_rows
from mlops.settings.project import Monitoring

RULES = Monitoring(alpha=0.005, min_effect=0.1, min_rows=200)
FIRST = np.datetime64("2013-01-01")


def weather(seed, days, rows=50, **shifts):
    """Rows of that many days: each day has its own temp, a flight its distance; and the day of each row."""
    chance = np.random.default_rng(seed)
    of_day = np.repeat(chance.normal(0, 3, days), rows)
    frame = pd.DataFrame(
        {
            "temp": of_day + chance.normal(0, 1, days * rows) + shifts.get("temp", 0),
            "distance": chance.normal(1000 + shifts.get("distance", 0), 100, days * rows),
            "carrier": chance.choice(["UA", "DL"], days * rows, p=[share := shifts.get("UA", 0.4), 1 - share]),
        }
    )
    return frame, np.repeat(FIRST + np.arange(days), rows)


def shifts_of(training, live, rules=RULES):
    """By feature, of a window of one day."""
    (before, days), (now, today) = training, live
    return {each.feature: each for each in compare(before, now, of_days(days, today, len(now)), rules)}


def drifted(training, live):
    return [name for name, each in shifts_of(training, live).items() if each.drifted]


TRAINING = weather(0, 60)


def test_days_that_differ_as_those_of_training_did_are_no_drift():
    alarms = [drifted(TRAINING, weather(seed, 1, 200)) for seed in range(1, 31)]
    assert sum(map(bool, alarms)) <= 2, "99.9 % binomial limit for 30 reports at 0.5 %"


def test_rows_taken_for_independent_ones_would_alarm_on_those_days():
    alarms = 0
    for seed in range(1, 9):
        now, _ = weather(seed, 1, 200)
        alarms += any(each.drifted for each in compare(TRAINING[0], now, of_rows(len(TRAINING[0]), 200), RULES))
    assert alarms >= 6


@pytest.mark.parametrize(
    ("shift", "found"), [({"distance": 100}, "distance"), ({"UA": 0.75}, "carrier"), ({"temp": 60}, "temp")]
)
def test_what_no_day_of_training_was_like_is_drift_and_comes_first(shift, found):
    shifts = shifts_of(TRAINING, weather(1, 1, 300, **shift))
    assert [name for name, each in shifts.items() if each.drifted] == [found] == [next(iter(shifts))]
    assert shifts[found].effect > shifts[found].limit > shifts[found].usual


def test_the_same_shift_is_drift_of_what_is_the_same_every_day_and_not_of_what_is_not():
    """Two standard deviations of a row."""
    assert drifted(TRAINING, weather(1, 1, 300, temp=2)) == []
    assert drifted(TRAINING, weather(1, 1, 300, distance=200)) == ["distance"]


def test_independent_rows_raise_no_more_alarms_than_alpha_says():
    rules, alarms = Monitoring(alpha=0.05, min_effect=0.001, min_rows=1), 0
    for seed in range(40):
        chance = np.random.default_rng(seed)
        before, now = (pd.DataFrame(chance.normal(size=(rows, 2))) for rows in (1000, 200))
        alarms += any(each.drifted for each in compare(before, now, of_rows(1000, 200), rules))
    assert alarms <= 6, "99.7 % binomial limit for 40 reports at 5 %"


def test_the_more_features_the_further_each_has_to_be():
    one, many = (
        compare(TRAINING[0][["temp"]].assign(**more), TRAINING[0][["temp"]].assign(**more), of_rows(3000, 200), RULES)
        for more in ({}, {f"x{at}": 1.0 for at in range(50)})
    )
    limits = [next(each.limit for each in found if each.feature == "temp") for found in (one, many)]
    assert limits[0] <= limits[1]


def test_a_shift_that_is_beyond_chance_but_small_is_no_drift():
    trifle = weather(1, 1, 1500, distance=50)
    training = weather(0, 60, 300)
    strict, lenient = (
        shifts_of(training, trifle, RULES.model_copy(update={"min_effect": least}))["distance"] for least in (0.01, 0.3)
    )
    assert strict.drifted and not lenient.drifted and lenient.limit == 0.3


def test_the_limit_is_what_one_more_window_exceeds_with_that_chance():
    """Of distances by chance alone: sizes of normal errors."""
    chance, alarms = np.random.default_rng(0), 0
    for _ in range(2000):
        *seen, more = np.abs(chance.normal(0, 0.05, 31))
        alarms += more > limit(np.array(seen), 30, 0.02)
    assert 8 <= alarms <= 60


def test_the_limit_is_never_below_what_was_seen_nor_beyond_halfway_to_the_greatest():
    assert limit(np.array([0.1, 0.1, 0.1, 0.5]), 4, 0.4) == 0.5
    assert limit(np.array([0.1, 0.2, 0.4, 0.8]), 4, 1e-9) == pytest.approx(0.9)
    one, other = roots = np.cbrt([0.1, 0.12])
    wanted = (roots.mean() + t.isf(0.1, 1) * (other - one) / 2 * np.sqrt(1.5)) ** 3
    assert limit(np.array([0.1, 0.12]), 2, 0.1) == pytest.approx(wanted)


def test_what_lies_below_the_middle_does_not_matter():
    above = [0.2, 0.25, 0.3]
    assert limit(np.array([0.01, 0.02, *above]), 5, 0.01) == limit(np.array([0.1, 0.15, *above]), 5, 0.01)


def test_fewer_windows_that_share_no_day_are_less_certain():
    distances = np.exp(np.random.default_rng(0).normal(-3, 0.2, 50))
    assert limit(distances, 8, 0.001) > limit(distances, 50, 0.001)


def test_constant_and_missing_columns_do_not_drift():
    before, days = TRAINING
    before = before.assign(one=1.0, none=np.nan)
    now = weather(1, 1, 300)[0].assign(one=1.0, none=np.nan, temp=np.nan)
    found = compare(before, now, of_days(days, [FIRST], 300), RULES)
    assert not any(each.drifted for each in found)
    assert {each.feature: each.effect for each in found if each.feature != "carrier"}["temp"] == 0


def test_the_shift_is_told_in_the_features_unit():
    assert moved(pd.Series([1.0, 2, 3]), pd.Series([7.0, 8.5, None])) == "median 2 -> 7.75"
    assert moved(pd.Series(["UA", "DL"]), pd.Series(["UA"] * 3 + ["DL"])) == "UA 50.0% -> 75.0%"
    assert moved(pd.Series([None, None]), pd.Series([1.0])) == ""
    assert moved(pd.Series([1.0]), pd.Series([None, None])) == ""


def test_the_picture_has_the_shares_of_both_sides():
    found = picture(pd.Series(["a"] * 3 + ["b"]), pd.Series(["b", "c"]))
    assert {label: (then, now) for label, then, now in zip(*found.values(), strict=True)} == {
        "a": (0.75, 0),
        "b": (0.25, 0.5),
        "c": (0, 0.5),
    }
    found = picture(pd.Series(np.arange(100.0)), pd.Series([98.0, 1.0, 1.0, 1e9]))
    assert sum(found["then"]) == pytest.approx(1) and sum(found["now"]) == pytest.approx(1)
    assert len(found["labels"]) == len(found["then"]) == len(found["now"])


def test_the_bars_of_numbers_go_from_the_rarest_low_ones_to_the_rarest_high_ones_which_the_outer_bars_hold():
    then = pd.Series(np.arange(1000.0))
    found = picture(then, pd.Series([-1e9, 1e9]))
    assert (found["labels"][0], found["labels"][-1]) == ("9.01", "924.6"), "99 of 100 values lie between"
    assert (found["now"][0], found["now"][-1]) == (0.5, 0.5) and found["then"][0] == found["then"][-1] == 0.075
    same = picture(pd.Series([5.0] * 9), pd.Series([5.0]))
    assert (same["labels"][0], same["labels"][-1]) == ("5", "5.933"), "one value has a bar, and room beside it"
    assert picture(pd.Series([np.nan]), pd.Series([np.nan]))["then"] == [0.0] * 15


def test_the_bars_of_texts_are_of_those_that_are_commonest_on_both_sides_together():
    then, now = pd.Series(["a"] * 6 + ["b"] * 4), pd.Series(["b"] * 6 + ["c"] * 4)
    assert picture(then, now)["labels"] == ["b", "a", "c"]
    assert len(picture(pd.Series([f"t{at}" for at in range(40)]), then)["labels"]) == 15


@pytest.mark.parametrize("name", ["temp", "carrier"])
def test_where_training_had_no_value_nothing_is_compared(name):
    (before, days), now = TRAINING, weather(1, 1, 300)[0]
    empty = before[[name]].where(np.zeros((len(before), 1), dtype=bool))
    [found] = compare(empty, now[[name]], of_days(days, [FIRST], 300), RULES)
    assert (found.effect, found.drifted, found.missing_before, found.missing_now) == (0, False, 1, 0)


def test_alpha_is_shared_out_over_columns_numbers_once_more_and_answers():
    assert chance_of_each(TRAINING[0], RULES) == RULES.alpha / 6, "three columns, two of them numbers, and the answers"


def answers(before, now, days):
    return answers_shift(before, now, of_days(days, [FIRST], len(now)), 0.001, 0.1)


def test_answers_are_compared_by_their_mean_and_not_by_their_spread():
    chance, days = np.random.default_rng(0), np.repeat(FIRST + np.arange(30), 50)
    learnt = pd.Series(chance.choice([0.0, 1.0], 1500, p=[0.7, 0.3]))  # a model that knows its training rows by heart
    unsure = pd.Series(np.full(300, 0.3) + chance.normal(0, 0.01, 300))
    assert not answers(learnt, unsure, days).drifted
    found = answers(learnt, unsure + 0.4, days)
    assert found.drifted and found.moved == f"mean {learnt.mean():.4g} -> {unsure.mean() + 0.4:.4g}"


def test_classes_are_compared_by_their_shares():
    days = np.repeat(FIRST + np.arange(30), 50)
    before = pd.Series(np.random.default_rng(0).choice(["a", "b"], 1500))
    assert not answers(before, pd.Series(["a", "b"] * 150), days).drifted
    assert answers(before, pd.Series(["a"] * 300), days).drifted


def test_the_status_says_what_was_found():
    (seen, unseen), shift = (of_days(TRAINING[1], [FIRST + days], 300) for days in (0, 180)), {"distance": 200}
    moved_ones = compare(TRAINING[0], weather(1, 1, 300, **shift)[0], seen, RULES)
    same = compare(TRAINING[0], weather(1, 1, 300)[0], seen, RULES)
    assert status_of(None, [], []) == "INSUFFICIENT"
    assert [status_of(windows, same, []) for windows in (seen, unseen)] == ["STABLE", "STABLE"]
    assert [status_of(windows, moved_ones, []) for windows in (seen, unseen)] == ["DRIFT", "UNSEEN"]
    assert status_of(unseen, moved_ones, ["a fault"]) == status_of(seen, same, ["a fault"]) == "FAULT"
