"""The data: Parquet files in one folder, one a month, read by every step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.data.files import hash_files
from mlops.data.kinds import plain

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

SAMPLE = Path("data")  # what pull requests and the local platform train on
TABLES = {".parquet", ".parq", ".pq", ".csv", ".tsv", ".arrow", ".feather", ".orc"}
CELLS = 2_000_000  # of a table, in memory at a time


def is_address(uri: str) -> bool:
    """Whether data.uri is a datastore path or an asset of Azure's, not a folder."""
    return uri.startswith("azureml:")


def local_folder(uri: str) -> Path:
    """The folder of that name, or the sample that stands for an address of Azure's on this machine."""
    return SAMPLE if is_address(uri) else Path(uri)


def training_data(uri: str, platform: str) -> str:
    """What a pipeline on that platform reads: the address where it can, else the folder."""
    return uri if is_address(uri) and platform == "azureml" else str(local_folder(uri).resolve())


def data_files(folder: Path) -> list[Path]:
    """The folder's Parquet files in name order. UserError when the folder is missing or holds none."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give one that holds Parquet files")
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise UserError(f"{folder}: no *.parquet file in it; add at least one month")
    return files


def passed_over(folder: Path) -> list[Path]:
    """The tables in and below the folder that are not among its Parquet files. Hidden ones are nobody's data."""
    below = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    tables = [path for path in below if TABLES & {suffix.lower() for suffix in path.suffixes}]
    read = {path.relative_to(folder) for path in folder.glob("*.parquet")}
    return sorted(path for path in tables if path not in read and not any(part[0] in "._" for part in path.parts))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what pyarrow raises about the file into a UserError in one line."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run the step that writes it first") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: not a readable Parquet file ({reason}); replace it") from None


def read_table(path: Path, columns: Sequence[str] | None = None) -> "pa.Table":
    """The rows of one file, or only those columns, as plain types (mlops/data/kinds.py).

    UserError when it is unreadable, empty or lacks a column.
    """
    import pyarrow.parquet as pq

    with readable(path), pq.ParquetFile(path) as file:
        check_file(path, file, columns)
        return plain(file.read(columns))


def read_blocks(path: Path, columns: Sequence[str] | None = None) -> "Iterator[pa.Table]":
    """The same, a block of rows at a time: for files that are larger than memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with readable(path), pq.ParquetFile(path) as file:
        check_file(path, file, columns)
        rows = max(1, CELLS // max(1, len(columns or file.schema_arrow.names)))
        for batch in file.iter_batches(rows, columns=columns):
            yield plain(pa.Table.from_batches([batch]))


def check_file(path: Path, file: "pq.ParquetFile", columns: Sequence[str] | None) -> None:
    """UserError when the file has no rows, lacks one of the columns, or has one of its own twice."""
    names = file.schema_arrow.names
    if missing := [name for name in columns or () if name not in names]:
        raise UserError(f"{path}: no column {', '.join(missing)}; correct the file, or the name in project.yml")
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise UserError(f"{path}: more than one column {', '.join(twice)}; keep one of them")
    if not file.metadata.num_rows:
        raise UserError(f"{path}: no rows; replace it")


def read_file(path: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """The same for pandas."""
    with readable(path):
        rows: pd.DataFrame = read_table(path, columns).to_pandas(ignore_metadata=True)
    return rows


def read_data(folder: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """All files of the folder, one below the other in name order, with one type a column.

    UserError as in read_file, and when a column's types in two files do not go together.
    """
    import pyarrow as pa

    tables = [read_table(path, columns) for path in data_files(folder)]
    try:
        rows = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{folder}: the files differ in type ({reason}); validate_data names them") from None
    tables.clear()
    with readable(folder):
        frame: pd.DataFrame = rows.to_pandas(ignore_metadata=True)
    return frame


def extent(folder: Path, time: str | None) -> tuple[int, int, str]:
    """How many files and rows there are, and the newest of the times in that column, to the minute; without pandas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, times = 0, [""]
    paths = data_files(folder)
    for path in paths:
        with readable(path):
            table = read_table(path, [time] if time else [])
            if time:  # as pandas' own it would import it
                times.append(pc.max(table[time]).cast(pa.string()).as_py() or "")
            rows += table.num_rows
    return len(paths), rows, max(times)[:16]


def hash_data(folder: Path) -> str:
    """SHA-256 (hex) over the folder's Parquet files: their names and contents."""
    return hash_files({path.relative_to(folder).as_posix(): path for path in data_files(folder)})
