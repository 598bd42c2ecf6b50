"""Slices of the test rows: none may be below its floor or lose too much, beyond chance and however many they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from mlops import counted
from mlops.decide.checks import Check, Status, worst
from mlops.decide.comparison import gained, in_words
from mlops.settings.metrics import Metric
from mlops.settings.project import Gate, SliceRules

if TYPE_CHECKING:
    from mlops.decide.jackknife import Estimate
    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Task


@dataclass(frozen=True)
class Slice:
    """What was seen on one slice. below, lost: how often chance shows as much on a slice that is sound."""

    name: str
    value: float
    gain: float
    below: float
    lost: float

    def check(self, certain: bool, metric: Metric, limits: SliceRules) -> Check:
        """FAIL where certain; INSUFFICIENT where the metric has no value."""
        status: Status = "FAIL" if certain else "PASS"
        if not self.defined:
            status = "INSUFFICIENT"
        seen = f"{metric.title} {self.value:.4f}, {in_words(self.gain)}"
        return Check(f"slice {self.name}", status, seen, f"{worst(limits.floor, metric)}, drop <= {limits.max_drop}")

    @property
    def defined(self) -> bool:
        return not isnan(self.below + self.lost)


def slice_checks(task: "Task", scored: "Scored", opponent: str, rules: Gate) -> list[Check]:
    """One check a slice. Those with fewer rows than gate.slices.min_rows cannot tell, unless the rules say why not.

    Floors and losses of all slices are tested together (Holm), so that many slices do not make a false alarm likely.
    """
    from mlops.decide.metrics import slices

    limits, checks, large = rules.slices, [], []
    for name, mask in slices(scored.slices).items():
        if mask.sum() < limits.min_rows:
            checks.append(too_small(name, int(mask.sum()), limits))
        else:
            large.append(look_at(task, scored.where(mask), name, opponent, rules))
    told = [each for each in large if each.defined]
    certain = holm([chance for each in told for chance in (each.below, each.lost)], rules.alpha)
    failed = {each.name for each, *broken in zip(told, certain[::2], certain[1::2], strict=True) if any(broken)}
    return [each.check(each.name in failed, task.decisive, limits) for each in large] + checks


def look_at(task: "Task", part: "Scored", name: str, opponent: str, rules: Gate) -> Slice:
    """The challenger on the rows of one slice. A seen loss within the limit is none, whatever chance says."""
    limits, metric = rules.slices, task.decisive
    gain, value = gained(task, part, opponent, rules.seed), reached(task, part, rules.seed)
    below, lost = value.chance_below(metric.sign * limits.floor), gain.chance_below(0.0)
    within = gain.value >= -limits.max_drop  # a gain that is NaN is not
    return Slice(name, metric.sign * value.value, gain.value, below, 1.0 if within else lost)


def reached(task: "Task", part: "Scored", seed: int) -> "Estimate":
    """The challenger's primary metric, signed so that more is better."""
    from mlops.decide.jackknife import estimate

    measure = task.measures(part.target, part.predictions["challenger"])[task.primary]
    return estimate(task.decisive.sign * measure.without_each(*part.groups(task, seed)))


def too_small(name: str, rows: int, limits: SliceRules) -> Check:
    """Blocks, but for a slice, or all of a column, that the rules waive."""
    waived = limits.waived.get(name) or limits.waived.get(name.rpartition("=")[0])
    seen = counted(rows, "row") + (f", waived: {waived}" if waived else "")
    wanted = f">= {counted(limits.min_rows, 'row')}, or a reason in gate.slices.waived"
    return Check(f"slice {name}", "PASS" if waived else "INSUFFICIENT", seen, wanted)


def holm(chances: Sequence[float], alpha: float) -> list[bool]:
    """Which of these p-values are no chance, where one false alarm among all of them has at most the chance alpha."""
    order, certain = sorted(range(len(chances)), key=lambda at: chances[at]), [False] * len(chances)
    for place, at in enumerate(order):
        if chances[at] > alpha / (len(chances) - place):
            break
        certain[at] = True
    return certain
