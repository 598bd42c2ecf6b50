"""The rows of files, some at a time, and of each column what `score.py` makes of a request with the same values.

A column that can be taken over whole is; of any other each value goes through the readers of `score.py`, which name the
row that they refuse. Either way the model is given the same frame.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import score
from pyarrow import types

ROWS = 20_000  # in memory at a time
BUFFER = 1 << 20  # bytes: of a column that is being read, and of a CSV file
BOOLEANS = {"true": True, "false": False}
NUMBER, WHOLE = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"), re.compile(r"[-+]?\d+")


def blocks(path: Path, features: Sequence[str], keys: Sequence[str]) -> Iterator[pa.Table]:
    """The columns that are needed, some rows at a time; of a file without rows one table without rows.

    ValueError when the file lacks one or has one twice, or holds no such table.
    """
    names = [*dict.fromkeys([*keys, *features])]
    return csv_blocks(path, names) if path.suffix == ".csv" else parquet_blocks(path, names)


def parquet_blocks(path: Path, names: list[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path, buffer_size=BUFFER) as file:
        check_names(file.schema_arrow.names, names)
        batches = file.iter_batches(ROWS, columns=names, use_threads=False)
        yield file.schema_arrow.empty_table().select(names)
        yield from (pa.Table.from_batches([batch]).select(names) for batch in batches)


def csv_blocks(path: Path, names: list[str]) -> Iterator[pa.Table]:
    """All columns as text: what they are is for the model's columns to say. An empty field is null, `""` is not."""
    kinds = dict.fromkeys(names, pa.string())
    convert = pyarrow.csv.ConvertOptions(
        column_types=kinds, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    read = pyarrow.csv.ReadOptions(use_threads=False, block_size=BUFFER)
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with pyarrow.csv.open_csv(path, read, parse, convert) as file:
        check_names(file.schema.names, names)
        yield file.schema.empty_table().select(names)
        yield from (pa.Table.from_batches([batch]).select(names) for batch in file)


def check_names(there: Sequence[str], names: Sequence[str]) -> None:
    for name in names:
        if (times := list(there).count(name)) != 1:
            raise ValueError(f"column {name!r}: {'twice' if times else 'missing'}")


def as_trained(
    rows: pa.Table, wanted: Mapping[str, score.Column], before: int, *, is_csv: bool = False
) -> pd.DataFrame:
    """The frame that the model is given. BadRequestError with the row, of which so many were before these."""
    read = read_written if is_csv else read_column
    return pd.DataFrame({name: read(column, rows[name], before) for name, column in wanted.items()})


def read_column(wanted: score.Column, column: pa.ChunkedArray, before: int = 0) -> Any:
    """The column as `score.read_column` has it."""
    column = column.cast(plain_type(column.type))
    found = TAKEN_WHOLE[wanted.kind](wanted, column)
    return score.read_column(wanted, values_of(column), before) if found is None else found


def read_written(wanted: score.Column, column: pa.ChunkedArray, before: int = 0) -> Any:
    """The same of a column that is written as text, whatever it holds."""
    try:
        if wanted.kind in {"number", "integer"}:
            column = column.cast(pa.float64() if wanted.kind == "number" else whole_type(wanted.dtype))
        if wanted.kind in {"number", "integer", "text"}:
            return read_column(wanted, column, before)
    except pa.ArrowInvalid:  # of some values; which, the next line says
        pass
    return score.read_column(wanted, [WRITTEN[wanted.kind](text) for text in column.to_pylist()], before)


def whole_type(dtype: Any) -> pa.DataType:
    """Of 64 bits, as a request's whole numbers are not limited before they are read."""
    unsigned = np.dtype(getattr(dtype, "numpy_dtype", dtype)).kind == "u"
    return pa.uint64() if unsigned else pa.int64()


def written_number(text: str | None) -> float | int | str | None:
    """The number that is written there; the text where it is none. NaN is null, as in Parquet."""
    if text is None or text.lower() == "nan":
        return None
    if not NUMBER.fullmatch(text):
        return text
    return int(text) if WHOLE.fullmatch(text) else float(text)


def written_boolean(text: str | None) -> bool | str | None:
    return BOOLEANS.get(text.lower(), text) if text else text


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The same in fewer types, as training had it: no decimals, no dates, no zone but UTC, no dictionaries."""
    if types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if types.is_timestamp(kind):
        return pa.timestamp(kind.unit, kind.tz and "UTC")
    fits = {types.is_decimal: pa.float64(), types.is_float16: pa.float32(), types.is_date: pa.timestamp("us")}
    fits[types.is_string_view] = pa.large_string()
    return next((simple for test, simple in fits.items() if test(kind)), kind)


def values_of(column: pa.ChunkedArray) -> list[Any]:
    """The values as a request would carry them."""
    try:
        return [as_json(value) for value in column.to_pylist()]
    except OverflowError:  # a time in a year that ISO 8601 has not
        return [as_json(value.as_py()) if is_told(value) else str(value.value) for value in column]


def is_told(value: pa.Scalar) -> bool:
    """Whether Python has such a value."""
    try:
        value.as_py()
    except OverflowError:
        return False
    return True


def as_json(value: Any) -> Any:
    """Null for all that is missing, ISO 8601 for times."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def numbers(wanted: score.Column, column: pa.ChunkedArray) -> Any:
    """The column as an array of the model's type; None unless each value is one that `score.read_number` takes."""
    if not (types.is_integer(column.type) or types.is_floating(column.type)) or not is_numpy(wanted):
        return None
    found = np.asarray(column.to_numpy(), dtype="float64")
    (least, most), held = score.ends(wanted), score.greatest(wanted.dtype)
    fits, missing = (found >= max(least, -held)) & (found <= min(most, held)), np.isnan(found)
    return found.astype(wanted.dtype) if (fits | (missing & wanted.nulls)).all() else None


def integers(wanted: score.Column, column: pa.ChunkedArray) -> Any:
    if not types.is_integer(column.type) or column.null_count or not is_numpy(wanted):
        return None
    found, (least, most), held = column.to_numpy(), score.ends(wanted), score.limits(wanted.dtype)
    smallest, largest = int(found.min()), int(found.max())
    fits = max(least, held[0]) <= smallest and largest <= min(most, held[1])
    return found.astype(wanted.dtype) if fits else None


def booleans(wanted: score.Column, column: pa.ChunkedArray) -> Any:
    whole = types.is_boolean(column.type) and not column.null_count and wanted.dtype == np.dtype(bool)
    return column.to_numpy() if whole else None


def texts(wanted: score.Column, column: pa.ChunkedArray) -> Any:
    whole = types.is_string(column.type) or types.is_large_string(column.type)
    if not whole or (column.null_count and not wanted.nulls) or wanted.dtype != np.dtype(object):
        return None
    return column.to_pandas().to_numpy()


def times(wanted: score.Column, column: pa.ChunkedArray) -> Any:
    """None too where the unit of the model's times is too coarse, which `score.read_time` rounds."""
    zone = getattr(wanted.dtype, "tz", None)
    if not types.is_timestamp(column.type) or (zone is None) != (column.type.tz is None):
        return None
    if column.null_count and not wanted.nulls:
        return None
    try:
        found = column.cast(pa.timestamp(score.unit_of(wanted.dtype), column.type.tz))
        pc.min_max(found).as_py()
    except (pa.ArrowInvalid, OverflowError, ValueError):  # the last two: beyond the years that ISO 8601 has
        return None
    if zone is None:
        return found.to_numpy()
    return found.to_pandas().dt.tz_convert(zone).array


def is_numpy(wanted: score.Column) -> bool:
    return isinstance(wanted.dtype, np.dtype)


TAKEN_WHOLE = {"number": numbers, "integer": integers, "boolean": booleans, "text": texts, "time": times}
WRITTEN: Mapping[str, Callable[[str | None], Any]] = {
    "number": written_number,
    "integer": written_number,
    "boolean": written_boolean,
    "time": lambda text: text,
}
