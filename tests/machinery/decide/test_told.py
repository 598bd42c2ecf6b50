"""What other columns tell of one: a shift against them is drift, however usual by itself, and one with them is not."""

import numpy as np
import pandas as pd
import pytest

from mlops.decide.drift import compare
from mlops.decide.told import against_others, by_how_much, related
from mlops.decide.windows import of_days
from mlops.settings.project import Monitoring

RULES = Monitoring(alpha=0.005, min_effect=0.1, min_rows=200)
FIRST = np.datetime64("2013-01-01")


def weather(seed, days, each=40, warmer=0.0, moister=0.0):
    """Each day has its own temp; dewp follows it, visib is by itself, carrier is a text that tells nothing."""
    chance = np.random.default_rng(seed)
    temp = np.repeat(chance.normal(50, 10, days), each) + chance.normal(0, 5, days * each)
    return pd.DataFrame(
        {
            "temp": temp + warmer,
            "dewp": temp - 5 + chance.normal(0, 1, days * each) + moister,
            "visib": chance.normal(10, 1, days * each),
            "carrier": chance.choice(["UA", "DL"], days * each),
        }
    )


TRAINING, DAYS = weather(0, 60), np.repeat(FIRST + np.arange(60), 40)


def shifts(now, training=TRAINING, first=FIRST):
    """By feature, and those that had drifted before the others were asked."""
    windows = of_days(DAYS, first + np.arange(7), len(now))
    alone = compare(training, now, windows, RULES)
    found = against_others(training, now, windows, alone, related(training, now, windows, list(training)), RULES)
    return {each.feature: each for each in found}, [each.feature for each in alone if each.drifted]


def drifted(now, training=TRAINING):
    return sorted(name for name, each in shifts(now, training)[0].items() if each.drifted)


@pytest.mark.parametrize("warmer", [6, -6])
def test_half_a_standard_deviation_that_the_others_do_not_tell_is_drift_of_all_that_belong_together(warmer):
    found, alone = shifts(weather(1, 7, warmer=warmer))
    assert alone == [], "a warmer week is nothing new"
    assert sorted(name for name, each in found.items() if each.drifted) == ["dewp", "temp"]
    assert [*found][:2] in (["dewp", "temp"], ["temp", "dewp"]), "what is furthest comes first"
    said = found["temp"].moved.split()
    assert float(said[0]) == pytest.approx(6, abs=1.2) and said[1:3] == ["more" if warmer > 0 else "less", "than"]
    assert found["temp"].effect > found["temp"].limit > found["temp"].usual


def test_in_a_season_that_training_does_not_hold_the_others_are_not_asked():
    found, _ = shifts(weather(1, 7, warmer=6), first=FIRST + 180)
    assert not any(each.drifted for each in found.values())


def test_a_week_that_is_warmer_and_moister_is_none():
    assert drifted(weather(1, 7, warmer=6, moister=6)) == []


def test_weeks_as_they_are_raise_no_alarm():
    assert [drifted(weather(seed, 7)) for seed in range(1, 21)].count([]) >= 19


def test_what_the_others_do_not_tell_is_compared_by_itself_alone():
    windows = of_days(DAYS, FIRST + np.arange(7), 280)
    names = [each.name for each in related(TRAINING, weather(1, 7), windows, list(TRAINING))]
    assert names == ["temp", "dewp"]


def test_a_shift_below_the_smallest_effect_is_none():
    training = TRAINING.assign(dewp=TRAINING["temp"] - 5)  # exactly: any shift is beyond chance
    now = weather(1, 7)
    assert drifted(now.assign(dewp=now["temp"] - 4.8), training) == []
    assert drifted(now.assign(dewp=now["temp"] - 1), training) == ["dewp", "temp"]


def test_where_values_are_missing_the_others_are_compared():
    now = weather(1, 7, warmer=6)
    for name in ("temp", "dewp"):
        holes = now.assign(**{name: now[name].where(now.index % 10 > 0)})
        before = TRAINING.assign(**{name: TRAINING[name].where(TRAINING.index % 10 > 0)})
        assert "temp" in drifted(holes, before), name


def test_the_shift_is_told_in_the_unit_of_where_the_live_values_are():
    before = pd.Series(np.arange(1000.0) ** 2)
    now = pd.Series([250000.0, np.nan, 250000.0])  # the middle of the ranks, where one rank in a hundred is 10,000
    assert by_how_much(before, now, np.array([0.5, np.nan, 0.5]), 0.1) == "9.03e+04 more than the other columns tell"
    assert by_how_much(before, now, np.array([0.5, np.nan, 0.5]), -0.1).startswith("1.09e+05 less")
