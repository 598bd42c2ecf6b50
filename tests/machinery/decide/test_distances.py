"""How far apart two sets of rows are: bins of the training rows, and a distance from 0 to 1."""

import numpy as np
import pandas as pd
import pytest

from mlops.decide.distances import BINS, binned, shares


def apart(before, now):
    bins = binned(pd.Series(before), pd.Series(now))
    return float(bins.distances(bins.counts(np.ones(len(before), dtype=bool)), bins.counts_now()))


def test_few_numbers_are_bins_themselves_with_one_beyond_and_one_for_what_is_missing():
    bins = binned(pd.Series([1.0, 2, 2, np.nan]), pd.Series([0.0, 1.5, 3, np.nan]))
    assert (bins.before.tolist(), bins.now.tolist(), bins.bins, bins.ordered) == ([0, 1, 1, 3], [0, 1, 2, 3], 4, True)
    assert bins.counts(np.array([[True, True, False, True], [False] * 4])).tolist() == [[1, 1, 0, 1], [0, 0, 0, 0]]
    assert bins.counts_now().tolist() == [1, 1, 1, 1]


def test_texts_are_bins_with_one_for_all_others_and_one_for_what_is_missing():
    bins = binned(pd.Series(["b", "a", "b", None]), pd.Series(["a", "c", None]))
    assert (bins.before.tolist(), bins.now.tolist(), bins.bins, bins.ordered) == ([0, 1, 0, 3], [1, 2, 3], 4, False)


@pytest.mark.parametrize(("values", "bins"), [(BINS - 1, BINS + 1), (BINS, BINS + 1), (1000, BINS + 1), (9, 11)])
def test_many_values_share_bins(values, bins):
    """As many as there are, or 64 of about as many rows each; and the one of what is missing."""
    numbers, texts = pd.Series(np.arange(float(values))), pd.Series([f"t{at}" for at in range(values)])
    assert BINS == 64 and [binned(each, each).bins for each in (numbers, texts)] == [bins, bins]
    if values == 1000:
        assert set(binned(numbers, numbers).counts_now()[:-1]) <= {15, 16}, "the quantiles of all but the outer ones"


@pytest.mark.parametrize(
    ("before", "now", "distance"),
    [
        ([1.0, 2, 3, 4], [1.0, 2, 3, 4], 0),
        ([1.0, 2, 3, 4], [9.0], 1),
        ([1.0, 2, 3, 4], [1.0, 1, np.nan, np.nan], 0.75),  # of those that are there
        ([1.0, 2, 3, 4], [1.0, 1, 4, 4], 0.25),  # the largest difference, and not the sum of them
        (["a", "b"], ["a", "a"], 0.5),
        (["a", "b"], ["c", "d"], 1),
        (["a", "b"], ["a", "b", None, None], 0.5),  # what is missing counts as a value
    ],
)
def test_the_distance_is_from_none_to_one(before, now, distance):
    assert apart(before, now) == pytest.approx(distance)


def test_of_no_rows_nothing_is_known_and_all_bins_are_alike():
    counts = np.array([[0, 0, 0, 0], [0, 1, 3, 0], [0, 1, 0, 0]], dtype=np.float32)
    assert shares(counts).tolist() == [[0.25] * 4, [0, 0.25, 0.75, 0], [0, 1, 0, 0]]
