"""Metrics held against scikit-learn, and their intervals against what statistics says of means."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

from mlops.decide import metrics
from mlops.decide.jackknife import Estimate
from mlops.decide.metrics import slice_rows, slices
from mlops.decide.scored import Scored
from mlops.decide.tasks.binary import Binary
from mlops.settings.metrics import METRICS


def measure(target, scores, threshold):
    return metrics.measure(Binary("auc", threshold), target, scores)


def intervals(target, scores, seed):
    rows = Scored(target, {"challenger": scores}, pd.DataFrame(index=range(len(target))), [0, 1])
    return metrics.intervals(Binary("auc", 0.5), rows, "challenger", seed)


def scored(rows=2000, seed=0):
    """As many labels of each class, and scores that tell them apart somewhat."""
    rng = np.random.default_rng(seed)
    target = np.arange(rows) % 2
    return target, 1 / (1 + np.exp(-(target + rng.normal(size=rows))))


@settings(deadline=None)  # the first example pays for what scikit-learn loads
@given(st.integers(0, 10_000), st.integers(2, 40), st.floats(0.05, 0.95))
def test_metrics_are_those_of_scikit_learn(seed, rows, threshold):
    rng = np.random.default_rng(seed)
    target, scores = np.r_[0, 1, rng.integers(0, 2, rows)], rng.uniform(size=rows + 2)
    assert measure(target, scores, threshold) == pytest.approx(
        {
            "auc": roc_auc_score(target, scores),
            "log_loss": log_loss(target, scores),
            "brier": brier_score_loss(target, scores),
            "accuracy": accuracy_score(target, scores > threshold),
        }
    )


def test_a_row_whose_score_is_the_threshold_is_not_called_positive():
    assert measure(np.array([0, 0, 1]), np.array([0.7, 0.7, 0.9]), 0.7)["accuracy"] == 1


def test_a_model_that_is_certain_and_wrong_has_a_large_but_finite_log_loss():
    assert 10 < measure(np.array([0, 1]), np.array([1.0, 0.0]), 0.5)["log_loss"] < np.inf


def test_without_both_classes_there_is_no_auc_but_all_else():
    found = measure(np.ones(3, dtype=int), np.array([0.2, 0.6, 0.9]), 0.5)
    assert np.isnan(found.pop("auc")) and np.isfinite(list(found.values())).all()


def test_an_interval_of_a_mean_reaches_two_standard_errors_to_each_side():
    target, scores = scored()
    found = intervals(target, scores, seed=1)
    assert found.keys() == measure(target, scores, 0.5).keys()
    rows = {"brier": (scores - target) ** 2, "accuracy": ((scores > 0.5) == target).astype(float)}
    for name, values in rows.items():
        lower, upper = found[name]
        error = np.hypot(values[target == 0].std(), values[target == 1].std()) / 2 / np.sqrt(len(target) / 2)
        assert (lower + upper) / 2 == pytest.approx(values.mean(), abs=0.1 * error)
        assert (upper - lower) / 2 == pytest.approx(1.97 * error, rel=0.15), "an error estimated from 200 groups"


def test_another_seed_hardly_moves_an_interval_and_the_same_one_not_at_all():
    target, scores = scored(rows=200)
    first, other = (np.array(list(intervals(target, scores, seed).values())) for seed in (1, 2))
    width = first[:, 1:] - first[:, :1]
    assert 0 < (np.abs(first - other) / width).mean() < 0.1
    assert (first == np.array(list(intervals(target, scores, 1).values()))).all()


SLICES = pd.DataFrame({"origin": ["LGA", None, "EWR", "LGA", "EWR", "LGA"]})
PREDICTIONS = {
    "challenger": np.array([0.1, 0.9, 0.6, 0.4, 0.4, 0.7]),
    "champion": np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
}


def by_slice(predictions):
    return slice_rows(Binary("auc", 0.5), Scored(np.array([0, 1, 0, 1, 1, 0]), predictions, SLICES, [0, 1]))


def test_slices_are_in_name_order_and_missing_values_are_none():
    masks = slices(SLICES)
    assert list(masks) == ["origin=EWR", "origin=LGA"]
    assert masks["origin=EWR"].tolist() == (SLICES["origin"] == "EWR").tolist()


def test_each_slice_has_its_own_rows_and_their_metrics():
    first, second = by_slice(PREDICTIONS)
    assert (first["slice"], first["rows"]) == ("origin=EWR", 2)
    assert (second["slice"], second["rows"]) == ("origin=LGA", 3)
    assert (first["challenger"]["auc"], first["champion"]["auc"]) == (0, 1)
    assert second["champion"] == measure(np.array([0, 1, 0]), np.array([0.2, 0.5, 0.7]), 0.5)
    assert "champion" not in by_slice({"challenger": PREDICTIONS["challenger"]})[0]


def test_an_interval_stays_within_what_the_metric_can_be():
    few = Estimate(value=0.3, error=0.4, groups=20)
    assert metrics.interval(few, METRICS["binary"]["log_loss"])[0] == 0, "no loss is below it"
    low, high = metrics.interval(few, METRICS["binary"]["auc"])
    assert (low, high) == (0, 1)
    assert np.isnan(metrics.interval(Estimate(value=np.nan, error=np.nan, groups=20), METRICS["binary"]["auc"])).all()
