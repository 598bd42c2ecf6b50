"""What a run comes to, in sentences, the most important first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlops import counted
from mlops.settings.metrics import Metric

TOLD_APART = 0.7  # AUC of a classifier between training and test rows
MOST_NAMED = 3

Found = Mapping[str, Any]


def findings(
    verdict: Found | None, diagnosis: Found | None, primary: str, metric: Metric, small: Mapping[str, int]
) -> list[str]:
    """What stops it, a leak, where it is wrong, what would do as well or help, what it rests on, what nobody can see.

    small: the rows of what project.yml names to be looked at, and what is too small for that.
    """
    found = {name: each.get("found") for name, each in (diagnosis or {}).items() if name != "model_hash"}
    return [
        *(stopped(verdict) if verdict else []),
        *leaks(found.get("telling_alone") or []),
        *weak(found.get("weak_slices") or []),
        *simpler(found.get("ladder") or {}, primary, metric, verdict),
        *more_rows(found.get("learning_curve")),
        *told_apart(found.get("moved")),
        *rests_on(found.get("importances") or []),
        *(unseen(small) if found.get("weak_slices") is not None else []),
    ]


def stopped(verdict: Found) -> Iterator[str]:
    for check in verdict["checks"]:
        if check["status"] != "PASS":
            yield f"{check['status']}, {check['name']}: {check['seen']}; wanted is {check['wanted']}."


def leaks(found: Sequence[Found]) -> Iterator[str]:
    for each in found:
        yield f"{each['feature']} tells the answer all but alone ({each['strength']:.3f} of 1): is it known in time?"


def weak(found: Sequence[Found]) -> Iterator[str]:
    for each in found[:MOST_NAMED]:
        yield (
            f"Most wrong where {each['where']}: mean loss {each['loss']:.3g} on {counted(each['rows'], 'row')},"
            f" {each['elsewhere']:.3g} elsewhere (by chance: p = {each['p']:.1g})."
        )


def simpler(
    ladder: Mapping[str, Mapping[str, float | None]], primary: str, metric: Metric, verdict: Found | None
) -> Iterator[str]:
    """Where a linear model does as well: on the test rows, or with folds on those of the first."""
    linear, ours = (ladder.get(rung, {}).get(primary) for rung in ("linear", "challenger"))
    if linear is not None and ours is not None and (linear >= ours if metric.higher else linear <= ours):
        found = f"{metric.title} {linear:.4g}, this one {ours:.4g}"
        where = " on one fold" if verdict and verdict.get("test", {}).get("folds") else ""
        yield f"A plain linear model of the same features does as well{where}: {found}."


def more_rows(curve: Found | None) -> Iterator[str]:
    if curve and curve["lower"] > 0:
        yield f"More rows would help: the second half of them took {curve['gain']:.2g} off the mean loss."


def told_apart(moved: Found | None) -> Iterator[str]:
    if moved and moved["auc"] >= TOLD_APART:
        most = ", ".join(moved["features"])
        yield f"Test rows differ from training rows (told apart with AUC {moved['auc']:.2f}), most in {most}."


def rests_on(importances: Sequence[Found]) -> Iterator[str]:
    if names := [each["feature"] for each in importances if each["lower"] > 0][:MOST_NAMED]:
        yield f"The answers rest most on {', '.join(names)}."


def unseen(small: Mapping[str, int]) -> Iterator[str]:
    """The parts that are named in project.yml and may be weak without a sign of it, the largest first."""
    if small:
        largest = sorted(small.items(), key=lambda each: -each[1])
        named = ", ".join(f"{name} ({rows:,})" for name, rows in largest[:MOST_NAMED])
        more = f" and {len(small) - MOST_NAMED} more" if len(small) > MOST_NAMED else ""
        yield f"Too few rows to say whether it is wrong there: {named}{more}."
