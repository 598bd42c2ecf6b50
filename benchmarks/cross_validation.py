"""How often folds take one of two equal recipes for better, and how often they find one that is.

    cd <a generated project> && uv run python <the template>/benchmarks/cross_validation.py [part …]

Parts, all without a name: equal, better, repeats. Every draw is a fresh sample with a seed. Three features tell the
answer of a row, twenty tell nothing. Recipes are logistic regressions: the champion and its twin see two that tell and
ten that do not, each its own, so that neither is better; the better one sees the third that tells instead of one that
does not. All folds are fitted at once by Newton's method, to what scikit-learn's LogisticRegression() is; they are
dealt, measured and judged by the project's own code. Beside it stand the paired t test that takes folds for
independent, and the gate with the first fold of five held out. A rule of 5 % keeps its word in a cell of 2,000 draws
where it is 5.95 % at most (95 % binomial limit).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ttest_1samp

from _project import measure_parts
from mlops.decide.comparison import gained
from mlops.decide.folds import repeated
from mlops.decide.resampled import by_fold, corrected
from mlops.decide.scored import Scored
from mlops.decide.tasks import TASKS, Task
from mlops.operate.cross_validation import numbered
from mlops.settings.project import Data
from mlops.settings.split import Split

ALPHA = 0.05
WEIGHTS = [1.0, 1.0, 0.8]  # of the features that tell
USELESS = 20
CHAMPION, TWIN, BETTER = [0, 1, *range(13, 23)], [0, 1, *range(3, 13)], [0, 1, 2, *range(3, 12)]  # columns
STEPS = 8  # of Newton's method
TOLD = [TASKS["binary"](metric, 0.5) for metric in ("auc", "log_loss")]
HEAD = "corrected t | paired t over the folds | the first fold held out |"


class Cell(NamedTuple):
    """The rows of a sample, the columns that the challenger sees, and how rows are dealt."""

    rows: int
    columns: Sequence[int]
    folds: int = 5
    repeats: int = 10


def drawn(rows: int, chance: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Features, shape (rows, 23), and answers."""
    features = chance.normal(size=(rows, len(WEIGHTS) + USELESS))
    value = features[:, : len(WEIGHTS)] @ WEIGHTS
    return features, (chance.random(rows) < 1 / (1 + np.exp(-value))).astype(np.int64)


def scores(features: NDArray[np.float64], target: NDArray[np.int64], learned: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of all rows by a model of each set of rows to learn from, shape (sets, rows), as `learned` is."""
    table = np.column_stack([np.ones(len(target)), features])
    squares = (table[:, :, None] * table[:, None, :]).reshape(len(target), -1)
    penalty = np.diag([0.0, *np.ones(features.shape[1])])
    weights = np.zeros((len(learned), table.shape[1]))
    for _ in range(STEPS):
        said = 1 / (1 + np.exp(-weights @ table.T))
        slope = (learned * (said - target)) @ table + weights @ penalty
        curve = ((learned * said * (1 - said)) @ squares).reshape(len(learned), *penalty.shape) + penalty
        weights -= np.linalg.solve(curve, slope[:, :, None])[:, :, 0]
    return 1 / (1 + np.exp(-weights @ table.T))


def tested(cell: Cell, seed: int) -> Scored:
    """A sample, with what models of both recipes say of the rows that they were fitted without."""
    features, target = drawn(cell.rows, np.random.default_rng([cell.rows, seed]))
    split = Split(folds=cell.folds, repeats=cell.repeats)
    data = Data(uri="", suite="", target="y", known_only_after=[], split=split)
    folds = numbered(repeated(pd.DataFrame({"y": target}), data, seed), cell.rows)
    places, sets = np.tile(np.arange(cell.rows), cell.repeats), np.arange(cell.folds * cell.repeats)
    without = np.ones((len(sets), cell.rows), dtype=bool)
    without[folds, places] = False
    columns = {"challenger": list(cell.columns), "champion": CHAMPION}
    said = {name: scores(features[:, each], target, without)[folds, places] for name, each in columns.items()}
    return Scored(target, {}, pd.DataFrame(index=places[: cell.rows]), [0, 1]).dealt(folds, cell.repeats, said)


def promoted(task: Task, scored: Scored, gains: NDArray[np.float64], seed: int) -> list[bool]:
    """Whether each of the three tests takes the challenger for better. gains: on each fold."""
    held_out = gained(task, scored.where(scored.folds == 0), "champion", seed)
    paired = ttest_1samp(gains, 0, alternative="greater").pvalue
    return [corrected(gains, scored).quantile(ALPHA) > 0, paired < ALPHA, held_out.quantile(ALPHA) > 0]


def lines(cell: Cell, work: int) -> Iterator[str]:
    """A line a metric: the mean gain, which is the true one as far as so many samples tell, and who is promoted."""
    gain, shares = np.zeros(len(TOLD)), np.zeros((len(TOLD), 3))
    for seed in range(work):
        scored = tested(cell, seed)
        ours, theirs = (by_fold(TOLD[0], scored, name) for name in ("challenger", "champion"))
        for place, task in enumerate(TOLD):
            gains = task.decisive.sign * (ours[task.primary] - theirs[task.primary])
            gain[place] += gains.mean() / work
            shares[place] += np.array(promoted(task, scored, gains, seed)) / work
    for task, mean, each in zip(TOLD, gain, shares, strict=True):
        said = " | ".join(f"{share:.2%}" for share in each)
        yield f"| {cell.rows} | {cell.folds}, {cell.repeats} times | {task.decisive.title} | {mean:+.4f} | {said} |"


def table(title: str, cells: Sequence[Cell], work: int) -> Iterator[str]:
    yield f"| {title}, {work:,} samples: promoted. Rows | folds | metric | mean gain | {HEAD}"
    yield f"| ---: | ---: | --- |{' ---: |' * 4}"
    for cell in cells:
        yield from lines(cell, work)


def equal(work: int) -> Iterator[str]:
    yield from table("equal recipes", [Cell(rows, TWIN) for rows in (150, 300)], work)


def better(work: int) -> Iterator[str]:
    yield from table("a better recipe", [Cell(rows, BETTER) for rows in (150, 300)], work)


def repeats(work: int) -> Iterator[str]:
    deals = [(2, 10), (5, 1), (5, 2), (10, 10)]
    for title, columns in (("equal recipes", TWIN), ("a better recipe", BETTER)):
        yield from table(title, [Cell(150, columns, *deal) for deal in deals], max(2, work // 4))


PARTS: dict[str, Callable[[int], Iterator[str]]] = {"equal": equal, "better": better, "repeats": repeats}


def main() -> None:
    measure_parts(__doc__, PARTS, 5, 2_000)


if __name__ == "__main__":
    main()
