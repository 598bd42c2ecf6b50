"""The live rows against the training rows: of which days they are, what has drifted, and what is broken."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops import counted
from mlops.data.scoring_script import scoring_script
from mlops.decide.windows import LEAST_WINDOWS, Days, Windows, of_days, of_rows
from mlops.settings.project import Monitoring

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from mlops.decide.drift import FeatureShift
    from mlops.decide.faults import Fault
    from mlops.decide.tasks import Task

Sides = tuple[Any, Any]  # two frames, or two series: of training, and live
BY_ROWS = "no day of the training rows is known (no data.time, or an older model): rows are taken for independent ones"
REPORTS_A_YEAR = 365


def asked_by_people(
    collected: Sequence[Mapping[str, Any]], probes: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The requests without those that `apply` sent: rows of the probe of one of the versions."""
    own = [row for probe in probes for row in rows_of(probe["request"]["input_data"])]
    return [each for each in collected if not all(row in own for row in rows_of(each["inputs"]))]


def rows_of(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows by column; none where they are no rows of those columns."""
    try:
        return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    except (TypeError, ValueError):
        return [{}]


def live_days(collected: Sequence[Mapping[str, Any]], time: str | None, columns: Mapping[str, Any]) -> Days:
    """The days that the rows are of: by the time column where the model is asked it, else when they were asked."""
    column, found = columns.get(time or ""), set()
    for each in collected:
        times = asked_times(each["inputs"], column) if column else []
        found |= {each.date() for each in times or [datetime.fromtimestamp(each["time"], UTC)]}
    return np.array(sorted(found), dtype="datetime64[D]")


def asked_times(table: Mapping[str, Any], column: Any) -> list[Any]:
    """The times of the rows that have one which can be read."""
    read = scoring_script().READERS[column.kind]
    try:
        values = [row[table["columns"].index(column.name)] for row in table["data"]]
    except (ValueError, IndexError, TypeError):
        return []
    return [moment for moment in (read(value, column.dtype) for value in values) if isinstance(moment, datetime)]


def trained_answers(task: "Task", model: "Pipeline", rows: "pd.DataFrame") -> "pd.Series":
    """What the model answers to the training rows, as far as it is watched."""
    labels = task.known(model)
    return as_answers(task, task.answer(task.predict(model, rows, labels), labels)[task.watched])


def live_answers(task: "Task", collected: Sequence[Mapping[str, Any]], version: int | None) -> "pd.Series":
    """What that version answered, and those did of which no version is known."""
    found: list[Any] = []
    for each in collected:
        said = each["outputs"].get(task.watched) if isinstance(each["outputs"], Mapping) else None
        if isinstance(said, list) and each.get("version") in (None, version):
            found += said
    return as_answers(task, found)


def as_answers(task: "Task", found: Sequence[Any]) -> "pd.Series":
    """Scores and values as numbers, NaN for what is none; the names of classes as text."""
    answers = pd.Series(found, dtype="object", name=task.watched)
    if task.watched == "classes":
        return answers.map(str)
    return pd.to_numeric(answers, errors="coerce").astype("float64")


def input_drift(rows: Sides, answers: Sides, days: Days | None, live: Days, rules: Monitoring) -> dict[str, Any]:
    """Status, drift and faults of live rows and of the answers to them, with all that was looked at.

    rows, answers: those of training, and the live ones. days: of each training row, None where they are not known.
    live: those that the live rows are of.
    """
    from mlops.decide.drift import as_table, status_of

    before, now = rows
    shifts: list[FeatureShift] = []
    broken: list[Fault] = []
    windows, unwatched = None, ""
    if len(now) >= rules.min_rows:
        windows = of_rows(len(before), len(now)) if days is None else of_days(days, live, len(now))
    if windows:
        unwatched = too_few_answers(len(answers[1]), windows, rules)
        shifts, broken = found_in(rows, None if unwatched else answers, windows, rules)
    return {
        "status": status_of(windows, shifts, broken),
        "rows": len(now),
        "reference_rows": len(before),
        "rules": rules.model_dump(),
        "how": how(windows, len(live), days, rules) if len(now) >= rules.min_rows else too_few(len(now), rules),
        "answers": unwatched,
        "faults": [asdict(each) for each in broken],
        "features": as_table(shifts),
    }


def found_in(
    rows: Sides, answers: Sides | None, windows: Windows, rules: Monitoring
) -> "tuple[list[FeatureShift], list[Fault]]":
    """The shifts of every column and of the answers, and the faults. answers: None where they are not looked at."""
    from mlops.decide.drift import answers_shift, chance_of_each, compare
    from mlops.decide.faults import faults, of_answers
    from mlops.decide.relations import relations, scattered, unexplained
    from mlops.decide.told import against_others, related

    (before, now), chance = rows, chance_of_each(rows[0], rules)
    shifts = compare(before, now, windows, rules)
    broken = relations(before, now, windows, shifts, faults(before, now, windows, chance))
    told = related(before, now, windows, unexplained(before, now, shifts, broken))
    broken += scattered(told)
    shifts = against_others(before, now, windows, shifts, told, rules)
    if answers:
        shifts.append(answers_shift(*answers, windows, chance, rules.min_effect))
        broken += of_answers(*answers, windows, chance)
    return shifts, broken


def too_few(rows: int, rules: Monitoring) -> str:
    return f"too few to tell: {counted(rows, 'row')}, and {rules.min_rows:,} are needed (monitoring.min_rows)"


def too_few_answers(answers: int, windows: Windows, rules: Monitoring) -> str:
    """Why the answers are not looked at, or nothing: most rows were answered by another version, say."""
    least = max(rules.min_rows, windows.size)
    return "" if answers >= least else f"answers are not watched: {answers:,} of this version, {least:,} are needed"


def how(windows: Windows | None, live: int, days: Days | None, rules: Monitoring) -> str:
    """What the live window was compared with, and how often that cries wolf."""
    if windows is None:
        known = 0 if days is None else len(np.unique(days))
        return f"the training rows are of {counted(known, 'day')}, and {LEAST_WINDOWS} are the least to compare with"
    held = f"{windows.apart} windows of {counted(windows.size, 'training row')}"
    if windows.days:
        held = f"windows of {windows.days} of the {windows.apart * windows.days} or more days of training"
    shorter = f" (shorter than the {live} days of the live rows, as training is short)" * (0 < windows.days < live)
    unknown = "" if windows.seen else "; the season of the live rows is not in training"
    alone = f"; {BY_ROWS}" if not windows.days else ""
    yearly = f"{rules.alpha * REPORTS_A_YEAR:.2g} a year at most in a daily report (alpha {rules.alpha:g})"
    return f"held against {held}{shorter}{unknown}{alone}; false alarms: {yearly}"
