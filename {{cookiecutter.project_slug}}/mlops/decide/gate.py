"""The gate: is the challenger sound, and better than what serves? Every number it used goes into the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from mlops.decide.checks import Check, Status, overall, worst
from mlops.decide.comparison import Comparison, compare, widened
from mlops.decide.slicing import slice_checks
from mlops.settings.metrics import Metric
from mlops.settings.project import Gate

if TYPE_CHECKING:
    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Target, Task

TRIVIAL = "trivial model"
ERROR_TAG = "standard_error"  # of a version: how sure its metric of the gate was when it was registered
Criterion = Literal["superiority", "non-inferiority"]


def floors(metrics: Mapping[str, float | None], limits: Mapping[str, float], task: "Task") -> list[Check]:
    """One check a floor. A missing or NaN metric is a broken floor."""
    return [floor(name, metrics.get(name), limit, task.metrics[name]) for name, limit in limits.items()]


def floor(name: str, value: float | None, limit: float, metric: Metric) -> Check:
    """One metric against the worst that it may be."""
    status: Status = "PASS" if value is not None and keeps(value, limit, metric) else "FAIL"
    return Check(f"floor {name}", status, "missing" if value is None else f"{value:.4f}", worst(limit, metric))


def keeps(value: float, limit: float, metric: Metric) -> bool:
    """Whether the value is at least as good as the limit. NaN is not."""
    return metric.sign * value >= metric.sign * limit


def enough(task: "Task", target: "Target", labels: Sequence[Any], rules: Gate) -> Check:
    """Whether there are the rows that the comparison needs: of either answer where there are two, else together."""
    counts = task.counts(target, labels)
    status: Status = "PASS" if min(counts.values()) >= rules.min_rows else "INSUFFICIENT"
    seen = ", ".join(f"{name}: {count}" for name, count in counts.items())
    return Check("test rows", status, seen, f">= {rules.min_rows}")


def better(comparison: Comparison, minimum_gain: float) -> Check:
    """PASS: better beyond chance. FAIL: a gain worth having is ruled out. Else the test rows cannot tell."""
    status: Status = "INSUFFICIENT"
    if not comparison.finite or comparison.upper < minimum_gain:
        status = "FAIL"
    if comparison.lower > 0:
        status = "PASS"
    return Check(f"better than the {comparison.opponent}", status, comparison.seen, "lower bound > 0")


def no_worse(comparison: Comparison, margin: float) -> Check:
    """PASS: a loss of more than the margin is ruled out. FAIL: such a loss is certain. Else the rows cannot tell."""
    status: Status = "INSUFFICIENT"
    if not comparison.finite or comparison.upper < -margin:
        status = "FAIL"
    if comparison.lower > -margin:
        status = "PASS"
    return Check(f"no worse than the {comparison.opponent}", status, comparison.seen, f"lower bound > -{margin}")


def looks_left(before: int, allowed: int) -> Check:
    """Whether the test rows are still fit to call a model better: the more were tried on them, the likelier is luck."""
    status: Status = "PASS" if before < allowed else "INSUFFICIENT"
    wanted = f"< {allowed} (gate.looks); hold out other rows: add newer data, or change data.split"
    return Check("looks at these test rows", status, f"{before} other models", wanted)


def verdict_on(
    task: "Task",
    metrics: Mapping[str, float | None],
    scored: "Scored",
    rules: Gate,
    criterion: Criterion = "superiority",
    looks: int = 0,
    behaviour: Sequence[Check] = (),
) -> dict[str, Any]:
    """The verdict on the challenger: its status, every check, the comparison and the rules.

    metrics: of the challenger on all test rows. scored: the same rows, with the champion's predictions if there is one.
    criterion: whether the challenger must be better than the champion, or just no worse. Without a champion it must
    beat a trivial model, which knows no feature. looks: models that were judged on these rows before; to be called
    better costs a look, and has the part of alpha that is there for each. behaviour: what it was tried on.
    """
    cold, scored = "champion" not in scored.predictions, with_opponent(task, scored)
    opponent, lenient = TRIVIAL if cold else "champion", criterion == "non-inferiority" and not cold
    alpha, margin = (rules.alpha, rules.max_loss) if lenient else (rules.alpha / rules.looks, 0.0)
    comparison = compare(task, scored, opponent, alpha, rules.seed, margin)
    checks = [
        enough(task, scored.target, scored.labels, rules),
        *floors(metrics, rules.floors, task),
        no_worse(comparison, rules.max_loss) if lenient else better(comparison, rules.minimum_gain),
        *slice_checks(task, scored, opponent, rules),
        *([] if lenient else [looks_left(looks, rules.looks)]),
        *behaviour,
    ]
    rule = "max_loss" if lenient else "minimum_gain"
    return {
        "status": overall(checks),
        "criterion": criterion,
        "cold_start": cold,
        "looks": looks,
        "checks": [asdict(check) for check in checks],
        "comparison": {"alpha": alpha, "rule": rule, **shown(comparison, task, scored, rules, rule)},
        "rules": rules.model_dump(),
    }


def with_opponent(task: "Task", scored: "Scored") -> "Scored":
    """The rows with the predictions of a trivial model, where there is no champion."""
    if "champion" in scored.predictions:
        return scored
    return replace(scored, predictions={**scored.predictions, TRIVIAL: task.trivial(scored.target, scored.labels)})


def shown(comparison: Comparison, task: "Task", scored: "Scored", rules: Gate, rule: str) -> dict[str, Any]:
    """The comparison's numbers, and what they say of the rows: how alike they are, how many it would take."""
    alike = widened(comparison, task, scored, rules.seed) if comparison.clusters else None
    return {**asdict(comparison), "widened": alike, "rows_needed": comparison.rows_needed(getattr(rules, rule))}
