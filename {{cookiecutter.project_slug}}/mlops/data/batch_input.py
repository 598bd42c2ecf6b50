"""Files to score: which they are, whether they are of one table, and whether a key tells their rows apart."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.data.kinds import NOTHING, kind

if TYPE_CHECKING:
    from mlops.data.row_hashes import Hashes

SUFFIXES = (".parquet", ".csv")
TAKEN = ("row", "score", "class", "value", "version", "time", "probability_")  # by the answers; the last one begins one


def input_files(source: Path) -> list[Path]:
    """The file, or those in the folder in name order. UserError when there is none, or two kinds of them."""
    if not source.exists():
        raise UserError(f"{source}: no such file or folder; give Parquet or CSV files to score")
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    found = [path for path in files if path.suffix in SUFFIXES and path.is_file() and path.name[0] not in "._"]
    if not found:
        raise UserError(f"{source}: no *.parquet and no *.csv file; give files to score")
    if len({path.suffix for path in found}) > 1:
        raise UserError(f"{source}: Parquet and CSV files together; give a folder with one kind")
    return found


def passed_over(source: Path, files: Sequence[Path]) -> list[str]:
    """What else is in the folder, but for what is hidden."""
    there = source.iterdir() if source.is_dir() else []
    return sorted(path.name for path in there if path not in files and path.name[0] not in "._")


def check_columns(files: Sequence[Path], features: Sequence[str], key: Sequence[str]) -> None:
    """UserError unless all files have these columns, each with one kind of values. One that is damaged is passed over.

    It is for whoever scores it to say so, when all others are done.
    """
    if taken := [name for name in key if name in TAKEN[:-1] or name.startswith(TAKEN[-1])]:
        raise UserError(f"data.key: the answers have a column {taken[0]} of their own; rename yours to score files")
    first: dict[str, tuple[str, Path]] = {}
    for path, kinds in readable_columns(files):
        for name in dict.fromkeys([*key, *features]):
            if name not in kinds:
                raise UserError(f"{path}: no column {name}, which the model or data.key names; give files of one table")
            found, other = first.setdefault(name, (kinds[name], path)) if kinds[name] != NOTHING else (NOTHING, path)
            if found != kinds[name]:
                raise UserError(
                    f"{path}: column {name} holds {kinds[name]}, but {found} in {other.name}; give files of one table"
                )


def readable_columns(files: Sequence[Path]) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Each file with the kind of every column; all of CSV is text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in files:
        with suppress(OSError, ValueError, csv.Error, pa.ArrowException):
            if path.suffix == ".csv":
                with path.open(encoding="utf-8-sig", newline="") as file:
                    kinds = dict.fromkeys(next(csv.reader(file), []), "text")
            else:
                kinds = {field.name: kind(field.type) for field in pq.read_schema(path)}
            yield path, kinds


def lengths(files: Sequence[Path]) -> dict[str, int]:
    """The rows of each file that says how many it has, by name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = {}
    for path in files if files[0].suffix == ".parquet" else []:
        with suppress(OSError, ValueError, pa.ArrowException):
            found[path.name] = pq.read_metadata(path).num_rows
    return found


def check_key(files: Sequence[Path], key: Sequence[str]) -> None:
    """UserError naming two rows with the same key, in one file or in two. It takes some 25 bytes a row."""
    from mlops.data.row_hashes import repeated

    hashes = {path.name: found for path in files if (found := key_hashes(path, key)) is not None} if key else {}
    twice = repeated(hashes) if hashes else None
    if twice is not None and len(twice):
        row = twice.iloc[0]
        raise UserError(
            f"{row['file']}: row {row['row']} has the key of row {row['row_first']} of {row['file_first']};"
            f" {', '.join(key)} must tell every row from every other"
        )


def key_hashes(path: Path, key: Sequence[str]) -> "Hashes | None":
    """Of the file's rows; None where it has none, or is damaged."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as arrow

    from mlops.data.row_hashes import file_hashes, row_hashes

    if path.suffix != ".csv":
        with suppress(UserError):
            return file_hashes(path, key)
        return None
    convert = arrow.ConvertOptions(include_columns=list(key), column_types=dict.fromkeys(key, pa.string()))
    parse = arrow.ParseOptions(newlines_in_values=True)
    with suppress(OSError, ValueError, pa.ArrowException), arrow.open_csv(path, None, parse, convert) as file:
        return np.concatenate([row_hashes(pa.Table.from_batches([batch])) for batch in file])
    return None
