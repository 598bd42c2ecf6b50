"""How often the gate promotes a model that is no better than the champion, and how often one that is.

    cd <a generated project> && uv run python <the template>/benchmarks/gate.py

For each task and metric: pairs of models with independent errors on test rows, the challenger's a little smaller or
just as large. A promotion is a lower bound of the gain above 0, as in the gate. With equal models it must
come no more often than alpha says; the interval is the binomial one of 95 %.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from _project import options
from mlops.decide.comparison import compare
from mlops.decide.scored import Scored
from mlops.decide.tasks import TASKS
from mlops.settings.metrics import METRICS

ALPHA = 0.05
BETTER = 0.85  # the size of the better challenger's errors, the champion's being 1


class Work(NamedTuple):
    """Pairs a cell, and the numbers of test rows."""

    pairs: int = 400
    rows: tuple[int, ...] = (200, 1000, 4000)


def scored(task: str, rows: int, size: float, chance: np.random.Generator) -> Scored:
    """Answers, and two models: the truth with errors of the size 1 (champion) and of that size (challenger)."""
    sizes = {"challenger": size, "champion": 1.0}
    if task == "regression":
        target = chance.normal(size=rows)
        return Scored(target, {name: target + each * chance.normal(size=rows) for name, each in sizes.items()}, None)
    classes = 2 if task == "binary" else 3
    target = np.arange(rows) % classes
    made = {}
    for name, each in sizes.items():
        logits = 1.5 * np.eye(classes)[target] + each * chance.normal(size=(rows, classes))
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        made[name] = shares[:, 1] if task == "binary" else shares
    return Scored(target, made, None, range(classes))


def promoted(task: str, metric: str, rows: int, size: float, pairs: int) -> int:
    """How many of the pairs end in a promotion."""
    asked, chance = TASKS[task](metric, 0.5), np.random.default_rng(rows)
    drawn = (scored(task, rows, size, chance) for _ in range(pairs))
    return sum(compare(asked, each, "champion", ALPHA, seed).lower > 0 for seed, each in enumerate(drawn))


def table(work: Work) -> Iterator[str]:
    """A line for each metric and number of rows."""
    yield f"| task, metric | test rows | equal models promoted, of {work.pairs} (95 %) | better ones promoted |"
    yield "| --- | ---: | ---: | ---: |"
    for task in METRICS:
        for metric in METRICS[task]:
            for rows in work.rows:
                equal, better = (promoted(task, metric, rows, size, work.pairs) for size in (1.0, BETTER))
                low, high = binomtest(equal, work.pairs).proportion_ci()
                share = f"{equal / work.pairs:.1%} ({low:.1%} to {high:.1%})"
                yield f"| {task}, {metric} | {rows:,} | {share} | {better / work.pairs:.0%} |"


def main() -> None:
    for line in table(Work(2, (200,)) if options(__doc__).quick else Work()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
