"""What a challenger gains over its opponent on the same rows, how sure that is, and which rows could tell more."""

from dataclasses import dataclass, replace
from math import isfinite, isnan, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops.decide.jackknife import Estimate
    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Task

POWER = 0.8  # a gain is detectable that is found so often


@dataclass(frozen=True)
class Comparison:
    """The gain, in the metric's unit; a loss is below 0. Each bound holds with chance 1 - alpha.

    error: the standard error of the gain. p: how often chance shows so much where there is none (or just the loss that
    is allowed). detectable: the true gain that these rows show four times of five. clusters: of which the rows came;
    None: rows taken for independent. discordance: the share of rows on which the two decide differently; None: a task
    without decisions.
    """

    metric: str
    opponent: str
    difference: float
    lower: float
    upper: float
    detectable: float
    p: float = nan
    rows: int = 0
    clusters: int | None = None
    error: float = nan
    discordance: float | None = None

    @property
    def seen(self) -> str:
        return f"{self.metric} {in_words(self.difference)}, gain [{self.lower:+.4f}, {self.upper:+.4f}]"

    @property
    def finite(self) -> bool:
        return isfinite(self.lower) and isfinite(self.upper)

    def rows_needed(self, gain: float) -> float:
        """About how many rows like these show such a gain four times of five."""
        return float(self.rows * (self.detectable / gain) ** 2)


def compare(
    task: "Task", scored: "Scored", opponent: str, alpha: float, seed: int, allowed_loss: float = 0.0
) -> Comparison:
    """The challenger's gain on the same rows, and how sure it is; NaN where the metric is undefined."""
    from mlops.decide.jackknife import student

    gain, once = gained(task, scored, opponent, seed), scored.once
    lower = gain.quantile(alpha)
    return Comparison(
        metric=task.decisive.title,
        opponent=opponent,
        difference=gain.value,
        lower=lower,
        upper=gain.quantile(1 - alpha),
        detectable=gain.value - lower + student(POWER, gain.groups - 1) * gain.error,
        p=gain.chance_above(-allowed_loss),
        rows=len(once.target),
        clusters=None if once.clusters is None else len(set(once.clusters.tolist())),
        error=gain.error,
        discordance=discordance(task, scored, opponent),
    )


def gained(task: "Task", scored: "Scored", opponent: str, seed: int) -> "Estimate":
    """The gain, measured without each group of rows in turn, or on each fold."""
    from mlops.decide.jackknife import estimate
    from mlops.decide.resampled import by_fold, corrected

    if scored.folds is not None:
        ours, theirs = (by_fold(task, scored, name)[task.primary] for name in ("challenger", opponent))
        return corrected(task.decisive.sign * (ours - theirs), scored)
    groups, count = scored.groups(task, seed)
    challenger, other = (
        task.measures(scored.target, scored.predictions[name])[task.primary].without_each(groups, count)
        for name in ("challenger", opponent)
    )
    return estimate(task.decisive.sign * (challenger - other))


def discordance(task: "Task", scored: "Scored", opponent: str) -> float | None:
    """The share of the rows on which the challenger and its opponent decide differently."""
    challenger, other = (task.decisions(scored.predictions[name]) for name in ("challenger", opponent))
    return None if challenger is None or other is None else float((challenger != other).mean())


def widened(comparison: Comparison, task: "Task", scored: "Scored", seed: int) -> float:
    """How many times as wide its interval is as if the rows had nothing to do with each other."""
    alone = gained(task, replace(scored, clusters=None), comparison.opponent, seed).error
    return comparison.error / alone if alone > 0 else nan


def in_words(gain: float) -> str:
    """`worse by 0.0123`: a gain or a loss in a metric, whether more of it is better or less."""
    if isnan(gain):
        return "without a value"
    return f"{'worse' if gain < 0 else 'better'} by {abs(gain):.4f}" if gain else "the same"
