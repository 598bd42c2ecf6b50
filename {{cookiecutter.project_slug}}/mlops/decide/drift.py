"""Drift: a feature of a live window is further from the training rows than windows of the training period are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.decide.distances import binned
from mlops.decide.means import means_apart
from mlops.decide.windows import Windows
from mlops.settings.project import Monitoring

Status = Literal["STABLE", "DRIFT", "UNSEEN", "FAULT", "INSUFFICIENT"]
BARS = 15


@dataclass(frozen=True)
class FeatureShift:
    """One feature. effect: how far the live window is from the training rows, 0 to 1, or in standard deviations where
    means are compared; usual and largest: how far their own windows are from the rest, in the middle and at most;
    limit: from where on it is drift. moved: what a person sees, in the feature's unit. picture: `labels`, and the
    shares of `then` and `now` in each."""

    feature: str
    rows: int
    missing_before: float
    missing_now: float
    effect: float
    usual: float
    largest: float
    limit: float
    drifted: bool
    moved: str
    picture: Mapping[str, object]


def compare(before: pd.DataFrame, now: pd.DataFrame, windows: Windows, rules: Monitoring) -> list[FeatureShift]:
    """Every column of `before` against the same column of `now`, what is furthest beyond its limit first."""
    chance = chance_of_each(before, rules)
    shifts = [shift(before[name], now[name], windows, chance, rules.min_effect) for name in before]
    return worst_first(shifts)


def worst_first(shifts: Sequence[FeatureShift]) -> list[FeatureShift]:
    return sorted(shifts, key=lambda each: each.limit - each.effect)


def chance_of_each(before: pd.DataFrame, rules: Monitoring) -> float:
    """What a question may add to the chance of a false alarm: one of a column, one more of a number, one of answers."""
    numbers = sum(pd.api.types.is_numeric_dtype(before[name]) for name in before)
    return rules.alpha / (before.shape[1] + numbers + 1)


def answers_shift(before: pd.Series, now: pd.Series, windows: Windows, chance: float, least: float) -> FeatureShift:
    """The same for what the model answered. Numbers by their mean, in standard deviations of those of training.

    A model spreads its answers on rows that it has learnt more than on others, while their mean is the same.
    """
    found = shift(before, now, windows, chance, least)
    if not pd.api.types.is_numeric_dtype(before):
        return found
    then, said = (side.to_numpy(dtype="float64") for side in (before, now))
    far = means_apart(then, said, float(np.nanstd(then)), windows, chance, least)
    return replace(found, **vars(far), moved=f"mean {before[windows.now_rest].mean():.4g} -> {now.mean():.4g}")


def shift(before: pd.Series, now: pd.Series, windows: Windows, chance: float, least: float) -> FeatureShift:
    """One feature; chance: of its being beyond its limit by luck. least: smaller effects are no drift."""
    bins, then = binned(before, now), before[windows.now_rest]
    among = bins.distances(bins.counts(windows.inside), bins.counts(windows.rest))
    effect = float(bins.distances(bins.counts_now(), bins.counts(windows.now_rest)))
    most = max(least, limit(among, windows.apart, chance))
    if before.isna().all() or now.isna().all():  # nothing to compare; that values are missing is another matter
        effect = 0.0
    return FeatureShift(
        feature=str(before.name),
        rows=int(now.notna().sum()),
        missing_before=float(then.isna().mean()),
        missing_now=float(now.isna().mean()),
        effect=effect,
        usual=float(np.median(among)),
        largest=float(among.max()),
        limit=most,
        drifted=effect > most,
        moved=moved(then, now),
        picture=picture(then, now),
    )


def limit(distances: NDArray[np.floating], apart: int, chance: float) -> float:
    """What the distance of one more such window exceeds with that chance; never less than the largest that was seen.

    Cube roots of distances above their median are about normally distributed (Wilson and Hilferty, 1931), and `apart`
    windows tell how widely: Student's t. No distance is above 1: halfway from the largest to it is beyond all
    experience, however few the windows.
    """
    from scipy.stats import t

    roots, largest = np.cbrt(distances.astype("float64")), float(distances.max())
    middle = np.median(roots)
    spread = np.sqrt(np.mean((roots[roots >= middle] - middle) ** 2) * (1 + 1 / apart))
    far = float(middle + t.isf(chance, apart - 1) * spread) ** 3
    return max(largest, min(far, (1 + largest) / 2))


def moved(then: pd.Series, now: pd.Series) -> str:
    """What a person sees: the median in the feature's unit, or the text whose share moved most."""
    then, now = then.dropna(), now.dropna()
    if then.empty or now.empty:
        return ""
    if pd.api.types.is_numeric_dtype(then):
        return f"median {then.median():.4g} -> {now.median():.4g}"
    shares = pd.concat([side.value_counts(normalize=True) for side in (then, now)], axis="columns").fillna(0)
    value = (shares.iloc[:, 1] - shares.iloc[:, 0]).abs().idxmax()
    return f"{value!s:.30} {shares.loc[value].iloc[0]:.1%} -> {shares.loc[value].iloc[1]:.1%}"


def picture(then: pd.Series, now: pd.Series) -> dict[str, object]:
    """The shares of both sides: of numbers in bins between which all but the rarest lie, of the commonest texts."""
    then, now = then.dropna(), now.dropna()
    if pd.api.types.is_numeric_dtype(then):
        pooled = np.concatenate([then, now])
        low, high = np.quantile(pooled, [0.01, 0.99]) if len(pooled) else (0.0, 1.0)
        edges = np.linspace(low, high if high > low else low + 1, BARS + 1)
        counts = [np.histogram(side.clip(edges[0], edges[-1]), edges)[0] for side in (then, now)]
        sides = [(count / max(1, count.sum())).tolist() for count in counts]
        labels = [f"{edge:.4g}" for edge in edges[:-1]]
    else:
        both = [side.value_counts(normalize=True) for side in (then, now)]
        commonest = (both[0].add(both[1], fill_value=0)).sort_values(ascending=False).index[:BARS]
        sides = [side.reindex(commonest, fill_value=0).tolist() for side in both]
        labels = [f"{value!s:.14}" for value in commonest]
    return {"labels": labels, "then": sides[0], "now": sides[1]}


def status_of(windows: Windows | None, shifts: Sequence[FeatureShift], broken: Sequence[object]) -> Status:
    """Without windows: cannot tell. Else a fault, or drift if any feature drifted, where training knows the season."""
    if windows is None:
        return "INSUFFICIENT"
    if broken:
        return "FAULT"
    if not any(each.drifted for each in shifts):
        return "STABLE"
    return "DRIFT" if windows.seen else "UNSEEN"


def as_table(shifts: Sequence[FeatureShift]) -> list[Mapping[str, object]]:
    """The shifts as plain rows."""
    return [vars(each) for each in shifts]
