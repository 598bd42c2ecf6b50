"""From raw columns to what the estimator sees. Part of the model itself, so training and serving cannot differ."""

from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

TEXT = ["carrier", "origin", "dest"]
CLOCK = ["sched_dep_time", "sched_arr_time"]
PRIOR = 20  # flights' worth of doubt about a value that was seen seldom
NUMBERS = ["distance", "temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]


class FlightFeatures(TransformerMixin, BaseEstimator):
    """Raw columns, one row a flight, to numbers: text as ranks first, then clock times, numbers and the weekday.

    one_hot: for models to which a rank is an amount: text as a column of zeros and ones for each value.
    Plain NumPy, because an endpoint is asked for one row at a time and every layer of pandas costs a millisecond.
    """

    def __init__(self, one_hot: bool = False) -> None:
        self.one_hot = one_hot

    def fit(self, flights: pd.DataFrame, late: pd.Series) -> Self:
        """Rank the values of each text column by how often they were late, so that a tree can split them as numbers."""
        answers = pd.Series(np.asarray(late, dtype="float64"))
        self.ranks_ = {}
        for name in TEXT:
            of_value = answers.groupby([spelt(value) for value in flights[name]])
            share = (of_value.sum() + PRIOR * answers.mean()) / (of_value.count() + PRIOR)
            self.ranks_[name] = {value: rank for rank, value in enumerate(share.sort_values(kind="stable").index)}
        return self

    def transform(self, flights: pd.DataFrame) -> np.ndarray:
        """Shape (rows, 15), float64; more with one_hot. A text value that was not there when fitting is missing."""
        ranks = [np.array([self.ranks_[name].get(spelt(value), np.nan) for value in flights[name]]) for name in TEXT]
        text = [self.columns_of(name, each) for name, each in zip(TEXT, ranks, strict=True)]
        clocks = [minutes(flights[name].to_numpy()) for name in CLOCK]
        numbers = [flights[name].to_numpy() for name in NUMBERS]
        return np.column_stack([*text, *clocks, *numbers, weekday(flights["time_hour"].to_numpy())])

    def columns_of(self, name: str, ranks: np.ndarray) -> np.ndarray:
        """A text as its ranks, shape (rows,); with one_hot as zeros and ones, a column for each value in training."""
        return ranks[:, None] == np.arange(len(self.ranks_[name])) if self.one_hot else ranks


def spelt(code: object) -> object:
    """A code in capitals, however it was written; what is no text stays as it is."""
    return code.upper() if isinstance(code, str) else code


def minutes(clock: np.ndarray) -> np.ndarray:
    """Clock times as HHMM (1745 is 17:45) to minutes since midnight."""
    return clock // 100 * 60 + clock % 100


def weekday(times: np.ndarray) -> np.ndarray:
    """Datetimes to the day of the week, Monday 0; the first day of 1970 was a Thursday."""
    return (times.astype("datetime64[D]").astype("int64") + 3) % 7
