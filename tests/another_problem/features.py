"""From raw columns to what the estimator sees. Part of the model itself, so training and serving cannot differ."""

import numpy as np
import pandas as pd

TEXT = ["station", "sky"]
NUMBERS = ["holiday", "celsius", "wind", "docks"]


def clock(rows: pd.DataFrame) -> np.ndarray:
    """The hour as a place on the dial of a clock with 24 hours and of one with 12: shape (rows, 4), from -1 to 1."""
    turn = rows["start"].dt.hour.to_numpy() / 24 * 2 * np.pi
    return np.column_stack([np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn)])
