"""Faults between columns, at their limits: a swap that explains more, an order turned, a relation lost."""

import numpy as np
import pandas as pd
import pytest

from mlops.decide.drift import FeatureShift
from mlops.decide.faults import Fault
from mlops.decide.relations import better, relations, scattered, swapped, turned, unexplained
from mlops.decide.told import Told
from mlops.decide.windows import of_days

FIRST = np.datetime64("2013-01-01")
SWAP = Fault("swapped", ["a", "b"], "", 0.2)


@pytest.mark.parametrize(
    ("swap", "alone", "explains"),
    [
        (SWAP, [], True),
        (SWAP, [Fault("unit", ["a"], "", 0.11)], True),
        (SWAP, [Fault("unit", ["a"], "", 0.1)], False),  # hardly more is left of it
        (SWAP, [Fault("unit", ["a"], "", 0.5), Fault("unit", ["b"], "", 0.0)], False),
        (SWAP, [Fault("unit", ["c"], "", 0.0), Fault("zeros", ["a"], "")], True),  # of another column, no unit
        (Fault("swapped", ["a", "b"], ""), [], False),
    ],
)
def test_a_swap_has_to_explain_about_as_much_as_another_unit(swap, alone, explains):
    assert better(swap, alone) is explains


def ordered(days, in_order, rows=20):
    """Two numbers a row, of which the second is the larger in that many rows of each day."""
    larger = np.tile(np.arange(rows) < in_order, days)
    return pd.DataFrame({"a": np.where(larger, 1.0, 2.0), "b": np.where(larger, 2.0, 1.0)})


@pytest.mark.parametrize(
    ("before", "now", "is_turned"),
    [(16, 4, True), (15, 4, False), (16, 5, False), (16, 16, False), (4, 16, True), (20, 0, True)],
)
def test_an_order_is_turned_that_nearly_all_rows_had_and_now_nearly_none_has(before, now, is_turned):
    windows = of_days(np.repeat(FIRST + np.arange(20), 20), [FIRST], 20)
    assert turned(ordered(20, before), ordered(1, now), windows, "a", "b") is is_turned
    texts = [frame.astype(str) for frame in (ordered(20, before), ordered(1, now))]
    assert turned(*texts, windows, "a", "b") is False


def test_an_order_that_one_window_lacks_is_none():
    windows = of_days(np.repeat(FIRST + np.arange(20), 20), [FIRST], 20)
    before = pd.concat([ordered(19, 20), ordered(1, 15)], ignore_index=True)
    assert turned(before, ordered(1, 0), windows, "a", "b") is False


def shift(feature, drifted):
    return FeatureShift(feature, 2, 0.0, 0.0, 0.5, 0.0, 0.0, 0.4, drifted, "", {})


def test_what_has_a_cause_or_no_values_is_not_asked_what_others_tell_of_it():
    before = pd.DataFrame({name: [1.0, 2.0] for name in "abcde"}).assign(d=np.nan)
    now = before.assign(d=1.0, e=np.nan)
    shifts = [shift(name, name == "a") for name in "abcde"]
    assert unexplained(before, now, shifts, [Fault("unit", ["c"], "")]) == ["b"]


TEXTS = pd.DataFrame({"a": ["x", "x", "x", "y"] * 100, "b": ["u", "v"] * 200})
BACK = TEXTS[:20].rename(columns={"a": "b", "b": "a"})
BY_DAY = of_days(np.repeat(FIRST + np.arange(20), 20), [FIRST], 20)


@pytest.mark.parametrize(("one", "other", "count"), [(True, True, 1), (True, False, 0), (False, True, 0)])
def test_texts_have_changed_places_where_both_are_off(one, other, count):
    shifts = {"a": shift("a", one), "b": shift("b", other)}
    assert len([*swapped(TEXTS, BACK, BY_DAY, shifts, ["a", "b"])]) == count


def test_a_column_that_is_stuck_has_not_changed_places():
    shifts, stuck = [shift("a", True), shift("b", True)], Fault("constant", ["a"], "")
    assert relations(TEXTS, BACK, BY_DAY, shifts, [stuck]) == [stuck]
    assert [each.kind for each in relations(TEXTS, BACK, BY_DAY, shifts, [])] == ["swapped"]


def told(name, was):
    values = np.arange(9.0)
    return Told(name, values, values, values, values, np.array(was))


def test_what_belongs_together_less_than_in_any_window_is_scattered_the_worst_first():
    assert list(scattered([told("a", [1.2, 1.9]), told("b", [1.29])])) == []
    [fault] = scattered([told("a", [1.2]), told("b", [1.4, 1.5, 1.9]), told("c", [1.6])])
    assert fault.features == ["c", "b"] and fault.says.endswith("others tell of c was 1.60 and is 1.00")
