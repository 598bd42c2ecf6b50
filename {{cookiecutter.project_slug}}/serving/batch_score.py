"""What a batch deployment runs: files in, one file of answers for each, by the very code that answers online.

Microsoft's contract: `init()` once a process, then `run(mini_batch)` with the paths of some files. AZUREML_MODEL_DIR
and AZUREML_BI_OUTPUT_PATH say where the model is and where the answers go; BATCH_TIME is when the run began (ISO 8601),
BATCH_KEYS a JSON list of the columns that tell rows apart: whoever tries a file again writes the same bytes.
Parquet is read by parts of its row groups, CSV (UTF-8, commas, names in its first line) by blocks: see batch_rows.py.

A file of answers is Parquet of the same name and order of rows: the key (without one `row`, from 0), then `score`, or
`class` and a `probability_<label>` each, or `value`; then `version` and `time`. It is written aside and renamed: what
has its name is whole.
"""

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import score  # the script of the online endpoints
from batch_rows import as_trained, blocks, plain_type

MODEL, OUTPUT = "AZUREML_MODEL_DIR", "AZUREML_BI_OUTPUT_PATH"
TIME, KEYS = "BATCH_TIME", "BATCH_KEYS"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # no fault of the file, and it would be so with the next one
INDEX = "row"
STAMPS = (pa.field("version", pa.int64()), pa.field("time", pa.timestamp("us", "UTC")))


class Stamp(NamedTuple):
    """What every row of the run has in common."""

    version: int | None
    time: datetime
    keys: list[str]


class NotScoredError(Exception):
    """The files that could not be scored, and why, by name. All others of the mini batch are done."""

    def __init__(self, failed: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in failed.items()))
        self.failed = failed


def tell_nobody(name: str, rows: int) -> None:
    """Of so many rows of that file that were scored just now."""


stamp: Stamp
each_block: Callable[[str, int], None] = tell_nobody  # or whoever shows the progress


def init() -> None:
    """Load the model. Called once a process."""
    global stamp  # noqa: PLW0603  the contract has no other place for it
    score.init()
    version = score.version_of(Path(os.environ[MODEL]))
    stamp = Stamp(version, datetime.fromisoformat(os.environ[TIME]), json.loads(os.environ[KEYS]))
    pa.set_cpu_count(1)  # one process has one core: others score beside it
    pa.set_io_thread_count(1)


def run(mini_batch: list[str]) -> list[str]:
    """Score the files; `<name> <rows>` for each. NotScoredError when some could not, OSError when the disk is full."""
    lines, failed = [], {}
    for path in map(Path, mini_batch):
        try:
            lines.append(f"{path.name} {score_file(path, Path(os.environ[OUTPUT]))}")
        except Exception as error:  # whatever a damaged file, or a person's own model, may raise
            if getattr(error, "errno", None) in NO_ROOM:
                raise
            failed[path.name] = reason(error)
    if failed:
        raise NotScoredError(failed)
    return lines


def score_file(source: Path, folder: Path) -> int:
    """Write the answers to the rows of that file into the folder, whole or not at all; how many there are."""
    target = folder / f"{source.stem}.parquet"
    part = target.with_name(f"{target.name}.{os.getpid()}.part")  # two processes never write one file
    try:
        rows = write(source, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return rows


def write(source: Path, part: Path) -> int:
    """Read, answer and write, some rows at a time."""
    rows, writer = 0, None
    try:
        for block in blocks(source, [*score.schema], stamp.keys):
            writer = writer or pq.ParquetWriter(part, answer_schema(block.schema), compression="zstd")
            if block.num_rows:
                frame = as_trained(block, score.schema, rows, is_csv=source.suffix == ".csv")
                writer.write_table(answered(block, ask(frame, rows), rows, writer.schema))
                rows += block.num_rows
                each_block(source.name, block.num_rows)
    finally:
        if writer:
            writer.close()
    return rows


def answer_schema(rows: pa.Schema) -> pa.Schema:
    """The columns of the answers to such rows."""
    keys = [pa.field(name, plain_type(rows.field(name).type)) for name in stamp.keys]
    return pa.schema([*(keys or [pa.field(INDEX, pa.int64())]), *answer_fields(), *STAMPS])


def answer_fields() -> Iterator[pa.Field]:
    """The columns that hold what the model says."""
    if score.task == "multiclass":
        labels = score.model.classes_.tolist()
        yield pa.field("class", pa.array(labels).type)
        yield from (pa.field(f"probability_{label}", pa.float64()) for label in labels)
    else:
        yield pa.field({"binary": "score", "regression": "value"}[score.task], pa.float64())


def answered(rows: pa.Table, said: Mapping[str, Any], before: int, schema: pa.Schema) -> pa.Table:
    """The key, the answers and the stamps of these rows, which have so many before them in their file."""
    keys = [rows[name] for name in stamp.keys] or [np.arange(before, before + rows.num_rows)]
    stamps = zip(STAMPS, (stamp.version, stamp.time), strict=True)
    same = [pa.repeat(pa.scalar(value, field.type), rows.num_rows) for field, value in stamps]
    values = [*keys, *columns_of(said), *same]
    return pa.table([as_type(each, field.type) for each, field in zip(values, schema, strict=True)], schema=schema)


def as_type(values: Any, kind: pa.DataType) -> Any:
    return values.cast(kind) if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values, kind)


def columns_of(said: Mapping[str, Any]) -> Iterator[list[Any]]:
    """An answer as the online endpoint gives it, a column each."""
    if score.task == "multiclass":
        yield said["classes"]
        yield from map(list, zip(*said["probabilities"], strict=True))
    else:
        yield said["scores" if score.task == "binary" else "values"]


def ask(frame: pd.DataFrame, before: int) -> Mapping[str, Any]:
    """The model's answer. ValueError with the row that it fails on."""
    try:
        said: Mapping[str, Any] = score.ANSWERS[score.task](frame)
    except Exception as error:
        half = len(frame) // 2
        if not half:
            raise ValueError(f"row {before}: {reason(error)}") from error
        ask(frame.iloc[:half], before)
        ask(frame.iloc[half:], before + half)
        raise ValueError(f"rows {before} to {before + len(frame) - 1} together: {reason(error)}") from error
    return said


def reason(error: Exception) -> str:
    """What went wrong, in one line."""
    words = " ".join(str(error).split()) or "no reason given"
    return words if isinstance(error, score.BadRequestError | ValueError) else f"{type(error).__name__}: {words}"
