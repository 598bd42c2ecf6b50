"""The gate on scores of known quality: a worse model is refused, a better one passes, and doubt is never a pass."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from mlops.bootstrap import RankedScores, resamples
from mlops.config import Gate
from mlops.gate import Check, compare, decide, floors, overall

RULES = Gate.model_validate(
    {
        "threshold": 0.5,
        "floors": {"auc": 0.6},
        "alpha": 0.05,
        "minimum_gain": 0.01,
        "min_positives": 100,
        "seed": 1,
        "slices": {"columns": ["origin"], "min_rows": 200, "floor": 0.5, "max_drop": 0.05},
    }
)


def scored(seed=0, rows=3000, champion=None, challenger=1.0):
    """Test rows whose scores are the truth plus noise; the numbers say how much signal each model has."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 2, rows)
    shared = rng.normal(size=rows)
    frame = pd.DataFrame({"target": target, "origin": rng.choice(["EWR", "JFK"], rows)})
    for name, signal in {"challenger": challenger, "champion": champion}.items():
        if signal is not None:
            frame[name] = 1 / (1 + np.exp(-(signal * target + shared + 0.3 * rng.normal(size=rows))))
    return frame


def verdict(frame, auc=0.9):
    return decide({"auc": auc}, frame, RULES)


def check(result, name):
    return next(each for each in result["checks"] if each["name"].startswith(name))


def test_a_clearly_better_challenger_passes():
    result = verdict(scored(champion=0.5, challenger=1.0))
    assert result["status"] == "PASS" and not result["cold_start"]
    assert result["comparison"]["lower"] > 0


def test_a_worse_challenger_fails():
    result = verdict(scored(champion=1.0, challenger=0.5))
    assert result["status"] == "FAIL"
    assert check(result, "better than the champion")["status"] == "FAIL"


def test_a_challenger_with_the_champions_scores_fails():
    frame = scored(champion=1.0)
    result = verdict(frame.assign(challenger=frame["champion"]))
    assert result["status"] == "FAIL"
    assert result["comparison"]["difference"] == 0


def test_a_gain_that_the_rows_cannot_show_is_insufficient():
    result = verdict(scored(rows=400, champion=1.0, challenger=1.05))
    assert result["status"] == "INSUFFICIENT"
    assert result["comparison"]["detectable"] > RULES.minimum_gain


def test_too_few_positives_are_insufficient():
    frame = scored(champion=0.5, challenger=2.0)
    few = pd.concat([frame[frame["target"] == 1].head(50), frame[frame["target"] == 0]])
    result = verdict(few)
    assert check(result, "test rows")["status"] == "INSUFFICIENT"
    assert result["status"] == "INSUFFICIENT"


def test_a_cold_start_must_beat_a_trivial_model():
    assert verdict(scored(challenger=1.0))["status"] == "PASS"
    useless = verdict(scored(challenger=0.0))
    assert useless["cold_start"] and useless["status"] != "PASS"
    assert "trivial model" in check(useless, "better than")["name"]


def test_a_broken_floor_fails_however_much_better_it_is():
    assert verdict(scored(champion=0.5, challenger=1.0), auc=0.59)["status"] == "FAIL"


def test_a_slice_that_got_worse_fails_although_the_whole_got_better():
    frame = scored(rows=6000, champion=0.6, challenger=1.4)
    hurt = (frame["origin"] == "JFK") & (np.arange(len(frame)) % 5 == 0)
    hurt_rows = frame[hurt].assign(origin="LGA", challenger=1 - frame["champion"])
    result = verdict(pd.concat([frame[~hurt], hurt_rows]))
    assert check(result, "better than the champion")["status"] == "PASS"
    assert check(result, "slice origin=LGA")["status"] == "FAIL"
    assert result["status"] == "FAIL"


def test_one_class_only_never_passes():
    frame = scored(champion=0.5)
    assert verdict(frame[frame["target"] == 1])["status"] == "FAIL"


@given(st.dictionaries(st.sampled_from(["auc", "accuracy"]), st.floats(allow_nan=True) | st.none()))
def test_a_missing_or_nan_metric_is_a_broken_floor(metrics):
    for each in floors(metrics, {"auc": 0.6, "accuracy": 0.5}):
        value = metrics.get(each.name.removeprefix("floor "))
        good = value is not None and not math.isnan(value) and value >= float(each.wanted.removeprefix(">= "))
        assert each.status == ("PASS" if good else "FAIL")


@given(st.lists(st.sampled_from(["PASS", "FAIL", "INSUFFICIENT"])))
def test_it_passes_only_when_every_check_does(statuses):
    checks = [Check("any", status, "", "") for status in statuses]
    assert (overall(checks) == "PASS") == (bool(statuses) and set(statuses) == {"PASS"})


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), champion=st.floats(0.2, 1.5), loss=st.floats(0.15, 1.0))
def test_no_worse_challenger_ever_passes(seed, champion, loss):
    assert verdict(scored(seed, rows=1500, champion=champion, challenger=champion - loss))["status"] != "PASS"


def test_equal_models_pass_about_as_often_as_alpha_says():
    passed = sum(
        compare(scored(seed, rows=600, champion=0.8, challenger=0.8), "champion", alpha=0.05, seed=seed).lower > 0
        for seed in range(100)
    )
    assert passed <= 12, "99.5 % binomial limit for 100 runs at 5 %"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60), st.integers(1, 8))
def test_weighted_auc_is_that_of_scikit_learn(seed, rows, levels):
    rng = np.random.default_rng(seed)
    target = np.r_[0, 1, rng.integers(0, 2, rows)]
    scores = rng.integers(0, levels, len(target)) / levels
    weights = rng.integers(1, 4, len(target))
    expected = roc_auc_score(target, scores, sample_weight=weights)
    assert RankedScores.of(target, scores).auc(weights) == pytest.approx(expected)


def test_resamples_keep_the_number_of_rows_of_each_class():
    target = np.array([0, 0, 0, 1, 1])
    counts = np.concatenate(list(resamples(target, seed=3, draws=20)))
    assert counts.shape == (20, 5)
    assert (counts[:, target == 0].sum(axis=1) == 3).all() and (counts[:, target == 1].sum(axis=1) == 2).all()
