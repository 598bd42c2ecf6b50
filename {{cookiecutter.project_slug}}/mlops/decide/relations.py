"""Faults between columns: two that changed places, and some whose values no longer belong to the same rows."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from mlops.decide.drift import FeatureShift
from mlops.decide.faults import Fault, apart, shares
from mlops.decide.told import Told, correlation, is_number
from mlops.decide.windows import Mask, Windows

ORDERED = 0.8  # of the rows have the larger value in the same column of two
LOST = 0.3  # of the correlation with what the others tell, below that of any window
HARDLY = 0.1  # of a distance


def relations(
    before: pd.DataFrame, now: pd.DataFrame, windows: Windows, shifts: Sequence[FeatureShift], alone: Sequence[Fault]
) -> list[Fault]:
    """The faults of single columns that no swap explains better, and swapped columns."""
    by_name = {each.feature: each for each in shifts}
    stuck = {name for each in alone if each.kind == "constant" for name in each.features}
    names = [name for name in filled(before, now) if name not in stuck]
    changed = [each for each in swapped(before, now, windows, by_name, names) if better(each, alone)]
    places = {name for each in changed for name in each.features}
    return [*(each for each in alone if each.kind == "missing" or not places & {*each.features}), *changed]


def unexplained(
    before: pd.DataFrame, now: pd.DataFrame, shifts: Sequence[FeatureShift], broken: Sequence[Fault]
) -> list[str]:
    """The columns that neither drifted nor have a fault."""
    odd = {name for each in broken for name in each.features} | {each.feature for each in shifts if each.drifted}
    return [name for name in filled(before, now) if name not in odd]


def filled(before: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """The columns that have any values on both sides."""
    return [str(name) for name in before if before[name].notna().any() and now[name].notna().any()]


def better(swap: Fault, alone: Sequence[Fault]) -> bool:
    """Whether no more is left of the distance than when another unit is taken for the cause, or hardly more."""
    units = [each.left for each in alone if each.left is not None and {*each.features} & {*swap.features}]
    return swap.left is not None and all(swap.left < left + HARDLY for left in units)


def swapped(
    before: pd.DataFrame, now: pd.DataFrame, windows: Windows, shifts: Mapping[str, FeatureShift], names: Sequence[str]
) -> Iterator[Fault]:
    """Two columns of one kind, both beyond their limits or in the other order, that fit when changed back."""
    for one, other in combinations(names, 2):
        if is_number(before[one]) != is_number(before[other]):
            continue
        if not (shifts[one].drifted and shifts[other].drifted) and not turned(before, now, windows, one, other):
            continue
        back = {name: apart(before[name], now[whose], windows) for name, whose in ((one, other), (other, one))}
        if all(left <= shifts[name].limit for name, left in back.items()):
            yield Fault("swapped", [one, other], "each has the values of the other", max(back.values()))


def turned(before: pd.DataFrame, now: pd.DataFrame, windows: Windows, one: str, other: str) -> bool:
    """Whether the larger of two numbers is in the same column in most rows of every window, and now in the other."""
    if not is_number(before[one]):
        return False
    for low, high in ((one, other), (other, one)):
        if larger(now, low, high).mean() >= ORDERED and larger(before, high, low).mean() >= ORDERED:  # cheap, so first
            return bool(shares(windows, larger(before, high, low)).min() >= ORDERED)
    return False


def larger(rows: pd.DataFrame, one: str, other: str) -> Mask:
    return np.asarray(rows[one] > rows[other])


def scattered(related: Sequence[Told]) -> Iterator[Fault]:
    """The numbers of which the other columns tell far less than in any window, as one fault, the worst first."""
    lost = {}
    for each in related:
        is_now = correlation(each.told_now, each.now)
        if is_now < each.was.min() - LOST:
            lost[each.name] = (float(np.median(each.was)), is_now)
    if lost:
        worst = sorted(lost, key=lambda name: lost[name][1] - lost[name][0])
        then, is_now = lost[worst[0]]
        yield Fault(
            "scattered",
            worst,
            "no longer belongs to the other values of its row: their correlation with what"
            f" the others tell of {worst[0]} was {then:.2f} and is {is_now:.2f}",
        )
