"""What a challenger gains over its opponent on the same rows, how sure that is, and which rows could tell more."""

from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import TYPE_CHECKING

from mlops.settings.metrics import Metric

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
        return f"{self.metric} {self.difference:+.4f} [{self.lower:+.4f}, {self.upper:+.4f}]"

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

    gain = gained(task, scored, opponent, seed)
    lower = gain.quantile(alpha)
    return Comparison(
        metric=gain_in(task.decisive),
        opponent=opponent,
        difference=gain.value,
        lower=lower,
        upper=gain.quantile(1 - alpha),
        detectable=gain.value - lower + student(POWER, gain.groups - 1) * gain.error,
        p=gain.chance_above(-allowed_loss),
        rows=len(scored.target),
        clusters=None if scored.clusters is None else len(set(scored.clusters.tolist())),
        error=gain.error,
        discordance=discordance(task, scored, opponent),
    )


def gained(task: "Task", scored: "Scored", opponent: str, seed: int) -> "Estimate":
    """The gain, measured without each group of rows in turn."""
    from mlops.decide.jackknife import estimate

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


def gain_in(metric: Metric) -> str:
    """What stands before a gain: `AUC +0.0123`, or of an error `RMSE lower by +0.0123`."""
    return metric.title if metric.higher else f"{metric.title} lower by"
