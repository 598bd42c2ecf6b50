"""The rows that monitoring compares with, and their days: of each row its own, and no more rows than are of use."""

import numpy as np
import pandas as pd
import pytest

from mlops.data import reference
from mlops.data.model_folder import REFERENCE_FILE
from mlops.data.reference import read_days, write_days, write_reference

TIMES = pd.Series(pd.date_range("2013-01-01T05:00", periods=500, freq="5h"))
ROWS = pd.DataFrame({"day": TIMES.dt.normalize(), "number": np.arange(500)})


@pytest.mark.parametrize("most", [20_000, 100])
def test_each_row_has_its_own_day(tmp_path, monkeypatch, most):
    monkeypatch.setattr(reference, "REFERENCE_ROWS", most)
    write_reference(ROWS, tmp_path)
    write_days(TIMES, tmp_path)
    kept = pd.read_parquet(tmp_path / REFERENCE_FILE)
    assert len(kept) == min(most, 500) and kept["number"].is_unique
    np.testing.assert_array_equal(read_days(tmp_path), kept["day"].to_numpy().astype("datetime64[D]"))


def test_the_rows_are_drawn_from_all_of_training(tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "REFERENCE_ROWS", 100)
    write_reference(ROWS, tmp_path)
    kept = pd.read_parquet(tmp_path / REFERENCE_FILE)["number"]
    assert kept.min() < 50 and kept.max() > 450 and kept.is_monotonic_increasing


def test_a_model_without_times_has_no_days(tmp_path):
    write_reference(ROWS, tmp_path)
    assert read_days(tmp_path) is None
