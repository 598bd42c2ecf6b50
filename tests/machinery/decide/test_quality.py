"""Live quality on scores of known quality: a loss beyond chance is told, chance is not, and doubt is no good news."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_gate import RULES, TASK

from mlops.decide.quality import assess, kept, newer
from mlops.decide.scored import Scored
from mlops.settings.metrics import METRICS
from mlops.settings.project import Data

DATA = Data(uri="data", suite="suite.json", time="time", target="late", known_only_after=[])


def scored(signal, seed=0, rows=3000):
    """Labels and scores; the larger the signal, the better the scores."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 2, rows)
    return target, 1 / (1 + np.exp(-(signal * target + rng.normal(size=rows))))


def as_scored(target, scores):
    return Scored(target, {"challenger": scores}, pd.DataFrame(index=range(len(target))), [0, 1])


def judged(signal, registered, **scores):
    tags = {} if registered is None else {"test_auc": registered}
    return assess(TASK, as_scored(*scored(signal, **scores)), tags, RULES)


def found(result):
    return {each["name"]: each["status"] for each in result["checks"]}


def test_what_was_promised_and_is_kept_holds():
    auc = judged(1.0, "0.5")["metrics"]["auc"]
    result = judged(1.0, str(auc))
    assert result["status"] == "HOLDING" and set(found(result).values()) == {"PASS"}
    assert result["intervals"]["auc"][0] < auc < result["intervals"]["auc"][1]


def test_a_loss_beyond_chance_and_beyond_what_may_be_lost_is_degraded():
    result = judged(1.0, "0.9")
    assert result["status"] == "DEGRADED"
    assert found(result) == {"labelled rows": "PASS", "floor auc": "PASS", "AUC since registration": "FAIL"}


def test_a_broken_floor_is_degraded_whatever_was_promised():
    result = judged(0.1, "0.5")
    assert result["status"] == "DEGRADED"
    assert found(result) == {"labelled rows": "PASS", "floor auc": "FAIL", "AUC since registration": "PASS"}


@pytest.mark.parametrize(
    ("upper", "status"), [(0.69, "PASS"), (0.68, "PASS"), (0.6799, "FAIL"), (float("nan"), "FAIL")]
)
def test_the_whole_interval_must_lie_below_what_may_be_left(upper, status):
    assert kept(0.6, upper, "0.7", 0.02, TASK.decisive).status == status


@pytest.mark.parametrize(("best", "status"), [(3.01, "PASS"), (3.02, "PASS"), (3.0201, "FAIL"), (float("nan"), "FAIL")])
def test_an_error_is_lost_when_it_has_certainly_grown(best, status):
    assert kept(4.0, best, "3.0", 0.02, METRICS["regression"]["rmse"]).status == status


def test_the_same_quality_on_other_rows_is_hardly_ever_called_degraded():
    """Each of 40 versions keeps its true AUC, 0.76; what was registered and what is seen now are two draws of it."""
    promised = [str(judged(1.0, "0.5", seed=seed, rows=600)["metrics"]["auc"]) for seed in range(40)]
    results = [judged(1.0, auc, seed=100 + at, rows=600) for at, auc in enumerate(promised)]
    assert sum(result["status"] == "DEGRADED" for result in results) <= 3


def test_without_the_promise_it_cannot_tell():
    result = judged(1.0, None)
    assert result["status"] == "INSUFFICIENT" and found(result)["AUC since registration"] == "INSUFFICIENT"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 250), st.integers(0, 250), st.floats(0.5, 1))
@example(100, 100, 0.7)
@example(99, 200, 0.7)
@example(200, 99, 0.7)
def test_with_too_few_of_a_class_it_cannot_tell_and_says_no_number(positives, negatives, promised):
    target = np.repeat(np.array([1, 0], dtype=np.int64), [positives, negatives])
    result = assess(TASK, as_scored(target, np.full(len(target), 0.5)), {"test_auc": str(promised)}, RULES)
    few = min(positives, negatives) < RULES.min_rows
    assert (result["status"] == "INSUFFICIENT") == few
    assert few == (not result["metrics"]) == (not result["intervals"])


def test_newer_rows_are_those_after_the_test_that_have_their_label():
    times = pd.to_datetime(["2013-03-31T22:00", "2013-03-31T23:00", "2013-04-01T00:00", "2013-04-01T01:00"])
    frame = pd.DataFrame({"time": times, "late": [1.0, 0.0, None, 1.0]})
    assert list(newer(frame, DATA, "2013-03-31T22:00:00").index) == [1, 3]
    assert newer(frame, DATA, "2013-04-01T01:00:00").empty


def test_times_with_a_zone_are_compared_with_what_was_written_down_without():
    times = pd.to_datetime(["2013-03-31T21:00Z", "2013-03-31T23:00Z"])
    assert list(newer(pd.DataFrame({"time": times, "late": [1, 0]}), DATA, "2013-03-31T22:00:00").index) == [1]
