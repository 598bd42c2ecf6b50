"""Faults between columns: two that changed places, and some whose values no longer belong to the same rows."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.decide.drift import FeatureShift
from mlops.decide.faults import Fault, apart, shares
from mlops.decide.windows import Mask, Windows

ORDERED = 0.8  # of the rows have the larger value in the same column of two
RELATED = 0.5  # correlation of a column with what the others tell of it
LOST = 0.3  # of it, below that of any window
HARDLY, BARELY = 0.1, 1e-9  # of a distance, and of a spread

Values = NDArray[np.float64]  # shape (rows,)


def relations(
    before: pd.DataFrame, now: pd.DataFrame, windows: Windows, shifts: Sequence[FeatureShift], alone: Sequence[Fault]
) -> list[Fault]:
    """The faults of single columns that no swap explains better, swapped columns, and broken relations of others."""
    names = [str(name) for name in before if before[name].notna().any() and now[name].notna().any()]
    by_name = {each.feature: each for each in shifts}
    stuck = {name for each in alone if each.kind == "constant" for name in each.features}
    pairs = swapped(before, now, windows, by_name, [name for name in names if name not in stuck])
    changed = [each for each in pairs if better(each, alone)]
    places = {name for each in changed for name in each.features}
    kept = [each for each in alone if each.kind == "missing" or not places & {*each.features}]
    odd = {name for each in [*kept, *changed] for name in each.features} | {
        each.feature for each in shifts if each.drifted
    }
    return [*kept, *changed, *scattered(before, now, windows, [name for name in names if name not in odd])]


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


def is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values)


def turned(before: pd.DataFrame, now: pd.DataFrame, windows: Windows, one: str, other: str) -> bool:
    """Whether the larger of two numbers is in the same column in most rows of every window, and now in the other."""
    if not is_number(before[one]):
        return False
    for low, high in ((one, other), (other, one)):
        if larger(now, low, high).mean() >= ORDERED and larger(before, high, low).mean() >= ORDERED:
            return bool(shares(windows, larger(before, high, low)).min() >= ORDERED)
    return False


def larger(rows: pd.DataFrame, one: str, other: str) -> Mask:
    return np.asarray(rows[one] > rows[other])


def scattered(before: pd.DataFrame, now: pd.DataFrame, windows: Windows, names: Sequence[str]) -> Iterator[Fault]:
    """The numbers of which the other columns tell far less than in any window, as one fault, the worst first."""
    lost = {}
    for name in [each for each in names if is_number(before[each])]:
        actual = ranked(before[name], now[name])
        told = foretold(before, now, actual[0], [each for each in names if each != name])
        was, is_now = correlations(told[0], actual[0], windows.inside), correlation(told[1], actual[1])
        was = was[~np.isnan(was)]
        if len(was) and np.median(was) >= RELATED and is_now < was.min() - LOST:
            lost[name] = (float(np.median(was)), is_now)
    if lost:
        worst = sorted(lost, key=lambda name: lost[name][1] - lost[name][0])
        then, is_now = lost[worst[0]]
        yield Fault(
            "scattered",
            worst,
            "no longer belongs to the other values of its row: their correlation with what"
            f" the others tell of {worst[0]} was {then:.2f} and is {is_now:.2f}",
        )


def foretold(before: pd.DataFrame, now: pd.DataFrame, actual: Values, others: Sequence[str]) -> tuple[Values, Values]:
    """What a linear regression on the ranks of the other columns says of one column's, for both sides of the rows."""
    sides: tuple[list[Values], list[Values]] = ([np.ones(len(before))], [np.ones(len(now))])
    for name in others:
        numbers = is_number(before[name])
        then, live = ranked(before[name], now[name]) if numbers else encoded(before[name], now[name], actual)
        for side, values in zip(sides, (then, live), strict=True):
            side.append(np.where(np.isnan(values), np.nanmean(then), values))
    matrix, there = np.stack(sides[0], axis=1), ~np.isnan(actual)
    weights = np.linalg.lstsq(matrix[there], actual[there], rcond=None)[0]
    return matrix @ weights, np.stack(sides[1], axis=1) @ weights


def ranked(before: pd.Series, now: pd.Series) -> tuple[Values, Values]:
    """Both sides as ranks among the training rows, 0 to 1, ties in the middle; what is missing is NaN."""
    ordered = np.sort(before.dropna().to_numpy(dtype="float64"))

    def rank(side: pd.Series) -> Values:
        values = side.to_numpy(dtype="float64")
        middle = (np.searchsorted(ordered, values) + np.searchsorted(ordered, values, side="right")) / 2
        return np.asarray(np.where(np.isnan(values), np.nan, middle / len(ordered)))

    return rank(before), rank(now)


def encoded(before: pd.Series, now: pd.Series, ranks: Values) -> tuple[Values, Values]:
    """Texts as the mean rank that training rows with that text have."""
    means = pd.Series(ranks, index=before.index).groupby(before).mean()
    then, live = (np.asarray(side.map(means), dtype=np.float64) for side in (before, now))
    return then, live


def correlations(left: Values, right: Values, sets: Mask) -> Values:
    """Shape (sets,): within each set of rows (sets, rows)."""
    return np.array([correlation(left[rows], right[rows]) for rows in sets])


def correlation(left: Values, right: Values) -> float:
    """Of the rows that have both; NaN where one of them is constant."""
    both = ~(np.isnan(left) | np.isnan(right))
    one, other = left[both], right[both]
    if len(one) < 2 or one.std() < BARELY or other.std() < BARELY:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
