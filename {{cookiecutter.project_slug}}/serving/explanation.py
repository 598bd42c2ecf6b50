"""Why one row was answered so: by how much each feature takes the answer away from the mean one.

Shapley values by permutations (Strumbelj, Kononenko 2014): beginning at another row, the features take the values of
this one, one after the other, in a random order and then in the opposite one. So the parts always add up to the answer,
and each of them is an estimate. For any model, and with nothing but NumPy and pandas.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

ORDERS = 60  # shared out over the other rows; each forwards and backwards


def explained(
    ask: Callable[[pd.DataFrame], np.ndarray], row: pd.DataFrame, others: pd.DataFrame
) -> tuple[float, dict[str, float]]:
    """The mean answer to the others, and the part of each feature in what this row's is more or less than that.

    ask: answers (rows,) to rows. row: a frame of one row. others: usual rows with the same columns.
    """
    orders = max(1, ORDERS // len(others))
    width, starts = row.shape[1], np.repeat(np.arange(len(others)), 2 * orders)
    places = in_both_directions(len(others) * orders, width)  # when each feature takes the row's value
    taken = places[:, None, :] < np.arange(width + 1)[None, :, None]  # (orders, steps, features)
    sources = np.where(taken, len(others), starts[:, None, None]).reshape(-1, width)
    table = pd.concat([others, row], ignore_index=True)
    asked = pd.DataFrame({name: table[name].take(sources[:, at]).array for at, name in enumerate(table)})
    answers = np.asarray(ask(asked), dtype=float).reshape(len(places), width + 1)
    steps = np.take_along_axis(np.diff(answers, axis=1), places, axis=1)
    return float(answers[:, 0].mean()), dict(zip(map(str, table), steps.mean(axis=0).tolist(), strict=True))


def in_both_directions(count: int, width: int) -> np.ndarray:
    """The place of each feature in so many random orders, each followed by its opposite; the same ones each time."""
    forwards = np.random.default_rng(0).permuted(np.tile(np.arange(width), (count, 1)), axis=1)
    return np.stack([forwards, width - 1 - forwards], axis=1).reshape(-1, width)
