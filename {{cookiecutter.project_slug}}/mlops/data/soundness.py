"""One look at all files together: what no rule about one file can see, and what would break the steps that follow.

A finding is a file's name and a Failure, whose rule also says how to mend it. Rows are counted from 0.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlops import UserError
from mlops.data.kinds import KINDS, NOTHING, TIMES, kind
from mlops.data.row_hashes import Hashes, file_hashes, repeated
from mlops.data.tables import data_files, passed_over, read_table, readable
from mlops.data.validation import SAMPLES, Failure
from mlops.settings.project import Data, Project

if TYPE_CHECKING:
    import pyarrow as pa

Finding = tuple[str, Failure]
Kinds = Mapping[str, Mapping[str, str]]  # file -> column -> kind
Times = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_](0[1-9]|1[0-2])(?!\d)")
DAY = re.compile(r"(?<!\d)\d{4}[-_]\d\d[-_]\d\d(?!\d)")
ZONES = np.timedelta64(1, "D")  # a month begins earlier in some zones than in others
FEW = 100  # one row in so many may be far from the rest
APART = np.timedelta64(31, "D")  # nearer rows are never far
CALENDAR = np.array(["1678-01-01", "2262-01-01"], dtype="datetime64[us]")  # what pandas' nanoseconds hold


def find_faults(folder: Path, project: Project, now: datetime) -> dict[str, list[Failure]]:
    """What is wrong with the data, by file. UserError for what the settings name and no file has. `now` has a zone."""
    if names := [str(path) for path in passed_over(folder)]:
        raise UserError(
            f"{folder}: {len(names)} passed over, such as {', '.join(names[:SAMPLES])}; only the *.parquet files in the"
            " folder itself are read: rename, move, convert or delete what is not"
        )
    paths = data_files(folder)
    kinds = {path.name: read_kinds(path) for path in paths}
    check_names(kinds, project.columns)
    found = list(type_faults(kinds, project)) or list(row_faults(paths, project, to_utc(now), kinds))
    return {path.name: [failure for name, failure in found if name == path.name] for path in paths}


def to_utc(time: datetime) -> np.datetime64:
    """The same time as NumPy has it, which knows no zones."""
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "s")


def read_kinds(path: Path) -> dict[str, str]:
    """The kind of each column of the file."""
    import pyarrow.parquet as pq

    with readable(path):
        return {column.name: kind(column.type) for column in pq.read_schema(path)}


def check_names(kinds: Kinds, columns: Mapping[str, str]) -> None:
    """UserError naming a column of the settings that is in no file."""
    known = sorted({name for file in kinds.values() for name in file})
    for name, key in columns.items():
        if name not in known:
            near = get_close_matches(name, known, cutoff=0.5) or known[:SAMPLES]
            raise UserError(f"project.yml: {key}: no file has a column {name}; the nearest are {', '.join(near)}")


def type_faults(kinds: Kinds, project: Project) -> Iterator[Finding]:
    """What the types of the columns alone tell, without a look at any row."""
    for name, key in project.columns.items():
        there = {file: columns[name] for file, columns in kinds.items() if name in columns}
        for file in sorted(kinds.keys() - there.keys()):
            words = f"{name} must be in all files, as {key} names it"
            yield file, Failure(name, words, None, None, [], "no such column; add it")
        filled = {file: what for file, what in there.items() if what != NOTHING} or there
        first, wanted = next(iter(filled.items()))
        allowed = TIMES if key == "data.time" else KINDS
        if wanted not in allowed:
            words = f"{name} must hold {' or '.join(allowed)}, as {key} names it (convert it, or take out its name)"
            yield first, Failure(name, words, None, None, [], f"found {wanted}")
        for file, what in filled.items():
            if what != wanted:
                words = f"{name} must be of one type in all files (convert it in one)"
                yield file, Failure(name, words, None, None, [], f"found {what} here and {wanted} in {first}")


def row_faults(paths: Sequence[Path], project: Project, now: np.datetime64, kinds: Kinds) -> Iterator[Finding]:
    """What is wrong with rows. A column or a block of one file is read at a time; times and hashes stay in memory."""
    data = project.data
    times: dict[str, Times] = {}
    hashes: dict[str, Hashes] = {}
    for path in paths:
        for failure in value_faults(path, project):
            yield path.name, failure
        if data.time:
            times[path.name] = times_of(read_column(path, data.time))
        if data.key or len(paths) > 1:
            hashes[path.name] = file_hashes(path, data.key or None)
    if data.time:
        zoned = any(columns.get(data.time) == TIMES[1] for columns in kinds.values())
        yield from time_faults(data.time, times, now, ZONES if zoned else np.timedelta64(0, "D"))
    if hashes:
        yield from copies(hashes, data)


def read_column(path: Path, name: str) -> "pa.ChunkedArray":
    return read_table(path, [name])[name]


def value_faults(path: Path, project: Project) -> Iterator[Failure]:
    """What is wrong with the values of the columns that the settings name, one by one."""
    from pyarrow import types

    data = project.data
    for name in filter(None, dict.fromkeys([data.time, data.target, data.split.group, *data.key])):
        missing = read_column(path, name).is_null(nan_is_null=True).to_numpy()
        yield from broken(name, f"{name} must not be null (fill it in, or take the rows out)", missing)
    for name in project.columns:
        column = read_column(path, name)
        if types.is_floating(column.type):
            infinite = np.isinf(column.to_numpy())
            yield from broken(name, f"{name} must be finite (write null for what is not known)", infinite)
        if types.is_timestamp(column.type):
            times = times_of(column)
            words = f"{name} must be within 1678 and 2261 (write null for an open end)"
            yield from broken(name, words, beyond_calendar(times), times)


def broken(column: str, words: str, rows: Mask, values: Times | None = None) -> Iterator[Failure]:
    """The rule as broken by those rows, if there are any; the first are named, with their times if given."""
    at = np.flatnonzero(rows)
    if len(at):
        samples = [f"row {row}" + ("" if values is None else f" ({values[row]})") for row in at[:SAMPLES]]
        yield Failure(column, words, len(at), len(rows), samples, "")


def times_of(column: "pa.ChunkedArray") -> Times:
    """Shape (rows,), to the second; NaT for nulls."""
    import pyarrow as pa

    times: Times = column.cast(pa.timestamp("s"), safe=False).to_numpy()
    return times


def beyond_calendar(times: Times) -> Mask:
    """Shape (times,): those that pandas' nanoseconds cannot hold."""
    beyond: Mask = (times < CALENDAR[0]) | (times >= CALENDAR[1])
    return beyond


def time_faults(
    column: str, times: Mapping[str, Times], now: np.datetime64, slack: np.timedelta64
) -> Iterator[Finding]:
    """Rows outside the month that their file is named by, in the future, or far from all others; each said once."""
    first, last = usual(np.concatenate(list(times.values())))
    for file, found in times.items():
        at = np.where(beyond_calendar(found), np.datetime64("NaT"), found)  # said already
        outside = outside_month(file, at, slack)
        future = (at > now + slack) & ~outside
        far = ((at < first) | (at > last)) & ~outside & ~future
        rules = {
            f"{column} must be in the month of the file's name (move the rows, or rename the file)": outside,
            f"{column} must not be in the future (correct the rows, or take them out)": future,
            f"{column} must not be far from all other rows (correct the rows, or take them out)": far,
        }
        for words, rows in rules.items():
            for failure in broken(column, words, rows, at):
                yield file, failure


def outside_month(file: str, times: Times, slack: np.timedelta64) -> Mask:
    """Shape (times,): the rows that are not in the file's month; none where its name has no month, a day or two."""
    named = MONTH.findall(file)
    if len(named) != 1 or DAY.search(file):
        return np.zeros(len(times), dtype=bool)
    month = np.datetime64("-".join(named[0]), "M")
    start, end = month.astype("datetime64[s]"), (month + 1).astype("datetime64[s]")
    outside: Mask = (times < start - slack) | (times >= end + slack)
    return outside


def usual(times: Times) -> tuple[np.datetime64, np.datetime64]:
    """The first and the last time, without the few that are far off.

    These are at most one in FEW at either end, and a gap divides them from the rest that is longer than a month and
    than all the time that the rest is spread over.
    """
    ordered = np.sort(times[~np.isnat(times)])
    if len(ordered) < 10:
        return np.datetime64("NaT"), np.datetime64("NaT")  # before and after which nothing is
    few = max(1, len(ordered) // FEW)
    longest = max(ordered[-few - 1] - ordered[few], APART)
    gaps = np.diff(ordered) > longest
    early, late = np.flatnonzero(gaps[:few]), np.flatnonzero(gaps[-few:])
    first = ordered[early[-1] + 1] if len(early) else ordered[0]
    last = ordered[late[0] - few - 1] if len(late) else ordered[-1]
    return first, last


def copies(hashes: Mapping[str, Hashes], data: Data) -> Iterator[Finding]:
    """Rows that are there more than once: of one key anywhere or, without a key, alike in two files.

    Without key and time rows may be alike by chance. Then only a file that mostly is another's is a copy.
    """
    again = repeated(hashes)
    if data.key:
        words = f"{', '.join(data.key)} must tell all rows apart (take copies out, or correct data.key)"
    else:
        words = "no row may be in two files (take it out of one, or let data.key say what tells rows apart)"
        again = again[again["file"] != again["file_first"]]
    for file, rows in hashes.items():
        copied = again[again["file"] == file]
        by_chance = len(copied) <= len(rows) / 2 or len(np.unique(rows)) <= len(rows) / 2
        if len(copied) and (data.key or data.time or not by_chance):
            first = copied[:SAMPLES].itertuples()
            samples = [f"row {each.row} (as row {each.row_first} of {each.file_first})" for each in first]
            yield file, Failure(", ".join(data.key), words, len(copied), len(rows), samples, "")
