"""Groups of rows: what is between them, how sure that is, and what the gate makes of it on a given day.

What Fairlearn measures is skipped where it is not there; tests/test_fair_project.py of the template runs it.
"""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from mlops import UserError
from mlops.decide import groups
from mlops.decide.fairness import compared, disparity, judged
from mlops.decide.scored import Scored, from_frame
from mlops.decide.tasks import TASKS
from mlops.settings.fairness import Fairness
from mlops.settings.metrics import GROUP_METRICS

NEEDS_FAIRLEARN = pytest.mark.skipif(find_spec("fairlearn") is None, reason="the group fairness is not installed")
BINARY, MULTICLASS, REGRESSION = (TASKS[name](None, 0.5) for name in ("binary", "multiclass", "regression"))
TODAY = "2026-11-27"


def rules(**changes):
    return Fairness.model_validate(
        {"group_by": ["town"], "metric": "accuracy", "max_difference": 0.1, "min_rows": 50} | changes
    )


def right(rates, rows=1000, seed=0, clusters=None):
    """Rows of groups a, b, … that are right in exactly that share."""
    rng = np.random.default_rng(seed)
    hit = np.concatenate([np.arange(rows) < round(rate * rows) for rate in rates])
    target = rng.integers(0, 2, len(hit))
    towns = pd.DataFrame({"town": np.repeat([*"abcdefg"[: len(rates)]], rows)})
    said = {"challenger": np.where(hit, target, 1 - target).astype(float)}
    return Scored(target, said, towns[[]], [0, 1], clusters, towns)


def found(scored, day=TODAY, task=BINARY, **changes):
    checks, kept = judged(task, scored, rules(**changes), 7, day)
    assert kept["day"] == day
    return checks[0]


def test_groups_that_fare_alike_pass_and_say_what_is_ruled_out():
    check = found(right([0.8, 0.8, 0.8]))
    assert (check.name, check.status) == ("fairness town", "PASS")
    assert check.seen.startswith("accuracy 0 apart (a, a), at most 0.0")
    assert check.wanted == "upper bound <= 0.1 (fairness.max_difference)"


def test_what_is_shown_is_told_from_what_is_not_ruled_out():
    shown, open_ = found(right([0.6, 0.8])), found(right([0.74, 0.8], rows=200))
    assert shown.status == "FAIL" and "accuracy 0.2 apart (a, b), shown to be at least 0.1" in shown.seen
    assert open_.status == "INSUFFICIENT"
    assert "not ruled out with 400 rows (about " in open_.seen and "rows needed, if it is what it looks)" in open_.seen
    larger = "not ruled out with 200 rows; it looks larger than 0.1 already, which no number of rows can rule out"
    assert larger in found(right([0.69, 0.8], rows=100)).seen


def test_the_rows_that_it_is_said_to_need_are_enough():
    few = disparity(BINARY, right([0.74, 0.8], rows=200), "town", rules(), 7)
    for times, passes in ((0.8, False), (1.25, True)):
        rows = round(few.needed * times / 2)
        assert (found(right([0.74, 0.8], rows=rows)).status == "PASS") == passes


def test_a_group_that_is_too_small_is_named_and_not_judged():
    scored = right([0.8, 0.8])
    towns = scored.families.assign(town=scored.families["town"].where(scored.families.index >= 20, "tiny"))
    wrong = np.where(scored.families.index < 20, 1 - scored.target, scored.predictions["challenger"])
    check = found(replace(scored, families=towns, predictions={"challenger": wrong}))
    assert check.status == "PASS" and check.seen.endswith("; too small to judge: tiny (20)")


def test_where_fewer_than_two_groups_are_large_enough_it_cannot_tell():
    check = found(right([0.8, 0.8], rows=40))
    assert check.status == "INSUFFICIENT"
    assert check.seen == "no two groups of 50 rows or more; too small to judge: a (40), b (40)"
    check = found(right([0.8, 0.8]).where(np.arange(2000) < 1010))
    assert check.status == "INSUFFICIENT"
    assert check.seen == "no two groups of 50 rows or more; too small to judge: b (10)"


def test_two_rows_that_agree_are_no_certainty():
    check = found(right([1.0, 1.0], rows=2), min_rows=2)
    assert check.status == "INSUFFICIENT"


def test_a_rate_of_one_answer_counts_the_rows_of_that_answer():
    target = np.r_[np.zeros(600, dtype=int), np.ones(20, dtype=int)]
    towns = pd.DataFrame({"town": np.arange(620) % 2})
    scored = Scored(target, {"challenger": target.astype(float)}, towns[[]], [0, 1], None, towns)
    assert "too small to judge: 0 (10), 1 (10)" in found(scored, metric="true_positive_rate").seen
    assert found(scored, metric="false_positive_rate").status == "PASS"


@pytest.mark.parametrize(
    ("until", "status", "words"),
    [
        (TODAY, "PASS", "; accepted until 2026-11-27: the depot moves"),
        ("2026-11-26", "FAIL", "; was accepted until 2026-11-26, which is over: the depot moves"),
    ],
)
@pytest.mark.parametrize("rates", [[0.6, 0.8], [0.69, 0.8]], ids=["shown", "not ruled out"])
def test_a_finding_is_accepted_to_the_end_of_a_day(rates, until, status, words):
    accepted = {"town": {"reason": "the depot moves", "until": until}}
    check = found(right(rates), accepted=accepted)
    assert check.status == status and check.seen.endswith(words)


def test_what_needs_no_acceptance_passes_whatever_its_day():
    accepted = {"town": {"reason": "once it did", "until": "2020-01-01"}}
    check = found(right([0.8, 0.8]), accepted=accepted)
    assert check.status == "PASS" and check.seen.endswith("; accepted without need, take that out")


def test_families_share_alpha_out():
    scored = right([0.76, 0.8])
    both = replace(scored, families=scored.families.assign(other="x"))
    alone, shared = (
        disparity(BINARY, both, "town", rules(group_by=names), 7).upper for names in (["town"], ["town", "other"])
    )
    half = disparity(BINARY, both, "town", rules(alpha=0.075), 7).upper
    assert alone < shared == half


def test_rows_of_one_cluster_are_little_evidence():
    luck = np.tile(np.arange(1000) % 20, 2)  # days on which all rows of a town are right, or none
    towns = pd.DataFrame({"town": np.repeat(["a", "b"], 1000)})
    rng = np.random.default_rng(3)
    hit = np.r_[rng.permutation(20) < 14, rng.permutation(20) < 14][luck + np.repeat([0, 20], 1000)]
    target = rng.integers(0, 2, 2000)
    scored = Scored(
        target, {"challenger": np.where(hit, target, 1 - target).astype(float)}, towns[[]], [0, 1], luck, towns
    )
    assert found(replace(scored, clusters=None)).status == "PASS"
    assert found(scored).status == "INSUFFICIENT"


def test_a_group_of_one_cluster_says_nothing_of_other_days():
    check = found(right([0.8, 0.8], clusters=np.repeat([0, 1], 1000)))
    assert check.status == "INSUFFICIENT" and "a group is of one cluster alone, or has no value" in check.seen


def test_how_alike_days_are_is_known_of_no_more_days_than_the_rarer_group_has():
    scored = right([0.8, 0.8], clusters=np.concatenate([np.arange(1000) % 30, np.arange(1000) % 3]))
    parts = list(groups.group_rows(scored, "town", "accuracy").values())
    assert compared(BINARY, scored, "accuracy", parts, 7).groups == 3


def test_missing_values_are_a_group():
    scored = right([0.6, 0.8])
    towns = scored.families.assign(town=scored.families["town"].where(scored.families["town"] == "b"))
    assert "accuracy 0.2 apart ((missing), b)" in found(replace(scored, families=towns)).seen


def test_a_disparity_as_large_as_the_limit_passes_no_oftener_than_alpha():
    """2 of 3 rates in the middle: where most pairs could hide it. 400 draws; 15 % is 0.15 +- 0.036."""
    chance, passed = np.random.default_rng(11), 0
    for seed in range(400):
        hit = chance.uniform(size=1500) < np.repeat([0.45, 0.5, 0.55], 500)
        target = chance.integers(0, 2, 1500)
        towns = pd.DataFrame({"town": np.repeat([*"abc"], 500)})
        said = {"challenger": np.where(hit, target, 1 - target).astype(float)}
        scored = Scored(target, said, towns[[]], [0, 1], None, towns)
        passed += disparity(BINARY, scored, "town", rules(alpha=0.15), seed).upper <= 0.1
    assert passed / 400 <= 0.15 + 0.036


def values(task, scored, metric):
    """By Fairlearn, and from the sums that the gate uses."""
    ours = {each["group"]: each["value"] for each in groups.values(task, scored, ["town"], metric)["town"]}
    return groups.by_fairlearn(task, scored, metric, groups.group_rows(scored, "town", metric)), ours


def noisy(name):
    """Rows of three towns, and what a model of that task says of them."""
    rng, towns = np.random.default_rng(1), pd.DataFrame({"town": np.arange(900) % 3})
    if name == "regression":
        target = rng.normal(size=900)
        return Scored(target, {"challenger": target + rng.normal(0.2, 1, 900)}, towns[[]], [], None, towns)
    if name == "multiclass":
        said = rng.dirichlet([1, 1, 1], 900)
        return Scored(rng.integers(0, 3, 900), {"challenger": said}, towns[[]], [*"xyz"], None, towns)
    return Scored(rng.integers(0, 2, 900), {"challenger": rng.uniform(size=900)}, towns[[]], [0, 1], None, towns)


@NEEDS_FAIRLEARN
@pytest.mark.parametrize("name", GROUP_METRICS)
def test_fairlearn_measures_what_the_gate_judges(name):
    for metric in GROUP_METRICS[name]:
        theirs, ours = values(TASKS[name](None, 0.5), noisy(name), metric)
        assert theirs == pytest.approx(ours, rel=1e-9), metric
        assert len(set(ours.values())) == 3


@NEEDS_FAIRLEARN
def test_the_disparity_is_fairlearns():
    from fairlearn import metrics as fairlearn

    scored = noisy("binary")
    ours = disparity(BINARY, scored, "town", rules(metric="selection_rate"), 7).difference
    called = (scored.predictions["challenger"] > 0.5).astype(int)
    frame = fairlearn.MetricFrame(
        metrics=fairlearn.selection_rate,
        y_true=scored.target,
        y_pred=called,
        sensitive_features=scored.families["town"],
    )
    assert ours == pytest.approx(frame.difference())


@pytest.mark.parametrize(("name", "task"), [("multiclass", MULTICLASS), ("regression", REGRESSION)])
def test_other_tasks_are_judged_alike(name, task):
    scored, metric = noisy(name), "accuracy" if name == "multiclass" else "mean_error"
    assert found(scored, task=task, metric=metric, max_difference=0.4).status == "PASS"
    biased = scored.predictions["challenger"].copy()
    town = scored.families["town"] == 1
    biased[town] = np.eye(3)[scored.target[town]] if name == "multiclass" else biased[town] + 1
    check = found(replace(scored, predictions={"challenger": biased}), task=task, metric=metric, max_difference=0.4)
    assert check.status == "FAIL" and "1)" in check.seen and "shown to be at least 0." in check.seen


def test_families_come_through_the_file_beside_slices_of_the_same_name():
    scored = noisy("binary")
    both = replace(scored, slices=pd.DataFrame({"town": ["s"] * 900}))
    again = from_frame(both.to_frame(), [0, 1], coded=True)
    assert again.families.equals(scored.families) and set(again.slices["town"]) == {"s"}
    assert again.where(scored.target == 1).families.equals(scored.families[scored.target == 1])


def test_a_column_that_was_not_evaluated_is_one_line():
    with pytest.raises(UserError, match=r"no groups by age, which .* names; run evaluate again"):
        disparity(BINARY, noisy("binary"), "age", rules(group_by=["age"]), 7)


def test_without_fairlearn_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(groups, "find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"^project\.yml: fairness needs a missing package; uv sync --inexact --group fairness$"
    ):
        groups.with_intervals(BINARY, noisy("binary"), "town", "accuracy", 7)


@NEEDS_FAIRLEARN
def test_an_interval_of_few_rows_is_wide():
    scored = right([1.0, 1.0], rows=5)
    assert groups.with_intervals(BINARY, scored, "town", "accuracy", 7)[0] == {
        "group": "a",
        "rows": 5,
        "value": 1.0,
        "interval": [pytest.approx(1 - 2.776 / 7, abs=1e-3), 1],
    }
