"""How often a version that is as good as ever is called degraded within a year, and how soon one that is not.

    cd <a generated project> && uv run python <the template>/benchmarks/live_quality.py

A version is registered with its AUC on one month of labels, then looked at each month with all labels since. In one row
the labels of a day are alike: a part of what makes a flight late is the day's. Losses are of the true AUC, 0.70.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from _project import options
from mlops.decide.gate import ERROR_TAG
from mlops.decide.metrics import estimates
from mlops.decide.quality import assess
from mlops.decide.scored import Scored
from mlops.decide.tasks import TASKS
from mlops.settings.project import PROJECT_FILE, load_project

AUC = 0.70
LOSSES = (0.0, 0.02, 0.05)
DAYS = 30  # a month
RULES = load_project(PROJECT_FILE).gate
TASK = TASKS["binary"]("auc", 0.5)


class Work(NamedTuple):
    """Versions a cell, their months, and the labels of one."""

    versions: int = 400
    months: int = 12
    labels: int = 2500


@cache
def signal(auc: float) -> float:
    """How far the scores of the two answers lie apart, in standard deviations, for that AUC."""
    return float(np.sqrt(2) * norm.ppf(auc))


def labelled(rows: int, auc: float, alike: float, chance: np.random.Generator) -> Scored:
    """Answers and scores. alike: the part of the variance of scores that a day and an answer have in common."""
    days = np.arange(rows) * DAYS // max(rows, 1) if alike else None
    target = chance.integers(0, 2, rows)
    noise = chance.normal(size=rows)
    if days is not None:
        of_day = chance.normal(size=(DAYS, 2))
        noise = np.sqrt(1 - alike) * noise + np.sqrt(alike) * of_day[days, target]
    return Scored(target, {"challenger": norm.cdf(signal(auc) * target + noise)}, None, [0, 1], days)


def together(parts: list[Scored]) -> Scored:
    """Months as one; no day is in two of them."""
    clusters = [part.clusters + DAYS * at for at, part in enumerate(parts) if part.clusters is not None]
    scores = np.concatenate([part.predictions["challenger"] for part in parts])
    target = np.concatenate([part.target for part in parts])
    return Scored(target, {"challenger": scores}, None, [0, 1], np.concatenate(clusters) if clusters else None)


def degraded_in(work: Work, loss: float, alike: float, seed: int) -> int | None:
    """The month in which that version is called degraded; None: never."""
    chance = np.random.default_rng(seed)
    found = estimates(TASK, labelled(work.labels, AUC, alike, chance), "challenger", RULES.seed)["auc"]
    tags = {"test_auc": str(found.value), ERROR_TAG: str(found.error)}
    months: list[Scored] = []
    for month in range(1, work.months + 1):
        months.append(labelled(work.labels, AUC - loss, alike, chance))
        if assess(TASK, together(months), tags, RULES)["status"] == "DEGRADED":
            return month
    return None


def table(work: Work) -> Iterator[str]:
    """A line for each loss, of labels that are independent and of such that are alike within a day."""
    yield f"| true loss | labels | degraded in month 1 or 2 | within {work.months} months, of {work.versions} |"
    yield "| ---: | --- | ---: | ---: |"
    for alike, name in ((0.0, "independent"), (0.02, "alike within a day")):
        for loss in LOSSES:
            months = [degraded_in(work, loss, alike, seed) for seed in range(work.versions)]
            soon, ever = (sum(month is not None and month <= most for month in months) for most in (2, work.months))
            yield f"| {loss:g} | {name} | {soon / work.versions:.1%} | {ever / work.versions:.1%} |"


def main() -> None:
    work = Work(versions=2, months=2) if options(__doc__).quick else Work()
    for line in table(work):
        print(line, flush=True)


if __name__ == "__main__":
    main()
