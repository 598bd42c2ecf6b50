"""Where an adopted table goes: its data files, and the change of the project's folder as a whole or not at all."""

import filecmp
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.data.adoption.reading import Source, read_batches

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_MONTHS = 3  # fewer are one file
COMPRESSION = {"compression": "zstd", "compression_level": 9}


def with_target(source: Source, target: str) -> "Iterator[pa.RecordBatch]":
    """The rows that have an answer."""
    for batch in source.batches():
        if (known := batch.filter(batch[target].is_valid())).num_rows:
            yield known


def write_data(batches: "Iterator[pa.RecordBatch]", time: str | None, folder: Path) -> list[Path]:
    """The rows as one file a month where there are three months or more, else as data.parquet; in order of time."""
    folder.mkdir(parents=True)
    writers: dict[str, Any] = {}
    try:
        for batch in batches:
            for month, rows in by_month(batch, time):
                write_rows(writers, folder / f"{month}.parquet", rows)
    finally:
        for writer in writers.values():
            writer.close()
    files = sorted(folder.iterdir())
    if not files:
        raise UserError("no row has a value of the target; name another column as --target")
    if time is None or len(files) < LEAST_MONTHS:
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
    """Sort the rows of a file by time; those of one time stay as they were."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    order = pc.array_sort_indices(table[time].combine_chunks())
    pq.write_table(table.take(order), path, **COMPRESSION)


def check_key(files: Sequence[Path], key: Sequence[str]) -> None:
    """UserError when two rows have the same key, or one has none."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    rows = pa.concat_tables(pq.ParquetFile(path).read().select(key) for path in files)
    counts = rows.group_by(list(key)).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1)).slice(0, 1).to_pylist()
    if twice:
        values = ", ".join(f"{name} {twice[0][name]}" for name in key)
        rows = twice[0]["count_all"]
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
