"""Where an adopted table goes: its data files, and the change of the project's folder as a whole or not at all."""

import filecmp
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops import UserError
from mlops.data.adoption.reading import Source, read_batches
from mlops.data.row_hashes import file_hashes, repeated
from mlops.data.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_MONTHS, LEAST_ROWS = 3, 30  # fewer months, or fewer rows in them on average, are one file
SORTED_CELLS = 10_000_000  # in memory at a time
COMPRESSION = {"compression": "zstd", "compression_level": 9}


def with_target(source: Source, target: str) -> "Iterator[pa.RecordBatch]":
    """The rows that have an answer."""
    for batch in source.batches():
        if (known := batch.filter(batch[target].is_valid())).num_rows:
            yield known


def write_data(batches: "Iterator[pa.RecordBatch]", time: str | None, folder: Path) -> list[Path]:
    """The rows as one file a month where there are three months with enough rows, else as data.parquet; by time."""
    folder.mkdir(parents=True)
    writers: dict[str, Any] = {}
    count = 0
    try:
        for batch in batches:
            count += batch.num_rows
            for month, rows in by_month(batch, time):
                write_rows(writers, folder / f"{month}.parquet", rows)
    finally:
        for writer in writers.values():
            writer.close()
    files = sorted(folder.iterdir())
    if not files:
        raise UserError("no row has a value of the target; name another column as --target")
    if time is None or len(files) < LEAST_MONTHS or count < LEAST_ROWS * len(files):
        files = [joined(files, folder / "data.parquet")]
    for path in files if time else []:
        in_order(path, str(time))
    return files


def by_month(batch: "pa.RecordBatch", time: str | None) -> "Iterator[tuple[str, pa.RecordBatch]]":
    """The rows of each month, as 2013-01; all rows where there is no time."""
    import pyarrow.compute as pc

    if time is None:
        yield "data", batch
        return
    months = pc.strftime(batch[time], format="%Y-%m")
    for month in pc.unique(months).to_pylist():
        yield month, batch.filter(pc.equal(months, month))


def write_rows(writers: dict[str, Any], path: Path, rows: "pa.RecordBatch") -> None:
    import pyarrow.parquet as pq

    if path.name not in writers:
        writers[path.name] = pq.ParquetWriter(path, rows.schema, **COMPRESSION)
    writers[path.name].write_batch(rows)


def joined(files: Sequence[Path], path: Path) -> Path:
    """One file with the rows of all, which are gone then."""
    writers: dict[str, Any] = {}
    together = path.with_name("joined")
    for each in files:
        for batch in read_batches(each):
            write_rows(writers, together, batch)
        each.unlink()
    writers[together.name].close()
    return together.replace(path)


def in_order(path: Path, time: str) -> None:
    """Sort the rows of a file by time, some of them in memory at once; those of one time stay as they were."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema, times = file.schema_arrow, file.read([time])[time].to_numpy()
    ordered = np.sort(times)
    if np.array_equal(times, ordered):
        return
    starts = np.unique(ordered[:: max(1, SORTED_CELLS // len(schema))])
    aside = path.with_name("ordered")
    with pq.ParquetWriter(aside, schema, **COMPRESSION) as writer:
        for start, end in zip(starts, [*starts[1:], ordered[-1] + 1], strict=True):
            rows = between(path, time, start, end)
            writer.write_table(rows.take(pc.array_sort_indices(rows[time].combine_chunks())))
    aside.replace(path)


def between(path: Path, time: str, start: np.datetime64, end: np.datetime64) -> "pa.Table":
    """The rows of a file from that time on and before the other."""
    import pyarrow as pa

    found = []
    for batch in read_batches(path):
        times = batch[time].to_numpy()
        found.append(batch.filter(pa.array((times >= start) & (times < end))))
    return pa.Table.from_batches(found)


def check_key(files: Sequence[Path], key: Sequence[str]) -> None:
    """UserError when two rows have the same key."""
    again = repeated({str(path): file_hashes(path, key) for path in files})
    if len(again):
        first = again.iloc[0]
        row = read_table(Path(first["file"]), key).slice(first["row"], 1).to_pylist()[0]
        rows, values = sum(again["hash"] == first["hash"]) + 1, ", ".join(f"{name} {row[name]}" for name in key)
        raise UserError(f"--key {' '.join(key)}: {rows} rows have {values}; name more columns, or take out all but one")


def changes(new: Path, project: Path, there: Collection[str]) -> tuple[list[str], list[str]]:
    """What to write and what to take away, so that the project's folders hold what the new one holds, and no more."""
    wanted = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    return sorted(name for name in wanted if not same(new / name, project / name)), sorted({*there} - wanted)


def same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def carry_out(new: Path, project: Path, write: Sequence[str], remove: Sequence[str]) -> None:
    """Make the change; each file whole or not at all."""
    for name in write:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        waiting = (project / name).with_name(f".{Path(name).name}.new")
        shutil.copyfile(new / name, waiting)
        waiting.replace(project / name)
    for name in remove:
        (project / name).unlink()


def written(texts: Mapping[str, str], folder: Path) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
