"""Folds of rows: a model is fitted on one side and measured on the other.

Those of a search are cut as data.split cuts the test off, so that what wins there has been asked what the gate will
ask. Those of data.split take the place of held-out rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlops import UserError
from mlops.data.kinds import without_zone
from mlops.decide.measures import Rows
from mlops.settings.project import Data

if TYPE_CHECKING:
    import pandas as pd

Codes = NDArray[np.intp]
TENTHS = 10


@dataclass(frozen=True)
class Fold:
    """The places of the rows to fit on, and of those to measure on; none is on both sides."""

    fit: Rows
    score: Rows


def repeated(rows: "pd.DataFrame", data: Data, seed: int) -> list[list[Fold]]:
    """The folds of data.split, as often as it repeats them, each time dealt anew. UserError for too few groups."""
    count, times = data.split.dealt.values()
    return [folds_of(rows, data, count, [seed, time], "data.split.folds") for time in range(times)]


def folds_of(
    rows: "pd.DataFrame", data: Data, count: int, seed: int | Sequence[int], setting: str = "search.folds"
) -> list[Fold]:
    """That many folds of the rows, which the setting asks for.

    By time, each is fitted on the days before those that it is measured on. Otherwise rows of one data.split.group or
    data.split.cluster are on one side, or else the answers are dealt evenly. UserError for too few days or groups.
    """
    chance = np.random.default_rng(seed)
    if data.time and data.split_by == "time":
        return by_time(in_order(without_zone(rows[data.time]).dt.floor("D")), count, setting)
    if data.cluster:
        together = rows[data.cluster]
        together = without_zone(together).dt.floor("D") if data.cluster == data.time else together
        return by_group(in_order(together), count, chance, setting)
    return evenly(alike(in_order(rows[data.target]), count), count, chance)


def in_order(column: "pd.Series") -> Codes:
    """The place of each value among the sorted ones, shape (rows,); a null counts as one more."""
    codes: Codes = column.factorize(sort=True, use_na_sentinel=False)[0]
    return codes


def alike(answers: Codes, count: int) -> Codes:
    """Answers of which hardly two are the same, as numbers are, by tenths of the rows; others as they are.

    One by one in turn they would be dealt the same each time, whatever the seed.
    """
    if len(answers) >= count * len(np.unique(answers)):
        return answers
    lower: Codes = np.searchsorted(np.sort(answers), answers)
    return lower * TENTHS // len(answers)


def by_time(days: Codes, count: int, setting: str) -> list[Fold]:
    """Whole days, in as many stretches and one more: each but the first is measured on once, by what came before."""
    stretch = stretches(np.arange(days.max() + 1), count + 1, setting, "days")[days]
    return [Fold(np.flatnonzero(stretch < each), np.flatnonzero(stretch == each)) for each in range(1, count + 1)]


def by_group(groups: Codes, count: int, chance: np.random.Generator, setting: str) -> list[Fold]:
    """Whole groups, dealt by chance."""
    return apart(stretches(chance.permutation(groups.max() + 1), count, setting, "groups")[groups], count)


def evenly(answers: Codes, count: int, chance: np.random.Generator) -> list[Fold]:
    """Rows dealt by chance, those of like answers in turn."""
    place = np.empty(len(answers), dtype=np.intp)
    place[np.lexsort((chance.random(len(answers)), answers))] = np.arange(len(answers))
    return apart(place % count, count)


def stretches(order: Codes, parts: int, setting: str, what: str) -> Codes:
    """To which of the parts each number belongs, all of nearly the same size. UserError when they are too few."""
    if len(order) < parts:
        raise UserError(
            f"{setting}: they need {parts} {what} of rows at least, and there are {len(order)};"
            " write fewer folds, or add data"
        )
    part = np.empty(len(order), dtype=np.intp)
    for number, members in enumerate(np.array_split(order, parts)):
        part[members] = number
    return part


def apart(fold: Codes, count: int) -> list[Fold]:
    """Measured on each part by what is fitted on all others."""
    return [Fold(np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in range(count)]
