"""Features as numbers that a tree can split, each with the words for either side of a split."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops.decide.measures import Vector

if TYPE_CHECKING:
    import pandas as pd

MOST_VALUES = 20  # of a text column, the most frequent ones


@dataclass(frozen=True)
class Numbers:
    """values: shape (rows,), NaN for what is missing. words: what it means to be at most a number, or above it."""

    feature: str
    values: Vector
    words: Callable[[float, bool], str]


def as_numbers(rows: "pd.DataFrame") -> list[Numbers]:
    """Every column: a number as it is, a time by its hour and weekday, a text by whether it is one of its values."""
    return [each for name in rows for each in of_column(str(name), rows[name])]


def of_column(name: str, column: "pd.Series[Any]") -> Iterator[Numbers]:
    kind = column.dtype.kind
    if kind in "iuf":
        yield Numbers(name, column.to_numpy(dtype="float64"), at_most(name))
    elif kind == "M":
        times = column.dt
        yield Numbers(name, times.hour.to_numpy(dtype="float64"), at_most(f"hour of {name}"))
        yield Numbers(name, times.dayofweek.to_numpy(dtype="float64"), at_most(f"weekday of {name} (Monday 0)"))
    else:
        for value in column.value_counts().index[:MOST_VALUES]:
            yield Numbers(name, (column == value).to_numpy(dtype="float64"), is_or_not(name, value))


def at_most(name: str) -> Callable[[float, bool], str]:
    return lambda limit, above: f"{name} {'>' if above else '<='} {limit:.4g}"


def is_or_not(name: str, value: Any) -> Callable[[float, bool], str]:
    return lambda _, above: f"{name} {'is' if above else 'is not'} {value}"


def matrix(numbers: list[Numbers]) -> Vector:
    """Shape (rows, numbers)."""
    return np.column_stack([each.values for each in numbers])
