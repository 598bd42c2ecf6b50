"""How often the gate blocks a model whose groups fare alike, and one whose groups do not.

    cd <a generated project> && uv run python <the template>/benchmarks/fairness.py [part …]

Parts, all without a name: equal, unfair, days. Groups are independent draws of rows that are right with a given rate
(the metric is accuracy), compared as `fairness` of project.yml does with max_difference 0.1. Every draw is seeded. A
rule of 5 % keeps its word in a cell of 2,000 draws where it is 5.95 % at most (95 % binomial limit), of 80 % where it
is 78.5 % at least.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from _project import measure_parts
from mlops.decide.fairness import disparity
from mlops.decide.scored import Scored
from mlops.decide.tasks import TASKS
from mlops.settings.fairness import Fairness

MOST = 0.1  # max_difference
ALPHAS = (0.05, 0.1, 0.15, 0.2)
DAYS = 30
TASK = TASKS["binary"]("auc", 0.5)
HEAD = f"{' | '.join(f'alpha {alpha:g}' for alpha in ALPHAS)} | the difference as seen |"


class Cell(NamedTuple):
    """The share of rows that are right in each group, and the rows of a group.

    alike: by how much the share of a group's day moves, as a standard deviation; 0: rows have no days.
    """

    rates: Sequence[float]
    rows: int
    alike: float = 0.0


def drawn(cell: Cell, chance: np.random.Generator) -> Scored:
    """Test rows, as many of each group, and what a model says of them."""
    groups = len(cell.rates)
    group, days = np.repeat(np.arange(groups), cell.rows), chance.integers(0, DAYS, groups * cell.rows)
    luck = cell.alike * chance.normal(size=(groups, DAYS))
    right = chance.uniform(size=len(group)) < (np.array(cell.rates)[:, None] + luck)[group, days]
    target = chance.integers(0, 2, len(group))
    said = np.where(right, target, 1 - target).astype(float)
    names, nothing = pd.DataFrame({"group": group}), pd.DataFrame(index=group)
    return Scored(target, {"challenger": said}, nothing, [0, 1], days if cell.alike else None, names)


def draws(cell: Cell, count: int) -> Iterator[Scored]:
    chance = np.random.default_rng([cell.rows, *(round(1000 * rate) for rate in cell.rates)])
    return (drawn(cell, chance) for _ in range(count))


def rules(alpha: float) -> Fairness:
    return Fairness(group_by=["group"], metric="accuracy", max_difference=MOST, min_rows=100, alpha=alpha)


def blocked(scored: Iterable[Scored], count: int) -> str:
    """The shares that are blocked at each alpha, and that would be by the difference as it is seen."""
    counts = np.zeros(len(ALPHAS) + 1)
    for seed, each in enumerate(scored):
        found = [disparity(TASK, each, "group", rules(alpha), seed) for alpha in ALPHAS]
        counts += [*(one.upper > MOST for one in found), found[0].difference > MOST]
    return " | ".join(f"{share:.2%}" for share in counts / count)


def equal(work: int) -> Iterator[str]:
    yield f"| groups that fare alike, {work:,} draws: blocked | rows each | rate | {HEAD}"
    yield f"| --- |{' ---: |' * (3 + len(ALPHAS))}"
    for groups in (2, 3, 5):
        for rows in (500, 1_000):
            for rate in (0.2, 0.5, 0.8):
                cell = Cell([rate] * groups, rows)
                yield f"| {groups} | {rows:,} | {rate} | {blocked(draws(cell, work), work)} |"


UNFAIR = {
    "2 groups": lambda low, high: [low, high],
    "3 groups, one worse": lambda low, high: [low, high, high],
    "5 groups, one worse": lambda low, high: [low, *4 * [high]],
    "5 groups, the others between": lambda low, high: [low, *3 * [(low + high) / 2], high],
}


def unfair(work: int) -> Iterator[str]:
    yield f"| groups of 500 rows that do not, {work:,} draws: blocked | least rate | apart | {HEAD}"
    yield f"| --- |{' ---: |' * (3 + len(ALPHAS))}"
    for name, rates in UNFAIR.items():
        for low, apart in ((0.2, 0.1), (0.45, 0.1), (0.7, 0.1), (0.45, 0.125), (0.45, 0.15)):
            cell = Cell(rates(low, low + apart), 500)
            yield f"| {name} | {low} | {apart} | {blocked(draws(cell, work), work)} |"


def days(work: int) -> Iterator[str]:
    yield f"| days of a group are alike, two groups 0.1 apart, {work:,} draws: blocked | rows each | {HEAD}"
    yield f"| --- |{' ---: |' * (2 + len(ALPHAS))}"
    for rows in (500, 2_000):
        cell = Cell([0.45, 0.55], rows, 0.1)
        alone = (replace(each, clusters=None) for each in draws(cell, work))
        yield f"| by day | {rows:,} | {blocked(draws(cell, work), work)} |"
        yield f"| rows taken for independent | {rows:,} | {blocked(alone, work)} |"


PARTS: dict[str, Callable[[int], Iterator[str]]] = {"equal": equal, "unfair": unfair, "days": days}


def main() -> None:
    measure_parts(__doc__, PARTS, 5, 2_000)


if __name__ == "__main__":
    main()
