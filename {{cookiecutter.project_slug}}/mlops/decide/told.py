"""What the other columns of a row tell of one: whether it still belongs to them, and whether it has moved against them.

A week that is warmer than others is nothing new; one that is warmer than its dew point and humidity allow is.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from mlops.decide.drift import FeatureShift, chance_of_each, worst_first
from mlops.decide.means import Values, means_apart
from mlops.decide.windows import Mask, Windows
from mlops.settings.project import Monitoring

RELATED = 0.5  # correlation of a column with what the others tell of it
BARELY = 1e-9  # of a spread


class Told(NamedTuple):
    """A number and what the others tell of it, in ranks, of training rows and live ones.

    was: shape (windows,), the correlation of the two in each window, without those that have none.
    """

    name: str
    then: Values
    told_then: Values
    now: Values
    told_now: Values
    was: Values


def related(before: pd.DataFrame, now: pd.DataFrame, windows: Windows, names: Sequence[str]) -> list[Told]:
    """The numbers among these columns of which the others of them tell much.

    None in a season that training does not hold: there they may belong together in another way.
    """
    if not windows.seen:
        return []
    found, ranks = [], {name: ranked(before[name], now[name]) for name in names if is_number(before[name])}
    for name, (then, live) in ranks.items():
        others = {each: ranks.get(each) or encoded(before[each], now[each], then) for each in names if each != name}
        told_then, told_now = foretold(then, len(live), list(others.values()))
        was = correlations(told_then, then, windows.inside)
        was = was[~np.isnan(was)]
        if len(was) and np.median(was) >= RELATED:
            found.append(Told(name, then, told_then, live, told_now, was))
    return found


def against_others(
    before: pd.DataFrame,
    now: pd.DataFrame,
    windows: Windows,
    shifts: Sequence[FeatureShift],
    told: Sequence[Told],
    rules: Monitoring,
) -> list[FeatureShift]:
    """The shifts, and in the place of some those of numbers that drifted against what the others tell."""
    chance, alone = chance_of_each(before, rules), {each.feature: each for each in shifts}
    for each in told:
        left, left_now = each.then - each.told_then, each.now - each.told_now
        far = means_apart(left, left_now, float(np.nanstd(each.then)), windows, chance, rules.min_effect)
        if far.drifted:
            moved = float(np.nanmean(left_now) - np.nanmean(left[windows.now_rest]))
            said = by_how_much(before[each.name], now[each.name], each.now, moved)
            alone[each.name] = replace(alone[each.name], **vars(far), moved=said)
    return worst_first(list(alone.values()))


def by_how_much(before: pd.Series, now: pd.Series, ranks: Values, moved: float) -> str:
    """A shift of so many ranks in the feature's unit, where the live values are."""
    there = ~np.isnan(ranks)
    back = np.nanquantile(before.to_numpy(dtype="float64"), np.clip(ranks[there] - moved, 0, 1))
    far = np.median(now.to_numpy(dtype="float64")[there] - back)
    return f"{abs(far):.3g} {'more' if moved > 0 else 'less'} than the other columns tell"


def is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values)


def foretold(actual: Values, live: int, others: Sequence[tuple[Values, Values]]) -> tuple[Values, Values]:
    """What a linear regression on the ranks of the others says of one column's; of the training rows and live ones."""
    sides: tuple[list[Values], list[Values]] = ([np.ones(len(actual))], [np.ones(live)])
    for then, now in others:
        for side, values in zip(sides, (then, now), strict=True):
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
