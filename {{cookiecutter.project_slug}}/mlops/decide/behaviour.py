"""Whether a model behaves as tests/behaviour.yml asks: its answers before and after a change, and to given rows."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import floor
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops import UserError, counted
from mlops.decide.checks import Check, Status
from mlops.settings.behaviour import Behaviour, Change, Trial

if TYPE_CHECKING:
    import pandas as pd

    from mlops.decide.measures import Vector
    from mlops.decide.tasks import Task

ISO = re.compile(r"\d{4}-\d\d-\d\d")
CLOSE = 1e-9  # answers that are no further apart are the same
Ask = Callable[["pd.DataFrame"], "Vector"]  # what the model predicts for rows


@dataclass(frozen=True)
class Subject:
    """The model under test, and the rows that are tried, which hold the features alone.

    nullable: the features that may be missing, as an endpoint has it. before: what is predicted for the rows.
    """

    task: "Task"
    labels: Sequence[Any]
    ask: Ask
    rows: "pd.DataFrame"
    nullable: frozenset[str]

    @cached_property
    def before(self) -> "Vector":
        return self.ask(self.rows)


@dataclass(frozen=True)
class Outcome:
    """A test, and the row that is furthest from what it must be; None where all keep it."""

    check: Check
    row: "pd.Series[Any] | None" = None


def evenly(rows: "pd.DataFrame", most: int) -> "pd.DataFrame":
    """That many of the rows at most, from first to last."""
    return rows.iloc[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)]


def in_time(behaviour: Behaviour, took: float) -> list[Outcome]:
    """Whether one row is answered in the milliseconds that it may take; nothing where none are named."""
    if behaviour.latency_ms is None:
        return []
    status: Status = "PASS" if took <= behaviour.latency_ms else "FAIL"
    return [Outcome(Check("behaviour: one row", status, f"{took:g} ms", f"at most {behaviour.latency_ms:g} ms"))]


def behave(behaviour: Behaviour, subject: Subject) -> list[Outcome]:
    """Every test. UserError where one does not fit its column, or the task."""
    found = [in_any_order(subject)]
    if behaviour.between:
        off, answers = beyond(subject.before, behaviour.between), subject.before
        found.append(outcome("every answer", said(behaviour.between), off, subject, lambda at: shown(answers[at])))
    for test in behaviour.tests:
        found.append(of_row(test, subject) if test.row else of_change(test, subject, behaviour.seed))
    return found


def in_any_order(subject: Subject) -> Outcome:
    """Columns have names; a model that goes by their places answers otherwise when they come in another order."""
    after = subject.ask(subject.rows[subject.rows.columns[::-1]])
    off, told = apart(subject.before, after), partial(moved, subject.before, after)
    return outcome("order of columns", "the same answers in any", off, subject, told)


def of_change(test: Trial, subject: Subject, seed: int) -> Outcome:
    """What a change of the rows does to their answers."""
    rows = changed(subject, test, np.random.default_rng(seed))
    before, after = (meant(each, test, subject) for each in (subject.before, subject.ask(rows)))
    if test.within is not None:
        wanted, off = f"answers at most {test.within:g} apart", apart(before, after) - test.within
    else:
        wanted, off = f"no answer {test.never}", after - before if test.never == "higher" else before - after
    return outcome(test.name, wanted, off, subject, partial(moved, before, after), test.share)


def of_row(test: Trial, subject: Subject) -> Outcome:
    """The answer to a row that the test gives."""
    given = {name: filled([value], subject.rows[name], test, subject) for name, value in test.row.items()}
    predicted = subject.ask(subject.rows.iloc[:1].assign(**given))
    if test.between:
        value = meant(predicted, test, subject)
        wanted, seen, off = said(test.between), shown(value[0]), beyond(value, test.between)[0]
    else:
        called = decided(predicted, test, subject)
        wanted, seen, off = f"{test.answer}", f"{called}", float(called != test.answer)
    return Outcome(Check(f"behaviour: {test.name}", "PASS" if off <= CLOSE else "FAIL", seen, wanted))


def changed(subject: Subject, test: Trial, chance: np.random.Generator) -> "pd.DataFrame":
    """The rows with the change of the test. UserError where it does not fit a column."""
    columns = {name: (subject.rows[name], change) for name, change in test.change.items()}
    return subject.rows.assign(**{name: edited(*each, test, subject, chance) for name, each in columns.items()})


def edited(
    values: "pd.Series[Any]", change: Change, test: Trial, subject: Subject, chance: np.random.Generator
) -> "pd.Series[Any]":
    """The values of a column, changed; whole numbers stay whole."""
    if "to" in change.model_fields_set:
        return filled([change.to] * len(values), values, test, subject)
    kind = values.dtype.kind
    if change.case:
        if kind != "O":
            raise UserError(f"tests: {test.name}: {values.name} holds no text, so case does not change it")
        return values.map(methodcaller(change.case), na_action="ignore")
    if kind not in "iuf":
        raise UserError(f"tests: {test.name}: {values.name} holds no numbers; add and noise are for these")
    noise = chance.uniform(-1, 1, len(values)) * (change.noise or 0)
    found = values + (change.add or noise)
    return found.round().astype(values.dtype) if kind in "iu" else found


def filled(new: Sequence[Any], like: "pd.Series[Any]", test: Trial, subject: Subject) -> "pd.Series[Any]":
    """Those values with the type of that column, as far as they are known. UserError where they are of another."""
    import pandas as pd

    some = like.iloc[: len(new)]
    if all(each is None for each in new):
        if like.name not in subject.nullable:
            raise UserError(f"tests: {test.name}: {like.name} was never missing in training; an endpoint refuses null")
        return some.where(np.zeros(len(new), dtype=bool))
    try:
        if like.dtype.kind != "M" or ISO.match(str(new[0])):
            return pd.Series(new, some.index).astype(like.dtype)
    except (TypeError, ValueError):
        pass  # said below
    raise UserError(f"tests: {test.name}: {new[0]!r} is no value of {like.name} ({like.dtype})")


def meant(predictions: "Vector", test: Trial, subject: Subject) -> "Vector":
    """What the test is about: scores, values or probabilities of one class, shape (rows,); of all, (rows, labels)."""
    if predictions.ndim == 1 or (test.of is None and test.within is not None):
        return predictions
    if test.of not in subject.labels:
        raise UserError(f"tests: {test.name}: of must name a class, one of {', '.join(map(str, subject.labels))}")
    return predictions[:, subject.labels.index(test.of)]


def decided(predictions: "Vector", test: Trial, subject: Subject) -> Any:
    """The class that the first row is called."""
    called = subject.task.decisions(predictions)
    if called is None:
        raise UserError(f"tests: {test.name}: answer is for classes; of a number say between what it is")
    if test.answer not in subject.labels:
        known = ", ".join(map(str, subject.labels))
        raise UserError(f"tests: {test.name}: no class {test.answer!r}; there is {known}")
    return subject.labels[int(called[0])]


def outcome(
    name: str, wanted: str, off: "Vector", subject: Subject, told: Callable[[int], str], share: float = 1
) -> Outcome:
    """The test by how far each row is beyond what it must be, shape (rows,); one that is NaN breaks it too.

    told: what there is to say of the row at that place.
    """
    broken, allowed = ~(off <= CLOSE), floor((1 - share) * len(off) + CLOSE)
    worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    rows = counted(len(off), "row")
    if not broken.any():
        return Outcome(Check(f"behaviour: {name}", "PASS", f"kept by {rows}", wanted))
    row = f"row {subject.rows.index[worst]} of test.parquet"
    seen = f"broken by {broken.sum():,} of {rows}, by {row} most ({told(worst)})"
    more = f" for {share:.0%} of the rows" if share < 1 else ""
    status: Status = "PASS" if broken.sum() <= allowed else "FAIL"
    return Outcome(Check(f"behaviour: {name}", status, seen, wanted + more), subject.rows.iloc[worst])


def apart(one: "Vector", other: "Vector") -> "Vector":
    """How far the answers to each row are apart, shape (rows,); of several classes that which moved most."""
    found = np.abs(one - other)
    return found if found.ndim == 1 else found.max(axis=1)


def beyond(values: "Vector", between: Sequence[float]) -> "Vector":
    """How far each number is outside, shape (values,); at most 0 inside. Of probabilities, the furthest one."""
    low, high = between
    found = np.maximum(low - values, values - high)
    return found if found.ndim == 1 else found.max(axis=1)


def said(between: Sequence[float]) -> str:
    return f"from {between[0]:g} to {between[1]:g}"


def moved(before: "Vector", after: "Vector", place: int) -> str:
    """`0.41 -> 0.38`, the answers to the row at that place; of several classes that which moved most."""
    one, other = np.atleast_1d(before[place]), np.atleast_1d(after[place])
    most = int(np.argmax(np.abs(other - one)))
    return f"{one[most]:.4g} -> {other[most]:.4g}"


def shown(answer: Any) -> str:
    """An answer in few digits; of several classes the likeliest one's."""
    return f"{np.max(answer):.4g}"
