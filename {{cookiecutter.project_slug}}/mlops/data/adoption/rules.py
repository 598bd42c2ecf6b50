"""A suite drafted from the data: what holds in every file, with room for what is to come. Each rule's note says so.

Files are the sample of what varies: a limit that every file reaches exactly is one, a mean moves as much as it has
moved from file to file, and a value that is rare now means that there are others.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops.data.adoption.facts import Facts, together
from mlops.data.adoption.reading import Column

Rule = dict[str, Any]

ROWS_ROOM = (0.6, 2.0)  # times the fewest and the most rows of a file
NULLS_ROOM = (2.0, 0.05)  # times the largest share of nulls, and this much at least
LONG_TAIL, TAIL_ROOM = 8, 10  # so many deviations beyond the mean is the largest: ten times that may come
MEAN_ROOM = (15.0, 0.5)  # times what the mean has moved between files, and so many deviations at least
FEW_FILES = 3  # fewer do not show what moves
FEW_FILES_ROOM = 2.0  # deviations that a mean may move then
CLOSED_ROWS, CLOSED_SHARE = 5, 0.01  # where each value is in so many rows, and this share of them, there are no others
YEARS = 5
NOTE = "drafted from {}"


def draft(
    name: str,
    files: Sequence[Mapping[str, Facts]],
    columns: Mapping[str, Column],
    key: Sequence[str],
    classes: str | None,
) -> Rule:
    """The suite, as in its JSON. `files` are the facts of each data file, `classes` is a target that holds some."""
    rules = [*table_rules(files, list(columns), key)]
    for column, how in columns.items():
        parts = [facts[column] for facts in files]
        rules += [{**rule, "notes": note} for rule, note in column_rules(column, how, parts, column == classes)]
    return {"name": name, "expectations": rules}


def to_text(suite: Rule) -> str:
    """The suite's file: a line for each rule."""
    lines = ",\n".join(f"    {json.dumps(rule, ensure_ascii=False)}" for rule in suite["expectations"])
    name = json.dumps(suite["name"], ensure_ascii=False)
    return f'{{\n  "name": {name},\n  "expectations": [\n{lines}\n  ]\n}}\n'


@dataclass(frozen=True)
class Limit:
    """How far values may go: what was found, what is allowed, and the room between them in words."""

    found: float
    value: float
    room: str


def rule(kind: str, **kwargs: Any) -> Rule:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def table_rules(files: Sequence[Mapping[str, Facts]], columns: list[str], key: Sequence[str]) -> Iterator[Rule]:
    """Which columns there are, how many rows a file has, and that no row is there twice."""
    rows = [facts[columns[0]].rows for facts in files]
    low, high = max(1, math.floor(ROWS_ROOM[0] * min(rows))), math.ceil(ROWS_ROOM[1] * max(rows))
    names = rule("table_columns_to_match_set", column_set=columns, exact_match=True)
    yield {**names, "notes": NOTE.format("the names")}
    found = f"{min(rows):,} to {max(rows):,} rows a file; room: {ROWS_ROOM[0]:g} to {ROWS_ROOM[1]:g} times that"
    yield {**rule("table_row_count_to_be_between", min_value=low, max_value=high), "notes": NOTE.format(found)}
    if key:
        one = len(key) == 1
        unique = (
            rule("column_values_to_be_unique", column=key[0])
            if one
            else rule("compound_columns_to_be_unique", column_list=list(key))
        )
        yield {**unique, "notes": NOTE.format("--key")}


def column_rules(name: str, how: Column, parts: Sequence[Facts], are_classes: bool) -> Iterator[tuple[Rule, str]]:
    """The rules of one column, each with its note."""
    whole = together(parts)
    if how.type != "string":
        kind = "datetime64" if how.kind == "time" else {"double": "float64"}.get(how.type, how.type)
        yield rule("column_values_to_be_of_type", column=name, type_=kind), NOTE.format("its type")
    yield from nulls(name, parts)
    if how.kind == "time":
        yield from time_range(name, whole)
    elif how.kind == "text":
        yield from texts(name, parts, whole)
    elif how.kind != "boolean" and whole.known:
        yield from numbers(name, parts, whole, are_classes)


def numbers(name: str, parts: Sequence[Facts], whole: Facts, are_classes: bool) -> Iterator[tuple[Rule, str]]:
    """The range and the mean; of classes the set of them."""
    low, high = lowest(parts, whole), highest(parts, whole)
    if are_classes:
        yield closed_set(name, whole)
    else:
        yield value_range(name, low, high)
    if whole.distinct > 1:
        yield from mean(name, parts, whole, (low.value, high.value))


def nulls(name: str, parts: Sequence[Facts]) -> Iterator[tuple[Rule, str]]:
    """Where there never was a null there may be none; elsewhere up to twice the largest share, or half the values.

    Nothing where a file has nulls alone: such a rule could not be broken.
    """
    worst = max(part.nulls / part.rows for part in parts)
    if not worst:
        yield rule("column_values_to_not_be_null", column=name), NOTE.format("no nulls in any file")
    if worst in (0, 1):
        return
    times, least = NULLS_ROOM
    there = 1 - worst
    mostly = math.floor(1000 * max(1 - max(times * worst, worst + least), there / times)) / 1000
    found = (
        f"up to {100 * worst:.3g} % nulls in a file; room: {times:g} times that, {100 * least:g} points more,"
        f" or {1 / times:.0%} of the values that are there"
    )
    yield rule("column_values_to_not_be_null", column=name, mostly=mostly), NOTE.format(found)


def value_range(name: str, low: Limit, high: Limit) -> tuple[Rule, str]:
    found = f"{number(low.found)} to {number(high.found)}; room below: {low.room}, above: {high.room}"
    return rule("column_values_to_be_between", column=name, min_value=low.value, max_value=high.value), NOTE.format(
        found
    )


def lowest(parts: Sequence[Facts], whole: Facts) -> Limit:
    """Down to 0, or as far again as the highest is away."""
    low = float(whole.low)
    if is_limit([(part.low, part.at_low) for part in parts]):
        return Limit(low, plain(low), "none, several rows of every file end here")
    if low >= 0:
        return Limit(low, 0, "down to 0")
    return Limit(low, rounded(low - width(whole), math.floor), "as much again")


def highest(parts: Sequence[Facts], whole: Facts) -> Limit:
    """Up to 0, or as far again as the lowest is away; ten times where single values are far above the rest."""
    high = float(whole.high)
    if is_limit([(part.high, part.at_high) for part in parts]):
        return Limit(high, plain(high), "none, several rows of every file end here")
    if high <= 0:
        return Limit(high, 0, "up to 0")
    if high > whole.mean + LONG_TAIL * whole.deviation:
        return Limit(
            high,
            rounded(max(high + width(whole), TAIL_ROOM * high), math.ceil),
            f"{TAIL_ROOM} times, as few are so far",
        )
    return Limit(high, rounded(high + width(whole), math.ceil), "as much again")


def width(whole: Facts) -> float:
    return float(whole.high - whole.low) or abs(float(whole.high)) or 1.0


def is_limit(extremes: Sequence[tuple[Any, int]]) -> bool:
    """Whether several rows of each of several files have the same extreme value."""
    return (
        len(extremes) >= FEW_FILES
        and len({value for value, _ in extremes}) == 1
        and all(rows > 1 for _, rows in extremes)
    )


def time_range(name: str, whole: Facts) -> Iterator[tuple[Rule, str]]:
    """From the first time to some years after the last."""
    if whole.known:
        last = whole.high.replace(year=whole.high.year + YEARS, month=1, day=1, hour=0, minute=0, second=0)
        limits = {"min_value": f"{whole.low:%Y-%m-%d}T00:00:00", "max_value": last.isoformat()[:19]}
        found = f"{str(whole.low)[:16]} to {str(whole.high)[:16]}; room: about {YEARS} years"
        yield rule("column_values_to_be_between", column=name, **limits), NOTE.format(found)


def mean(name: str, parts: Sequence[Facts], whole: Facts, limits: tuple[float, float]) -> Iterator[tuple[Rule, str]]:
    """The mean of a file may move much farther than it has moved between files; no rule where that is anywhere."""
    means = [part.mean for part in parts if part.known]
    moved, deviation = max(means) - min(means), whole.deviation
    if len(means) < FEW_FILES:
        room, words = max(FEW_FILES_ROOM * deviation, moved), f"{FEW_FILES_ROOM:g} standard deviations"
    else:
        times, least = MEAN_ROOM
        room = max(times * moved, least * deviation)
        words = f"{times:g} times what it moved, or {least:g} standard deviations"
    low, high = rounded(min(means) - room, math.floor), rounded(max(means) + room, math.ceil)
    if (whole.low, whole.high) == (0, 1):  # a share: some of either
        low, high = (
            rounded(max(low, min(means) / 5), math.floor),
            rounded(min(high, 1 - (1 - max(means)) / 5), math.ceil),
        )
        words += ", but a fifth of what there is of either at least"
    within = {
        **({"min_value": low} if low > limits[0] else {}),
        **({"max_value": high} if high < limits[1] else {}),
    }
    if within:
        found = f"means of {number(min(means))} to {number(max(means))}; room: {words}"
        yield rule("column_mean_to_be_between", column=name, **within), NOTE.format(found)


def texts(name: str, parts: Sequence[Facts], whole: Facts) -> Iterator[tuple[Rule, str]]:
    """All values that there are, or the pattern that they have in common; and how many different ones."""
    if whole.values is None or not whole.values:
        return
    if is_closed(parts, whole):
        yield closed_set(name, whole)
    elif pattern := common_pattern([str(value) for value in whole.values]):
        yield rule("column_values_to_match_regex", column=name, regex=pattern), NOTE.format("the form of all values")
    fewest = min(part.distinct for part in parts)
    if fewest > 1:
        least = max(2, math.ceil(fewest / 2))
        found = f"{fewest} or more different values a file; room: half of them"
        yield rule("column_unique_value_count_to_be_between", column=name, min_value=least), NOTE.format(found)


def is_closed(parts: Sequence[Facts], whole: Facts) -> bool:
    """Whether there seem to be no other values: none is rare, and none that only the last file has."""
    assert whole.values is not None
    known = set().union(*(part.values or () for part in parts[:-1])) if len(parts) > 1 else set(whole.values)
    rarest = max(CLOSED_ROWS, CLOSED_SHARE * whole.known)
    return min(whole.values.values()) >= rarest and known == set(whole.values)


def closed_set(name: str, whole: Facts) -> tuple[Rule, str]:
    values = sorted(whole.values or ())
    return rule("column_values_to_be_in_set", column=name, value_set=values), NOTE.format("all values that there are")


SHAPES = ("[A-Z]", "[a-z]", "[0-9]", "[A-Za-z]", "[A-Z0-9]", "[a-z0-9]", "[A-Za-z0-9]")


def common_pattern(values: Sequence[str]) -> str:
    """A pattern of one sort of characters and one length, as ^[A-Z]{3}$; empty where values have none in common."""
    lengths = {len(value) for value in values}
    if len(lengths) != 1 or len(values) < 2:
        return ""
    patterns = (rf"^{shape}{{{lengths.copy().pop()}}}\Z" for shape in SHAPES)
    return next((each for each in patterns if all(re.match(each, value) for value in values)), "")


def number(value: float) -> str:
    return f"{value:.6g}"


def rounded(value: float, how: Callable[[float], int]) -> float:
    """To three digits, away from the data."""
    if not value:
        return 0
    digits = 2 - math.floor(math.log10(abs(value)))
    return plain(how(value * 10.0**digits) / 10.0**digits)


def plain(value: float) -> float:
    """A whole number without decimals."""
    return int(value) if value.is_integer() else value
