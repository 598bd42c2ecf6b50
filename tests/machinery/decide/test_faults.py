"""Faults of the data are found by name, one by one and between columns, and days as they are have none."""

import numpy as np
import pandas as pd
import pytest

from mlops.decide.drift import compare
from mlops.decide.faults import CONVERSIONS, faults, of_answers, unit
from mlops.decide.relations import relations, scattered, unexplained
from mlops.decide.told import related
from mlops.decide.windows import of_days
from mlops.settings.project import Monitoring

RULES = Monitoring(alpha=0.005, min_effect=0.1, min_rows=200)
FIRST = np.datetime64("2013-01-01")
CARRIERS = {"UA": 0.4, "DL": 0.3, "AA": 0.2, "HA": 0.1}


def rows(seed, days, each=60):
    """Flights: temp and dewp go together, precip is mostly zero, each airport has its distance."""
    chance = np.random.default_rng(seed)
    count = days * each
    temp = (50 + np.repeat(chance.normal(0, 8, days), each) + chance.normal(0, 6, count)).round(1)
    place = chance.integers(0, 8, count)
    return pd.DataFrame(
        {
            "temp": temp,
            "dewp": (temp - 5 - chance.exponential(3, count)).round(1),
            "pressure": (1013 + np.repeat(chance.normal(0, 4, days), each) + chance.normal(0, 2, count)).round(1),
            "precip": np.where(chance.random(count) < 0.1, chance.integers(1, 40, count) / 100, 0.0),
            "distance": 300.0 + 250 * place,
            "origin": chance.choice(["EWR", "JFK", "LGA"], count),
            "dest": np.array(["BOS", "ATL", "ORD", "MIA", "DEN", "LAX", "SFO", "SEA"], dtype=object)[place],
            "carrier": chance.choice(list(CARRIERS), count, p=list(CARRIERS.values())),
        }
    )


TRAINING, DAYS = rows(0, 60), np.repeat(FIRST + np.arange(60), 60)
LIVE = rows(1, 7, 150)


def found(now, first=FIRST):
    """Kind and columns of each fault."""
    windows = of_days(DAYS, first + np.arange(7), len(now))
    shifts = compare(TRAINING, now, windows, RULES)
    broken = relations(TRAINING, now, windows, shifts, faults(TRAINING, now, windows, 0.0005))
    broken += scattered(related(TRAINING, now, windows, unexplained(TRAINING, now, shifts, broken)))
    return [(each.kind, *sorted(each.features)) for each in broken]


def some(now, name, value, share):
    """Another value in that share of the rows."""
    return now.assign(**{name: now[name].mask(np.random.default_rng(3).random(len(now)) < share, value)})


def shuffled(now, name):
    return now.assign(**{name: now[name].sample(frac=1, random_state=0).to_numpy()})


def swapped(now, one, other):
    return now.assign(**{one: now[other], other: now[one]})


def test_rows_like_those_of_training_have_none():
    assert [found(rows(seed, 7, 150)) for seed in range(1, 9)] == [[]] * 8


def test_a_warmer_week_of_values_that_training_had_is_in_no_other_unit():
    """Divided by 1.6, as if it had come from miles to km, it would fit."""
    chance = np.random.default_rng(0)
    before = pd.Series(
        (35 + np.repeat(chance.normal(0, 6, 90), 60) + chance.normal(0, 8, 90 * 60)).round(), name="temp"
    )
    now = pd.Series((56 + chance.normal(0, 6, 420)).round().clip(before.min(), before.max()), name="temp")
    windows = of_days(np.repeat(FIRST + np.arange(90), 60), FIRST + 85 + np.arange(7), len(now))
    assert list(unit(before, now, windows, 0.0005)) == []


BROKEN = {
    "kilometres": (lambda now: now.assign(distance=now["distance"] * 1.609344), [("unit", "distance")]),
    "millimetres": (lambda now: now.assign(precip=now["precip"] * 25.4), [("unit", "precip")]),
    "celsius": (lambda now: now.assign(temp=(now["temp"] - 32) / 1.8), [("unit", "temp")]),
    "missing": (lambda now: some(now, "pressure", np.nan, 0.2), [("missing", "pressure")]),
    "missing text": (lambda now: some(now, "carrier", None, 0.2), [("missing", "carrier")]),
    "all missing": (lambda now: now.assign(dewp=np.nan), [("missing", "dewp")]),
    "zeros": (lambda now: some(now, "pressure", 0.0, 0.08), [("zeros", "pressure")]),
    "constant": (lambda now: now.assign(pressure=1013.0), [("constant", "pressure")]),
    "constant text": (lambda now: now.assign(carrier="UA"), [("constant", "carrier")]),
    "vanished": (lambda now: now[now["carrier"] != "AA"], [("vanished value", "carrier")]),
    "new": (lambda now: some(now, "carrier", "ZZ", 0.1), [("new values", "carrier")]),
    "swapped texts": (lambda now: swapped(now, "origin", "dest"), [("swapped", "dest", "origin")]),
    "swapped numbers": (lambda now: swapped(now, "temp", "dewp"), [("swapped", "dewp", "temp")]),
    "swapped scales": (lambda now: swapped(now, "distance", "precip"), [("swapped", "distance", "precip")]),
    "shuffled number": (lambda now: shuffled(now, "temp"), [("scattered", "dewp", "temp")]),
    "shuffled text": (lambda now: shuffled(now, "dest"), [("scattered", "distance")]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_found_by_its_name_and_no_other_is(name):
    breaks, wanted = BROKEN[name]
    assert found(breaks(LIVE).reset_index(drop=True)) == wanted


def test_in_a_season_that_training_does_not_hold_columns_may_belong_together_otherwise():
    assert found(shuffled(LIVE, "temp")) == [("scattered", "dewp", "temp")]
    assert found(shuffled(LIVE, "temp"), FIRST + 180) == []


def test_what_is_missing_more_on_some_days_than_on_others_may_be_missing_more():
    """As air pressure in bad weather; of what is hardly ever missing half as much is a fault."""
    chance = np.random.default_rng(0)
    often = TRAINING.assign(
        pressure=TRAINING["pressure"].mask(chance.random(3600) < np.repeat(chance.beta(0.5, 3, 60), 60))
    )
    windows = of_days(DAYS, [FIRST], 300)
    for training, share, kinds in ((often, 0.6, []), (often, 0.99, ["missing"]), (TRAINING, 0.3, ["missing"])):
        now = some(rows(1, 1, 300), "pressure", np.nan, share)
        assert [each.kind for each in faults(training, now, windows, 0.0002)] == kinds


@pytest.mark.parametrize(("least", "kinds"), [(0.25, []), (5.0, ["zeros"])])
def test_zero_is_no_fault_where_it_is_next_to_the_other_values(least, kinds):
    """As the sight in fog."""
    before = pd.DataFrame({"visib": np.random.default_rng(0).uniform(least, 10, 3600)})
    now = some(before[:300], "visib", 0.0, 0.1)
    assert [each.kind for each in faults(before, now, of_days(DAYS, [FIRST], 300), 0.0005)] == kinds


LITTLE = {
    "missing": lambda now: some(now, "pressure", np.nan, 0.05),
    "zeros": lambda now: some(now, "pressure", 0.0, 0.03),
    "new": lambda now: some(now, "carrier", "ZZ", 0.03),
    "natural zeros": lambda now: some(now, "precip", 0.0, 0.5),
    "rare text gone": lambda now: now[now["carrier"] != "HA"],
    "warmer": lambda now: now.assign(temp=now["temp"] + 3, dewp=now["dewp"] + 3),
}


@pytest.mark.parametrize("name", LITTLE)
def test_a_little_of_it_is_none(name):
    assert found(LITTLE[name](LIVE).reset_index(drop=True)) == []


def test_what_a_column_lacked_for_a_while_in_training_excuses_no_more_of_it():
    broken = TRAINING.copy()
    broken.loc[:119, "pressure"] = np.nan  # two days of sixty
    windows = of_days(DAYS, FIRST + np.arange(1), 300)
    for share, kinds in ((0.2, ["missing"]), (0.05, [])):
        now = some(rows(1, 1, 300), "pressure", np.nan, share)
        assert [each.kind for each in faults(broken, now, windows, 0.0005)] == kinds


@pytest.mark.parametrize("name", ["carrier", "pressure"])
def test_of_a_column_that_is_empty_on_one_side_nothing_but_that_is_said(name):
    windows, empty = of_days(DAYS, FIRST + np.arange(7), len(LIVE)), {name: None if name == "carrier" else np.nan}
    for before, now, kinds in ((TRAINING, LIVE.assign(**empty), ["missing"]), (TRAINING.assign(**empty), LIVE, [])):
        found = faults(before[[name]], now[[name]].replace(LIVE[name].iloc[0], 0.0), windows, 0.0005)
        assert [each.kind for each in found] == kinds
    zeros = pd.DataFrame({"pressure": np.zeros(300)})
    assert faults(TRAINING[["pressure"]] * np.nan, zeros, windows, 0.0005) == []


def test_new_values_are_none_where_every_window_has_them():
    """As with the tail number of a plane: nearly every one is new."""
    before = TRAINING.assign(tail=[f"N{at // 2}" for at in range(len(TRAINING))])[["tail"]]
    now = pd.DataFrame({"tail": [f"N9{at}" for at in range(300)]})
    windows = of_days(DAYS, [FIRST], 300)
    assert faults(before, now, windows, 0.0005) == []


def test_few_rows_may_lack_a_common_text_by_chance():
    now = LIVE[LIVE["carrier"] != "AA"].reset_index(drop=True)
    windows = of_days(DAYS, FIRST + np.arange(7), 20)
    kinds = [[each.kind for each in faults(TRAINING, now[:rows], windows, 0.0005)] for rows in (20, 200)]
    assert kinds == [[], ["vanished value"]]


def test_a_temperature_is_converted_from_what_can_be_one():
    """Else a shift of times such as 1350 by 273 would be taken for kelvin."""
    assert all(CONVERSIONS[name].low > -np.inf for name in ("°F to °C", "°C to °F", "°C to K", "K to °C"))
    now = LIVE.assign(distance=LIVE["distance"] + 273.15)
    assert ("unit", "distance") not in found(now)


def test_answers_that_are_missing_or_all_the_same_are_faults():
    windows = of_days(DAYS, [FIRST], 300)
    before = pd.Series(np.random.default_rng(0).random(len(TRAINING)), name="scores")
    kinds = {
        "missing": pd.Series([np.nan] * 60 + [0.5, 0.6] * 120),
        "constant": pd.Series([0.5] * 300),
        "nothing": pd.Series(np.random.default_rng(1).random(300)),
    }
    assert {name: [each.kind for each in of_answers(before, now, windows, 0.0005)] for name, now in kinds.items()} == {
        "missing": ["missing"],
        "constant": ["constant"],
        "nothing": [],
    }
    assert [each.kind for each in of_answers(before, pd.Series([np.nan] * 300), windows, 0.0005)] == ["missing"]
