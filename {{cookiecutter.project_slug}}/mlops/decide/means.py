"""How far the mean of live rows is from that of the training rows, in standard deviations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlops.decide.windows import Windows

Values = NDArray[np.float64]  # shape (rows,), NaN where missing


@dataclass(frozen=True)
class Apart:
    """effect: of the live rows; usual and largest: of windows of training from the rest; limit: what is drift."""

    effect: float
    usual: float
    largest: float
    limit: float
    drifted: bool


def means_apart(before: Values, now: Values, unit: float, windows: Windows, chance: float, least: float) -> Apart:
    """unit: the standard deviation; chance: of drift by luck. least: smaller effects are none. Nothing is no drift."""
    there = ~np.isnan(before)
    values, counted = np.where(there, before, 0.0), there.astype(np.float64)
    inside, rest = (rows @ values / np.maximum(rows @ counted, 1) for rows in (windows.inside, windows.rest))
    apart = (inside - rest)[windows.inside @ counted > 0]
    usual, live = before[windows.now_rest & there], now[~np.isnan(now)]
    if len(apart) < 2 or not len(usual) or not len(live) or not unit > 0:
        return Apart(0.0, 0.0, 0.0, least, drifted=False)
    sizes, effect = np.abs(apart) / unit, float(abs(live.mean() - usual.mean()) / unit)
    most = max(least, mean_limit(apart / unit, windows.apart, chance))
    return Apart(effect, float(np.median(sizes)), float(sizes.max()), most, effect > most)


def mean_limit(differences: Values, apart: int, chance: float) -> float:
    """What one more of them exceeds with that chance, either way; never less than the largest that was seen.

    They are about normally distributed around 0, and `apart` windows that share no row tell how widely.
    """
    from scipy.stats import t

    far = t.isf(chance / 2, apart - 1) * differences.std(ddof=1) * np.sqrt(1 + 1 / apart)
    return max(float(np.abs(differences).max()), float(far))
