"""The gate: is the challenger sound, and better than what serves? Every number it used goes into the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mlops import counted
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
Metrics = Mapping[str, float | None]


def floors(metrics: Metrics, limits: Mapping[str, float], task: "Task") -> list[Check]:
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
    return Check("looks at these test rows", status, counted(before, "other model"), wanted)


@dataclass(frozen=True)
class Terms:
    """What the challenger has to show against whom: that it is no worse where they are lenient, else that it is better.

    To be called better costs a look, and has the part of alpha that is there for each.
    """

    opponent: str
    lenient: bool
    rules: Gate

    @property
    def rule(self) -> str:
        """The setting of the gate that says how much matters."""
        return "max_loss" if self.lenient else "minimum_gain"

    @property
    def alpha(self) -> float:
        return self.rules.alpha if self.lenient else self.rules.alpha / self.rules.looks

    def compared(self, task: "Task", scored: "Scored") -> Comparison:
        allowed = self.rules.max_loss if self.lenient else 0.0
        return compare(task, scored, self.opponent, self.alpha, self.rules.seed, allowed)

    def checks(self, comparison: Comparison, looks: int) -> list[Check]:
        """looks: models that were judged on these rows before."""
        if self.lenient:
            return [no_worse(comparison, self.rules.max_loss)]
        return [better(comparison, self.rules.minimum_gain), looks_left(looks, self.rules.looks)]


def verdict_on(
    task: "Task",
    metrics: Metrics,
    scored: "Scored",
    rules: Gate,
    criterion: Criterion = "superiority",
    looks: int = 0,
    further: Sequence[Check] = (),
) -> dict[str, Any]:
    """The verdict on the challenger: its status, every check, the comparison and the rules.

    metrics: of the challenger on all test rows. scored: the same rows; where they have no champion's predictions, it
    must beat a trivial model, whatever the criterion. looks: models that were judged on these rows before. further:
    checks of its behaviour, and of groups.
    """
    from mlops.decide.resampled import without_value

    no_value = without_value(task, metrics, scored, rules)
    cold, scored = "champion" not in scored.predictions, with_trivial(task, scored)
    terms = Terms(TRIVIAL if cold else "champion", criterion == "non-inferiority" and not cold, rules)
    comparison = terms.compared(task, scored)
    checks = [
        enough(task, scored.once.target, scored.labels, rules),
        *(no_value or [*floors(metrics, rules.floors, task), *terms.checks(comparison, looks)]),
        *slice_checks(task, scored.once, terms.opponent, rules),
        *further,
    ]
    return {
        "status": overall(checks),
        "criterion": criterion,
        "cold_start": cold,
        "looks": looks,
        "checks": [asdict(check) for check in checks],
        "comparison": told(comparison, terms, task, scored),
        "rules": rules.model_dump(),
    }


def with_trivial(task: "Task", scored: "Scored") -> "Scored":
    """The rows with the predictions of a trivial model, which is the opponent where there is no champion."""
    return replace(scored, predictions={**scored.predictions, TRIVIAL: task.trivial(scored.target, scored.labels)})


def told(comparison: Comparison, terms: Terms, task: "Task", scored: "Scored") -> dict[str, Any]:
    """The comparison's numbers, and what they say of the rows: how alike they are, how many it would take."""
    by_cluster = comparison.clusters and scored.folds is None
    return {
        **asdict(comparison),
        "alpha": terms.alpha,
        "rule": terms.rule,
        "widened": widened(comparison, task, scored, terms.rules.seed) if by_cluster else None,
        "rows_needed": comparison.rows_needed(getattr(terms.rules, terms.rule)),
    }
