"""Faults of the data are found by name, one by one and between columns, and days as they are have none."""

import numpy as np
import pandas as pd
import pytest

from mlops.decide.drift import compare
from mlops.decide.faults import CONVERSIONS, faults, fits, of_answers, repeated, unit
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
WINDOWS = of_days(DAYS, [FIRST], 300)


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


def test_what_is_missing_of_a_column_is_said_whatever_place_it_has():
    now = some(swapped(LIVE, "distance", "precip"), "precip", None, 0.4)
    assert found(now) == [("missing", "precip"), ("swapped", "distance", "precip")]


def test_a_warmer_week_of_values_that_training_had_is_in_no_other_unit():
    """Divided by 1.6, as if it had come from miles to km, it would fit."""
    chance = np.random.default_rng(0)
    before = pd.Series(
        (35 + np.repeat(chance.normal(0, 6, 90), 60) + chance.normal(0, 8, 90 * 60)).round(), name="temp"
    )
    now = pd.Series((56 + chance.normal(0, 6, 420)).round().clip(before.min(), before.max()), name="temp")
    windows = of_days(np.repeat(FIRST + np.arange(90), 60), FIRST + 85 + np.arange(7), len(now))
    assert list(unit(before, now, windows, 0.0005)) == []


def test_values_of_their_own_that_are_not_far_are_in_no_other_unit():
    """So wide are they that others of their half would fit as well."""
    chance = np.random.default_rng(0)
    of_day = np.repeat(chance.normal(0, 1, 60), 60)
    before = pd.Series(np.exp(of_day + chance.normal(0, 3, 3600)), name="amount")
    now, windows = pd.Series(np.exp(chance.normal(0, 3, 300))), of_days(DAYS, [FIRST], 300)
    assert list(unit(before, now, windows, 0.0005)) == []
    assert [each.kind for each in unit(before, now * 1e9, windows, 0.0005)] == [], "far, and of no unit"


def test_values_that_training_never_had_and_that_no_conversion_brings_back_are_in_no_other_unit():
    before, windows = pd.Series(np.arange(3600) % 60 * 10.0 + 10, name="x"), of_days(DAYS, [FIRST], 300)
    assert list(unit(before, before[:300] + 0.37, windows, 0.0005)) == []


@pytest.mark.parametrize(("of_day", "of_now", "kinds"), [(10, 10, ["unit"]), (9, 10, []), (10, 9, [])])
def test_so_few_values_do_not_tell_their_unit(of_day, of_now, kinds):
    before = pd.Series(np.tile([100.0, 200, 300], 20 * of_day), name="x")
    windows = of_days(np.repeat(FIRST + np.arange(60), of_day), [FIRST], of_now)
    assert [each.kind for each in unit(before, before[:of_now] * 1.609344, windows, 0.0005)] == kinds


def test_what_was_rounded_after_its_conversion_is_in_another_unit_if_it_is_far():
    """Back in the unit of training it is next to the values of training, and not among them."""
    assert found(LIVE.assign(temp=((LIVE["temp"] - 32) / 1.8).round() + 0.04)) == [("unit", "temp")]


@pytest.mark.parametrize(("least", "kinds"), [(3, ["vanished value"]), (2, [])])
def test_a_text_that_is_gone_was_in_a_twentieth_of_every_window(least, kinds):
    rank = np.arange(3600) % 60
    texts = np.where(rank < np.repeat([least, 12], [60, 3540]), "web", np.where(rank % 2, "shop", "post"))
    now = pd.DataFrame({"way": ["shop", "post"] * 300})
    assert [each.kind for each in faults(pd.DataFrame({"way": texts}), now, WINDOWS, 0.0005)] == kinds


@pytest.mark.parametrize(("low", "high", "can"), [(180, 335, True), (179, 300, False), (200, 336, False)])
def test_values_that_can_be_of_a_unit(low, high, can):
    assert fits(CONVERSIONS["K to °C"], pd.Series([float(low), float(high)])) is can


@pytest.mark.parametrize(("alone", "known"), [(0, 9), (2, 11), (3, 0)])
def test_values_are_known_where_nine_of_ten_come_twice(alone, known):
    values = [*range(9), *range(9), *range(100, 100 + alone)]
    assert len(repeated(pd.Series(values, dtype="float64"))) == known


def test_what_is_missing_on_a_day_is_no_new_text():
    before = TRAINING[["carrier"]].where(np.arange(3600)[:, None] >= 60, None)
    now = some(rows(1, 1, 300), "carrier", "ZZ", 0.1)[["carrier"]]
    assert [each.kind for each in faults(before, now, WINDOWS, 0.0005)] == ["new values"]


METRE, INCH, HOUR = 1.0, 0.0254, 3600.0
FOOT, GALLON = 12 * INCH, 231 * (10 * INCH) ** 3  # in litres
MILE, HECTOPASCALS = 5280 * FOOT, 13.5951 * 9.80665 * 10 * INCH  # of an inch of mercury
TOLD = {  # one in the first unit is so much in the second
    "miles to km": MILE / 1000,
    "inches to mm": INCH * 1000,
    "inches to cm": INCH * 100,
    "feet to metres": FOOT,
    "pounds to kg": 0.45359237,
    "gallons to litres": GALLON,
    "miles an hour to metres a second": MILE / HOUR,
    "km/h to metres a second": 1000 * METRE / HOUR,
    "millibars to inches of mercury": 1 / HECTOPASCALS,
    "seconds to minutes": 60 / HOUR,
    "ones to tenths": 10,
    "ones to hundredths": 10**2,
    "ones to thousandths": 10**3,
}


def test_conversions_are_what_units_are():
    degrees = {"°F to °C": (212, 100), "°C to °F": (100, 212), "°C to K": (100, 373.15), "K to °C": (373.15, 100)}
    degrees |= {f"{name}, at zero": pair for name, pair in {"°F to °C": (32, 0), "°C to °F": (0, 32)}.items()}
    for name, (one, other) in degrees.items():
        way = CONVERSIONS[name.removesuffix(", at zero")]
        assert way.factor * one + way.shift == pytest.approx(other), name
    assert {name: way.factor for name, way in CONVERSIONS.items() if "°" not in name} == {
        **{name: pytest.approx(factor, rel=1e-5) for name, factor in TOLD.items()},
        **{f"{name}, backwards": pytest.approx(1 / factor, rel=1e-5) for name, factor in TOLD.items()},
    }
    bounds = {name: (way.low, way.high) for name, way in CONVERSIONS.items() if "°" in name}
    celsius = (-90, 60)  # the coldest and the hottest that weather has been, in round numbers
    assert bounds == {"°F to °C": (-130, 140), "°C to °F": celsius, "°C to K": celsius, "K to °C": (180, 335)}


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


@pytest.mark.parametrize(("there", "kinds"), [(9, ["constant"]), (10, [])])
def test_days_that_have_hardly_a_value_do_not_say_that_one_value_is_usual(there, kinds):
    """On the first day the gauge was read so many times, and always said the same."""
    before = TRAINING["pressure"].mask(np.arange(3600) < 60)
    before[:there] = 1000.0
    now, windows = pd.Series([1013.0] * 300), of_days(DAYS, [FIRST], 300)
    assert [each.kind for each in of_answers(before, now, windows, 0.0005)] == kinds


@pytest.mark.parametrize(("same", "kinds"), [(53, ["constant"]), (54, [])])
def test_what_was_nearly_one_value_on_a_day_may_be_one_value(same, kinds):
    before = TRAINING["pressure"].copy()
    before[:same] = 1000.0
    assert [each.kind for each in of_answers(before, pd.Series([1013.0] * 300), WINDOWS, 0.0005)] == kinds


@pytest.mark.parametrize(("rows", "kinds"), [(9, []), (10, ["constant"])])
def test_so_few_values_may_be_one_by_chance(rows, kinds):
    assert [each.kind for each in of_answers(TRAINING["pressure"], pd.Series([1.0] * rows), WINDOWS, 0.0005)] == kinds


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
