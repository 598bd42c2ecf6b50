"""How often the gate promotes a model that is no better than the champion, and how often one that is.

    cd <a generated project> && uv run python <the template>/benchmarks/gate.py [part …]

Parts, all without a name: equal, power, margin, slices, year, coverage, flights. Every draw is seeded. Beside the gate,
on the same draws, the rules that are usual: `better` (any gain), `+0.01` (a least gain, as mlflow's
min_absolute_change) and `not worse` (a loss of at most 1e-10, as in TFX's example). Shares are of the pairs of models;
a rule of 5 % keeps its word in a cell of 10,000 where it is 5.51 % at most (99 % binomial limit).
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from _project import options
from mlops.data.splitting import clusters, newest
from mlops.data.tables import local_folder, read_data
from mlops.decide.comparison import Comparison, compare
from mlops.decide.metrics import intervals
from mlops.decide.scored import Scored
from mlops.decide.slicing import slice_checks
from mlops.decide.tasks import TASKS
from mlops.settings.project import Gate, load_project

ALPHA, LOOKS, MARGIN = 0.05, 20, 0.02
TASK_OF = {"auc": "binary", "log_loss": "binary", "accuracy": "binary", "rmse": "regression"}
SIGNAL = float(np.sqrt(2) * norm.ppf(0.7))  # what sets the classes apart where the AUC is 0.70
RULES: dict[str, Callable[[Comparison], bool]] = {
    "gate": lambda found: found.lower > 0,
    "better": lambda found: found.difference > 0,
    "+0.01": lambda found: found.difference >= 0.01,
    "not worse": lambda found: found.difference >= -1e-10,
}


class Work(NamedTuple):
    """Pairs a cell, years, and the numbers of test rows."""

    pairs: int = 10_000
    years: int = 2_000
    rows: tuple[int, ...] = (500, 2_000, 10_000)


class Cell(NamedTuple):
    """Which models are drawn. alike: the correlation of their errors; of accuracy, the share on which they differ."""

    metric: str
    rows: int
    alike: float
    prevalence: float = 0.5
    gain: float = 0.0


def noises(cell: Cell, chance: np.random.Generator) -> np.ndarray:
    """The errors of two models, shape (2, rows)."""
    shared, *own = chance.normal(size=(3, cell.rows))
    return np.sqrt(cell.alike) * shared + np.sqrt(1 - cell.alike) * np.stack(own)


def drawn(cell: Cell, chance: np.random.Generator) -> Scored:
    """Test rows and what challenger and champion say of them."""
    target = (np.arange(cell.rows) < cell.prevalence * cell.rows).astype(np.int64)
    if cell.metric == "accuracy":
        made = called(cell, target, chance)
    elif cell.metric == "rmse":
        errors = noises(cell, chance)
        made, target = errors * np.array([[1 - cell.gain], [1.0]]), np.zeros(cell.rows)
    else:
        signal = np.array([np.sqrt(2) * norm.ppf(0.7 + cell.gain), SIGNAL])
        made = expit(signal[:, None] * target + noises(cell, chance) - SIGNAL / 2)
    return Scored(target, dict(zip(("challenger", "champion"), made, strict=True)), pd.DataFrame(index=target), [0, 1])


def called(cell: Cell, target: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """The answers of two models that are right on 85 % of the rows, and differ on a share of them."""
    kind = chance.uniform(size=cell.rows)
    won, lost = (cell.alike + cell.gain) / 2, (cell.alike - cell.gain) / 2
    first = kind < won
    second = (kind >= won) & (kind < won + lost)
    both = (kind >= won + lost) & (chance.uniform(size=cell.rows) < 0.85)
    right = np.stack([first | both, second | both])
    return np.where(right, target, 1 - target).astype(float)


def compared(cell: Cell, pairs: int, alpha: float = ALPHA) -> Iterator[Comparison]:
    """The gate's comparison of each pair."""
    task, chance = TASKS[TASK_OF[cell.metric]](cell.metric, 0.5), np.random.default_rng(cell.rows)
    for seed in range(pairs):
        yield compare(task, drawn(cell, chance), "champion", alpha, seed)


def shares(cell: Cell, pairs: int) -> str:
    """The share of the pairs that each rule promotes, as cells of a table."""
    found = list(compared(cell, pairs))
    return " | ".join(f"{np.mean([rule(each) for each in found]):.2%}" for rule in RULES.values())


def equal(work: Work) -> Iterator[str]:
    yield f"| equal models, {work.pairs:,} pairs | test rows | alike | prevalence | {' | '.join(RULES)} |"
    yield f"| --- |{' ---: |' * (3 + len(RULES))}"
    for rows in work.rows:
        cells = [Cell("auc", rows, alike, share) for share in (0.2, 0.5) for alike in (0.5, 0.9, 0.99)]
        cells += [Cell("accuracy", rows, differ) for differ in (0.1, 0.05)]
        cells += [Cell(metric, rows, 0.9) for metric in ("log_loss", "rmse")]
        for each in cells:
            alike = f"{each.alike:.0%} differ" if each.metric == "accuracy" else each.alike
            yield f"| {each.metric} | {rows:,} | {alike} | {each.prevalence:.0%} | {shares(each, work.pairs)} |"


def power(work: Work) -> Iterator[str]:
    yield f"| a true gain, {work.pairs:,} pairs | {' | '.join(RULES)} |"
    yield f"| --- |{' ---: |' * len(RULES)}"
    for name, cell in {
        "AUC +0.01, 5,000 rows, half of them positive": Cell("auc", 5_000, 0.9, 0.5, 0.01),
        "AUC +0.01, 5,000 rows, a fifth positive": Cell("auc", 5_000, 0.9, 0.2, 0.01),
        "accuracy +1 pt, 6,200 rows, 10 % differ": Cell("accuracy", 6_200, 0.1, gain=0.01),
        "accuracy +2 pt, 2,000 rows, 10 % differ": Cell("accuracy", 2_000, 0.1, gain=0.02),
    }.items():
        yield f"| {name} | {shares(cell, work.pairs)} |"


def margin(work: Work) -> Iterator[str]:
    yield f"| a true loss of {MARGIN}, which is the margin, {work.pairs:,} pairs | accepted as no worse |"
    yield "| --- | ---: |"
    for rows in work.rows:
        for metric, alike in (("auc", 0.9), ("accuracy", 0.1)):
            found = compared(Cell(metric, rows, alike, gain=-MARGIN), work.pairs)
            yield f"| {metric}, {rows:,} rows | {np.mean([each.lower > -MARGIN for each in found]):.2%} |"


def slices(work: Work) -> Iterator[str]:
    limits = {"columns": ["slice"], "min_rows": 100, "floor": 0.5, "max_drop": 0.05}
    rules = Gate(floors={"auc": 0.5}, alpha=ALPHA, minimum_gain=0.01, min_rows=100, seed=1, slices=limits)
    pairs, task = work.pairs // 10 or work.pairs, TASKS["binary"]("auc", 0.5)
    yield f"| an equally good challenger, 20 slices, {pairs:,} pairs | blocked by any |"
    yield "| --- | ---: |"
    for rows in (4_000, 8_000):
        chance, names = np.random.default_rng(rows), pd.DataFrame({"slice": np.arange(rows) % 20})
        made = (replace(drawn(Cell("auc", rows, 0.9), chance), slices=names) for _ in range(pairs))
        blocked = [
            any(check.status == "FAIL" for check in slice_checks(task, each, "champion", rules)) for each in made
        ]
        yield f"| AUC 0.70, {rows // 20} rows a slice | {np.mean(blocked):.2%} |"


def year(work: Work) -> Iterator[str]:
    """Twenty challengers of one champion: on the same rows their errors share the champion's."""
    yield f"| 20 retrains without gain, {work.years:,} years | a part of alpha each | all of alpha each | better |"
    yield "| --- | ---: | ---: | ---: |"
    task = TASKS["binary"]("auc", 0.5)
    for name, fresh in (("the same 2,500 rows", False), ("fresh rows each time", True)):
        for alike in (0.9, 0.99):
            counts, chance = np.zeros(3), np.random.default_rng(7)
            for _ in range(work.years):
                found = [compare(task, each, "champion", ALPHA, 1) for each in retrained(alike, fresh, chance)]
                least = min(each.p for each in found)
                counts += [least < ALPHA / LOOKS, least < ALPHA, any(each.difference > 0 for each in found)]
            yield f"| {name}, errors alike {alike} | {' | '.join(f'{each / work.years:.1%}' for each in counts)} |"


def retrained(alike: float, fresh: bool, chance: np.random.Generator) -> Iterator[Scored]:
    """The champion and each of twenty challengers, as good as it."""
    cell = Cell("auc", 2_500, alike, 0.24)
    first = drawn(cell, chance)
    champion = np.log(first.predictions["champion"] / (1 - first.predictions["champion"])) - SIGNAL * first.target
    for _ in range(LOOKS):
        if fresh:
            yield drawn(cell, chance)
            continue
        other = alike * champion + np.sqrt(1 - alike**2) * chance.normal(size=cell.rows)
        yield replace(first, predictions={**first.predictions, "challenger": expit(other + SIGNAL * first.target)})


def coverage(work: Work) -> Iterator[str]:
    yield f"| 95 % intervals, {work.pairs:,} draws | hold the true value |"
    yield "| --- | ---: |"
    for metric, truth in (("auc", 0.7), ("accuracy", 0.85)):
        for rows in work.rows:
            cell, chance = Cell(metric, rows, 0.0 if metric == "accuracy" else 0.9), np.random.default_rng(rows)
            task = TASKS["binary"](metric, 0.5)
            found = (intervals(task, drawn(cell, chance), "champion", seed)[metric] for seed in range(work.pairs))
            held = np.mean([lower <= truth <= upper for lower, upper in found])
            yield f"| {metric}, {rows:,} rows | {held:.1%} |"


def flights(work: Work) -> Iterator[str]:
    """Models of the project's data: the newest month's days are drawn again, and the true gain is that of the month."""
    draws, task = work.pairs // 10 or work.pairs, TASKS["binary"]("auc", 0.5)
    yield f"| real flights, their days drawn again {draws:,} times | by day | rows taken for independent |"
    yield "| --- | ---: | ---: |"
    for name, month in scored_flights():
        truth, chance = compare(task, month, "champion", ALPHA, 1).difference, np.random.default_rng(5)
        rows_of = [np.flatnonzero(month.clusters == day) for day in np.unique(month.clusters)]
        made = [again(month, rows_of, chance) for _ in range(draws)]
        by_day, alone = (
            np.mean([compare(task, each, "champion", ALPHA, 1).lower > truth for each in drawn_again])
            for drawn_again in (made, [replace(each, clusters=None) for each in made])
        )
        yield f"| {name} | {by_day:.1%} | {alone:.1%} |"


def again(month: Scored, rows_of: Sequence[np.ndarray], chance: np.random.Generator) -> Scored:
    """As many days of the month, drawn with replacement; each is a day of its own."""
    parts = [rows_of[day] for day in chance.integers(0, len(rows_of), len(rows_of))]
    rows, days = np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    predictions = {name: scores[rows] for name, scores in month.predictions.items()}
    return Scored(month.target[rows], predictions, pd.DataFrame(index=days), [0, 1], days)


def scored_flights() -> Iterator[tuple[str, Scored]]:
    """Challengers of the project in this folder, by name, and its champion on the newest month."""
    sys.path.insert(0, str(Path.cwd()))
    from model.estimator import build

    project = load_project()
    data, features = project.data, project.features
    rows = read_data(local_folder(data.uri), list(dict.fromkeys([*features, data.target, data.time])))
    late = newest(rows[data.time], data.split)
    train, test = rows[~late], rows[late].reset_index(drop=True)
    target, days = test[data.target].to_numpy(dtype=np.int64), clusters(test, data)

    def scores(**changes: float) -> np.ndarray:
        model = build(**{**project.model, **changes}).fit(train[features], train[data.target])
        return model.predict_proba(test[features])[:, 1]

    champion = scores()
    for name, changes in {"learning rate 0.08": {"learning_rate": 0.08}, "7 leaves": {"max_leaf_nodes": 7}}.items():
        yield name, Scored(target, {"challenger": scores(**changes), "champion": champion}, test[[]], [0, 1], days)


PARTS = {part.__name__: part for part in (equal, power, margin, slices, year, coverage, flights)}


def main() -> None:
    asked = [name for name in PARTS if name in sys.argv[1:]] or list(PARTS)
    sys.argv = [sys.argv[0], *(each for each in sys.argv[1:] if each not in PARTS)]
    chosen = options(__doc__, pairs="pairs of models a cell, instead of 10,000; a fifth of it are years")
    pairs = int(chosen.pairs or Work().pairs)
    work = Work(2, 2, (500,)) if chosen.quick else Work(pairs, pairs // 5)
    for name in asked:
        for line in PARTS[name](work):
            print(line, flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
