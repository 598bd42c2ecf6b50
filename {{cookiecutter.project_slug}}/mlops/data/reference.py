"""The training rows that monitoring compares live ones with, and the day that each of them is of."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlops.data.kinds import without_zone
from mlops.data.model_folder import REFERENCE_FILE
from mlops.data.tables import read_file

if TYPE_CHECKING:
    import pandas as pd

DAYS_FILE = "days.parquet"
DAY = "day"
REFERENCE_ROWS = 20_000  # some 50 a day of a year, in 0.3 MB


def write_reference(rows: "pd.DataFrame", folder: Path) -> None:
    """Some of the rows at random."""
    rows.iloc[chosen(len(rows))].to_parquet(folder / REFERENCE_FILE, index=False)


def write_days(times: "pd.Series", folder: Path) -> None:
    """The day of each of these rows, by the times of all."""
    days = without_zone(times.iloc[chosen(len(times))]).dt.normalize()
    days.to_frame(DAY).to_parquet(folder / DAYS_FILE, index=False)


def chosen(rows: int) -> NDArray[np.int_]:
    """Which of so many rows are the reference, the same ones each time."""
    return np.sort(np.random.default_rng(0).permutation(rows)[:REFERENCE_ROWS])


def read_days(folder: Path) -> NDArray[np.datetime64] | None:
    """The day of each reference row; None where the model has no time column, or is older than this file."""
    path = folder / DAYS_FILE
    return days_of(read_file(path)[DAY]) if path.exists() else None


def days_of(times: "pd.Series") -> NDArray[np.datetime64]:
    """Shape (times,): the day of each."""
    return without_zone(times).to_numpy().astype("datetime64[D]")
