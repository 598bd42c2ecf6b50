"""A number for each row that depends on its values alone: not on its place, its file, or how wide a type is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlops.data.tables import data_files, read_blocks, readable

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Hashes = NDArray[np.uint64]

NULL = np.uint64(0x9E3779B97F4A7C15)  # any constant will do


def read_hashes(folder: Path, columns: Sequence[str] | None) -> Hashes:
    """Shape (rows,): of all rows of the folder's files in name order, over those columns or all that a file has."""
    return np.concatenate([file_hashes(path, columns) for path in data_files(folder)])


def file_hashes(path: Path, columns: Sequence[str] | None) -> Hashes:
    """The same of one file. Only the hashes stay in memory."""
    with readable(path):
        return np.concatenate([row_hashes(block) for block in read_blocks(path, columns)])


def repeated(hashes: Mapping[str, Hashes]) -> "pd.DataFrame":
    """The rows whose hash an earlier one has: hash, file and row, then file_first and row_first of that one."""
    import pandas as pd

    names, sizes = list(hashes), [len(each) for each in hashes.values()]
    together = np.concatenate(list(hashes.values()))
    places = np.flatnonzero(shared(together))  # few as a rule: all else works on these alone
    files = np.searchsorted(np.cumsum(sizes), places, side="right")
    rows = places - (np.cumsum(sizes) - sizes)[files]
    alike = pd.DataFrame({"hash": together[places], "file": [names[each] for each in files], "row": rows})
    again, first = alike[alike.duplicated("hash")], alike.drop_duplicates("hash")
    return again.merge(first, on="hash", suffixes=("", "_first"))


def shared(hashes: Hashes) -> NDArray[np.bool_]:
    """Shape (hashes,): those that are there more than once."""
    order = np.argsort(hashes)
    same = np.diff(hashes[order]) == 0
    found = np.zeros(len(hashes), dtype=bool)
    found[order[1:][same]] = found[order[:-1][same]] = True
    return found


def row_hashes(rows: "pa.Table") -> Hashes:
    """Shape (rows,), spread evenly over 64 bits. The order of the columns does not matter. `rows` is plain."""
    import pandas as pd

    hashes = {name: column_hashes(rows[name]) for name in sorted(rows.column_names)}
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(hashes), index=False), dtype=np.uint64)


def column_hashes(column: "pa.ChunkedArray") -> Hashes:
    """Shape (rows,). A number is the same as an integer and as a float: one null makes pandas write 1 as 1.0."""
    import pandas as pd

    missing = column.is_null(nan_is_null=True).to_numpy()
    hashes = pd.util.hash_array(values(column), categorize=False)  # categories take "" and a zero byte for the same
    return np.where(missing, NULL, hashes)


def values(column: "pa.ChunkedArray") -> NDArray[np.uint64] | NDArray[np.object_]:
    """Shape (rows,): the column as bits or text; what stands for a null does not matter."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_floating(column.type):
        return bits(np.asarray(column.fill_null(0), dtype=np.float64))
    if types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if types.is_unsigned_integer(column.type):
        return np.asarray(column.fill_null(0), dtype=np.uint64)
    if types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    if types.is_integer(column.type):
        return np.asarray(column.fill_null(0), dtype=np.int64).view(np.uint64)
    if types.is_string(column.type) or types.is_large_string(column.type):
        return np.asarray(column.fill_null(""), dtype=object)
    return np.array([str(value) for value in column.to_pylist()], dtype=object)


def bits(numbers: NDArray[np.float64]) -> Hashes:
    """Shape (numbers,): whole numbers as integers have them, all others as they are."""
    whole = (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**63)
    integers = np.where(whole, numbers, 0).astype(np.int64).view(np.uint64)
    return np.where(whole, integers, numbers.view(np.uint64))
