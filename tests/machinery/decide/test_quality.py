"""Live quality on scores of known quality: a loss beyond chance is told, chance is not, and doubt is no good news."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_gate import RULES, TASK

from mlops.decide.jackknife import Estimate
from mlops.decide.quality import assess, floor_kept, kept, newer
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


def estimated(value, error=0.005):
    return Estimate(value, error, 50)


@pytest.mark.parametrize(
    ("found", "tags", "status"),
    [
        (estimated(0.69), {}, "PASS"),  # certain at 0.002 each, and allowed
        (estimated(0.6799), {}, "FAIL"),
        (estimated(0.6799, error=0.0085), {}, "PASS"),  # more than allowed, and by chance
        (estimated(0.6799), {"standard_error": "0.007"}, "PASS"),  # what was promised is an estimate too
        (estimated(0.6699), {"standard_error": "0.007"}, "FAIL"),
        (estimated(float("nan")), {}, "INSUFFICIENT"),
        (estimated(0.6, error=float("nan")), {}, "INSUFFICIENT"),
    ],
)
def test_a_loss_must_be_larger_than_allowed_and_beyond_chance(found, tags, status):
    assert kept(found, {"test_auc": "0.7", **tags}, "auc", 0.02, TASK.decisive).status == status


@pytest.mark.parametrize(("value", "status"), [(2.9, "PASS"), (3.019, "PASS"), (3.021, "FAIL")])
def test_an_error_is_lost_when_it_has_grown(value, status):
    metric = METRICS["regression"]["rmse"]
    assert kept(estimated(value), {"test_rmse": "3.0"}, "rmse", 0.02, metric).status == status


@pytest.mark.parametrize(
    ("value", "status"), [(0.61, "PASS"), (0.59, "PASS"), (0.58, "FAIL"), (float("nan"), "INSUFFICIENT")]
)
def test_a_floor_is_broken_beyond_chance(value, status):
    assert floor_kept("auc", estimated(value), 0.6, TASK.decisive).status == status


def test_what_is_known_for_certain_may_be_at_its_floor_and_at_its_promise():
    assert floor_kept("accuracy", estimated(1.0, error=0.0), 1.0, TASK.metrics["accuracy"]).status == "PASS"
    assert kept(estimated(0.5, error=0.0), {"test_auc": "0.75"}, "auc", 0.25, TASK.decisive).status == "PASS"
    assert kept(estimated(0.5, error=0.0), {"test_auc": "0.75"}, "auc", 0.24, TASK.decisive).status == "FAIL"


def test_of_an_error_the_floor_is_the_most():
    metric = METRICS["regression"]["rmse"]
    assert [floor_kept("rmse", estimated(value), 3.0, metric).status for value in (2.9, 3.1)] == ["PASS", "FAIL"]


def months_until_degraded(seed, signal, months):
    """Registered on 600 rows at a true AUC of 0.76, then looked at whenever 600 more have come; None: never."""
    registered = judged(1.0, "0.5", seed=seed, rows=600)
    lower, upper = registered["intervals"]["auc"]
    tags = {"test_auc": str(registered["metrics"]["auc"]), "standard_error": str((upper - lower) / 4)}
    target, scores = scored(signal, seed=1000 + seed, rows=600 * months)
    looks = range(1, months + 1)
    found = (assess(TASK, as_scored(target[: 600 * look], scores[: 600 * look]), tags, RULES) for look in looks)
    return next((look for look, result in zip(looks, found, strict=True) if result["status"] == "DEGRADED"), None)


def test_a_version_as_good_as_ever_is_hardly_ever_called_degraded_in_a_year():
    ever = [months_until_degraded(seed, 1.0, 12) for seed in range(40)]
    assert sum(month is not None for month in ever) <= 2


def test_a_loss_of_a_tenth_is_found_within_two_months():
    ever = [months_until_degraded(seed, 0.58, 2) for seed in range(40)]
    assert sum(month is not None for month in ever) >= 30


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
