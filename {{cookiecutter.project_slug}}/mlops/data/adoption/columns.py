"""What each column is, how it is used and why; and which task its target sets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import TYPE_CHECKING

from mlops import UserError, counted
from mlops.data.adoption.facts import MANY, Facts
from mlops.data.adoption.leaks import GIVEN_AWAY, SUSPICIOUS, foretold
from mlops.data.adoption.reading import Column
from mlops.data.adoption.tasks import TASKS
from mlops.settings.metrics import TaskName

if TYPE_CHECKING:
    import pandas as pd


LEAST_ROWS = 50
FEW_VALUES = 20  # a decimal target with so few could be classes as well
CLASSES = 30  # whole numbers with so few values, from close by, are classes
OWN = 0.5  # of the rows have a text of their own: nothing can be learned from it
UNIQUE = 0.99
MOST_SLICES, LARGEST_SLICING = 2, 10  # columns, and values of one, that become slices without being told
WORDS = 4  # in a text, on average: it is prose
IDENTIFIER = re.compile(r"(^|[^a-z])(id|uuid|guid|key|index|rowid)$|[a-z]I[dD]$", re.IGNORECASE)


@dataclass(frozen=True)
class Roles:
    """What the command was told about columns."""

    target: str
    time: str | None = None
    task: TaskName | None = None
    key: Sequence[str] = ()
    slices: Sequence[str] = ()
    keep: Sequence[str] = ()


@dataclass(frozen=True)
class Profile:
    """A row of the printed table. `used` is `target`, `feature` with other uses, or what it is instead."""

    name: str
    what: str
    used: str
    why: str

    @property
    def is_feature(self) -> bool:
        return "feature" in self.used

    @property
    def is_slice(self) -> bool:
        return "slice" in self.used

    @property
    def is_leak(self) -> bool:
        return self.what == "leak"


@dataclass(frozen=True)
class Table:
    """The adopted table: rows, columns, facts of each file and of all, and a sample of it."""

    rows: int
    files: Sequence[Mapping[str, Facts]]
    columns: Mapping[str, Column]
    facts: Mapping[str, Facts]
    sample: "pd.DataFrame" = field(repr=False)


def task_of(table: Table, roles: Roles) -> TaskName:
    """The task that the target sets, unless it is told. UserError where no model can learn it, or it is not clear."""
    target, facts, kind = roles.target, table.facts[roles.target], table.columns[roles.target].kind
    if facts.known < LEAST_ROWS:
        raise UserError(f"{target}: a value in {counted(facts.known, 'row')}; a model needs {LEAST_ROWS} at least")
    if facts.distinct < 2:
        raise UserError(f"{target}: all rows have the same value; name a column that differs as --target")
    if kind == "time":
        raise UserError(f"{target}: holds times; a target is a class or a number, such as the days until then")
    task = roles.task or inferred(target, facts, kind)
    TASKS[task].check(target, facts, kind)
    return task


def inferred(target: str, facts: Facts, kind: str) -> TaskName:
    """By the target's type and the number of its values."""
    if facts.distinct == 2:
        return "binary"
    if kind in ("text", "boolean"):
        return "multiclass"
    whole = kind == "integer" or all(float(value).is_integer() for value in facts.values or [0.5])
    if whole and facts.distinct <= CLASSES and facts.high - facts.low <= 2 * CLASSES:
        return "multiclass"
    if not whole and facts.distinct <= FEW_VALUES:
        raise UserError(f"{target}: {facts.distinct} different decimals; say --task regression or multiclass")
    return "regression"


def profiles(table: Table, roles: Roles, task: TaskName) -> list[Profile]:
    """One for each column, in their order. UserError when no feature is left."""
    found = [profile(name, table, roles, task) for name in table.columns]
    if not any(each.is_feature for each in found):
        raise UserError(f"{roles.target}: no other column is of use to tell it; name one with --keep")
    if not roles.slices:
        fit = [each.name for each in found if each.used == "feature" and can_slice(each.name, table)][:MOST_SLICES]
        found = [replace(each, used="feature, slice") if each.name in fit else each for each in found]
    return found


def profile(name: str, table: Table, roles: Roles, task: TaskName) -> Profile:
    """What the column is, how it is used and why."""
    column, facts = table.columns[name], table.facts[name]
    what = {"integer": "number", "decimal": "number", "text": "category"}.get(column.kind, column.kind)
    if name == roles.target:
        return Profile(name, what, "target", f"--target; {task}{TASKS[task].told(facts)}")
    uses = [*(["time"] if name == roles.time else []), *(["key"] if name in roles.key else [])]
    uses += ["slice"] if name in roles.slices else []
    strength = foretold(table.sample[name], table.sample[roles.target], task) if name != roles.time else 0.0
    kept = name in roles.keep
    sort, reason = ("", "") if name == roles.time else useless(name, column, facts, table, roles)
    if not sort and strength >= GIVEN_AWAY:
        sort, reason = "leak", f"tells {roles.target} all but alone ({strength:.3f} of 1): known too late?"
    if sort and not kept:
        return Profile(name, sort, ", ".join(uses) or "left out", f"{reason}; --keep {quote(name)} keeps it")
    why = [f"--keep, though {sort}: {reason}"] if sort else [described(column, facts)]
    if SUSPICIOUS <= strength < GIVEN_AWAY:
        why.append(f"tells much of {roles.target} alone ({strength:.2f} of 1): is it known in time?")
    return Profile(name, what, ", ".join(["feature", *uses]), "; ".join(why))


def described(column: Column, facts: Facts) -> str:
    """The facts that a person wants to see of a feature."""
    many = f"over {MANY:,} values" if facts.values is None else counted(facts.distinct, "value")
    missing = f", {100 * facts.nulls / facts.rows:.3g} % missing" if facts.nulls else ""
    range_ = f", {shown(facts.low)} to {shown(facts.high)}" if facts.low is not None else ""
    return f"{many}{range_}{missing}" + (f"; {column.note}" if column.note else "")


def shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:16]


def useless(name: str, column: Column, facts: Facts, table: Table, roles: Roles) -> tuple[str, str]:
    """Why nothing can be learned from the column, as a word and a reason; two empty texts where it can."""
    if not facts.known:
        return "constant", "no values"
    if facts.distinct == 1 and not facts.nulls:
        return "constant", "the same in every row"
    values = table.sample[name].dropna()
    share = values.nunique() / len(values) if len(values) else 0.0
    if list(roles.key) == [name]:
        return "identifier", "--key: names the row"
    if column.kind == "text":
        if values.str.count(" ").mean() >= WORDS:
            return "text", "prose: the drafted model reads categories only"
        if share > OWN and len(values) > CLASSES:
            return "identifier", f"{100 * share:.0f} % of the values are different" + mixed(values)
    if column.kind == "integer" and share >= UNIQUE and is_counter(name, values, facts):
        return "identifier", "a number of its own for every row"
    return "", ""


def mixed(values: "pd.Series[str]") -> str:
    """What most of the texts are, and which one keeps the column from being that; nothing where most are just text."""
    import pandas as pd

    bare = values.str.strip("%€$£ ")
    kinds = {
        "numbers; correct or empty the others": pd.to_numeric(bare, errors="coerce"),
        "times; write all of them in one form": pd.to_datetime(bare, errors="coerce", format="mixed"),
    }
    for kind, read in kinds.items():
        share = read.notna().mean()
        if share > 0.5 and (read.isna().any() or not bare.equals(values) or "times" in kind):
            other = values[read.isna() | (bare != values)].iloc[:1].tolist() or values.iloc[:1].tolist()
            return f", though {100 * share:.0f} % are {kind} (such as {other[0]!r})"
    return ""


def is_counter(name: str, values: "pd.Series[int]", facts: Facts) -> bool:
    """Whether different whole numbers look like counted rows: always rising, close together, or named so."""
    dense = facts.high - facts.low < 2 * facts.known
    return bool(values.is_monotonic_increasing or values.is_monotonic_decreasing or dense or IDENTIFIER.search(name))


def can_slice(name: str, table: Table) -> bool:
    """Whether the column is a category with a few values, each in enough rows."""
    column, facts = table.columns[name], table.facts[name]
    if column.kind not in ("text", "boolean") or facts.nulls or facts.values is None:
        return False
    return 2 <= facts.distinct <= LARGEST_SLICING and min(facts.values.values()) >= max(LEAST_ROWS, table.rows // 50)
