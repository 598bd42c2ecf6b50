"""Windows of the training period: a live window is held against how much they differ among themselves.

Rows that arrive together are alike, so whole days stay together; rows whose day is not known are taken one by one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEASON = 45  # days before and after which are of one season
MONTH = 28  # days of a season that training must hold to know it
YEAR = 365.25
LEAST_WINDOWS = 8  # that share no day: with fewer, nothing is known of how much they differ
MOST_WINDOWS = 180
DRAWN = 200  # windows of single rows

Days = NDArray[np.datetime64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Windows:
    """inside, rest: shape (windows, rows), whether a training row is in the window, or in what that is held against.

    now_rest: shape (rows,), what the live window is held against. size: rows of a window, no more than are live: the
    more rows, the smaller is a distance by chance. apart: windows that share no row. days: their length, 0 for single
    rows. seen: whether training knows the season of the live window.
    """

    inside: Mask
    rest: Mask
    now_rest: Mask
    size: int
    apart: int
    days: int
    seen: bool


def of_days(days: Days, live: Days, rows: int) -> Windows | None:
    """Windows of as many whole days as the live rows are of, or fewer where training is short.

    days: of each training row. live: the days that the live rows are of, `rows` their number. None when training has
    fewer than LEAST_WINDOWS days.
    """
    known, place = np.unique(days, return_inverse=True)
    now = np.unique(live)
    length = min(len(now), len(known) // LEAST_WINDOWS)
    if not length:
        return None
    last = len(known) - length
    starts = np.unique(np.linspace(0, last, min(last + 1, MOST_WINDOWS)).astype(int))[:, None]
    inside = (place >= starts) & (place < starts + length)
    rest = same_season(days, known[starts + length // 2], length) & ~inside
    alone = ~rest.any(axis=1)
    rest[alone] = ~inside[alone]
    season = same_season(days, now[len(now) // 2], length)
    seen = len(np.unique(place[season])) >= min(MONTH, len(known))
    size, apart = min(rows, int(np.median(inside.sum(axis=1)))), min(len(known) // length, len(starts))
    now_rest = season if seen else np.ones(len(days), dtype=bool)
    return Windows(thinned(inside, size), rest, now_rest, size, apart, length, seen)


def same_season(days: Days, middle: Any, length: int) -> Mask:
    """Whether a day lies within SEASON days of a window with that middle, in whatever year."""
    apart = np.abs((days - middle).astype("timedelta64[D]").astype(int)) % YEAR
    near: Mask = np.minimum(apart, YEAR - apart) <= SEASON + length / 2
    return near


def of_rows(there: int, rows: int) -> Windows:
    """Windows of rows drawn at random, as many in each as are live, or half of the training rows that are there."""
    size, chance = min(rows, there // 2), np.random.default_rng(0)
    inside = np.zeros((DRAWN, there), dtype=bool)
    for window in inside:
        window[chance.choice(there, size, replace=False)] = True
    return Windows(inside, ~inside, np.ones(there, dtype=bool), size, DRAWN, 0, True)


def thinned(inside: Mask, size: int) -> Mask:
    """No more rows in a window than that, drawn at random."""
    chance, kept = np.random.default_rng(0), np.zeros_like(inside)
    for window, its in zip(kept, inside, strict=True):
        there = np.flatnonzero(its)
        window[chance.choice(there, min(size, len(there)), replace=False)] = True
    return kept
