"""A file or folder of CSV or Parquet to one typed Parquet file, a block of rows at a time.

CSV is first kept as text while the values of each column are watched, so that its type is that of all of its rows.
Integers become int64, or float64 where some are missing; decimals float64; times nanoseconds, in UTC if they had a
zone; text and categories text; booleans stay, or become 1 and 0 where some are missing.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError, counted
from mlops.data.adoption.csv_files import Dialect, clean, dialect, read_texts
from mlops.data.adoption.forms import Guess, Kind, same_meaning
from mlops.data.tables import CELLS, readable

if TYPE_CHECKING:
    import pyarrow as pa

CSV, PARQUET = (".csv", ".tsv", ".txt"), (".parquet", ".pq")
TYPES: dict[Kind, tuple[str, str]] = {  # where no value is missing, and where some are
    "boolean": ("bool", "double"),
    "integer": ("int64", "double"),
    "decimal": ("double", "double"),
    "time": ("timestamp[ns]", "timestamp[ns]"),
    "text": ("string", "string"),
}


@dataclass(frozen=True)
class Column:
    """A column as it is in the files. `note` says what was done to read it."""

    kind: Kind
    nulls: int = 0
    note: str = ""

    @property
    def type(self) -> str:
        return TYPES[self.kind][bool(self.nulls)]


@dataclass
class Source:
    """The table: its files, its columns, what of it is not read, and what was changed to read it."""

    files: Sequence[Path]
    columns: dict[str, Column] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    batches: Callable[[], "Iterator[pa.RecordBatch]"] = field(default=lambda: iter(()))


def source_files(path: Path) -> tuple[list[Path], list[str]]:
    """The table's files in name order, all CSV or all Parquet, and the names of others in the folder. UserError."""
    if not path.exists():
        raise UserError(f"{path}: no such file or folder; name the table that is to be adopted")
    found = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    found = [each for each in found if not each.name.startswith(".")]
    files = [each for each in found if each.suffix.lower() in (*CSV, *PARQUET)]
    if not files:
        raise UserError(f"{path}: no CSV or Parquet file; its name has to end in .csv or .parquet")
    if len({each.suffix.lower() in CSV for each in files}) > 1:
        raise UserError(f"{path}: holds CSV and Parquet; put the files that are the table in a folder of their own")
    check_copies(files)
    return files, [str(each) for each in found if each not in files]


def check_copies(files: Sequence[Path]) -> None:
    """UserError when two files are the same, byte for byte: all rows would count twice."""
    seen: dict[str, Path] = {}
    for path in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        if (first := seen.setdefault(content, path)) != path:
            raise UserError(f"{path}: the same as {first}; take one of them away")


def read_source(path: Path, time: str | None, folder: Path) -> Source:
    """The table at that path, with its columns; the folder is for what has to be kept meanwhile. UserError."""
    files, others = source_files(path)
    is_csv = files[0].suffix.lower() in CSV
    source = csv_source(files, time, folder) if is_csv else parquet_source(files, time)
    source.passed_over += [f"{name}: neither CSV nor Parquet" for name in others]
    return source


def check_names(names: Mapping[Path, Sequence[str]]) -> None:
    """UserError when the files differ in their columns."""
    (first, wanted), *others = names.items()
    for path, found in others:
        if differing := sorted({*wanted} ^ {*found}):
            lacks = first if differing[0] in found else path
            raise UserError(f"{lacks}: no column {differing[0]}, which the other files have; give all files the same")


def check_named(named: Mapping[str, Sequence[str]], columns: Sequence[str]) -> None:
    """UserError for the first name given to the command that is not a column, with the nearest ones."""
    for option, names in named.items():
        for name in names:
            if name not in columns:
                near = get_close_matches(name, columns, n=3, cutoff=0.5) or columns[:10]
                raise UserError(f"{option} {name}: no such column; there is {', '.join(near)}")


def csv_source(files: Sequence[Path], time: str | None, folder: Path) -> Source:
    """The table in CSV files, kept as text in the folder."""
    dialects = {path: dialect(path) for path in files}
    check_names({path: how.names for path, how in dialects.items()})
    names = dialects[files[0]].names
    if time is not None:
        check_named({"--time": [time]}, names)
    comma = any(how.separator == ";" for how in dialects.values())
    guesses = {name: Guess(is_time=name == time, decimal_comma=comma) for name in names}
    kept, padded = folder / "text.parquet", Counter[str]()
    write_batches(kept, watched(dialects, guesses, padded))
    if not any(guess.texts + guess.nulls for guess in guesses.values()):
        raise UserError(f"{files[0]}: no rows below its header; export the table again")
    columns, readers = {}, {}
    for name, guess in guesses.items():
        columns[name], readers[name] = decide(name, guess)
    changed = [
        f"column {name}: spaces around {counted(padded[name], 'value')} taken off; ask the model without them"
        for name, column in columns.items()
        if column.kind == "text" and padded[name]
    ]
    return Source(files, columns, changed=changed, batches=lambda: typed(read_batches(kept), columns, readers))


def watched(
    dialects: Mapping[Path, Dialect], guesses: Mapping[str, Guess], padded: Counter[str]
) -> "Iterator[pa.RecordBatch]":
    """The rows of all files as text, in the first one's order of columns, shown to the guesses on the way.

    padded: counts, by column, the values that had spaces around them.
    """
    for path, how in dialects.items():
        row = 1
        for batch in read_texts(path, how, padded):
            for name, guess in guesses.items():
                guess.see(batch[name], place_in(batch[name], path, name, row))
            yield batch.select(list(guesses))
            row += batch.num_rows


def place_in(values: Any, path: Path, name: str, row: int) -> Callable[[int], str]:
    """Where a value of the batch that begins with that row stands. Rows count from 1, without the header."""
    return lambda index: f"{path}: column {name}: row {row + index}: {values[index].as_py()!r:.60}"


def decide(name: str, guess: Guess) -> tuple[Column, Callable[[Any], Any]]:
    """What the column is, and its reader. UserError where single values are of another form than all others."""
    fitting, nearest = guess.fitting(), guess.nearest()
    if guess.is_time and nearest and not fitting:
        form, place = nearest
        if guess.odd_of(form)[0] == guess.texts:
            raise UserError(f"{place} is no time in a form that is known here; write times as 2013-01-31 17:45")
        raise UserError(f"{place} is not one of the {form.name} that others are; write all times in one form")
    if guess.is_time and len(fitting) > 1:
        ways = " or ".join(form.name for form in fitting)
        raise UserError(f"column {name}: these can be {ways}; write them as 2013-01-31")
    if not fitting and nearest:
        form, place = nearest
        raise UserError(f"{place}, while other rows hold {form.name}; correct or empty it; codes: give them as Parquet")
    if not fitting or not same_meaning(fitting):
        return Column("text", guess.nulls), lambda texts: texts
    form = fitting[0]
    note = form.name if " " in form.name and form.kind in ("decimal", "time") else ""
    return Column(form.kind, guess.nulls, note), form.read


def typed(
    batches: "Iterator[pa.RecordBatch]", columns: Mapping[str, Column], readers: Mapping[str, Callable[[Any], Any]]
) -> "Iterator[pa.RecordBatch]":
    """The rows with each column read, and of its type."""
    import pyarrow as pa

    for batch in batches:
        arrays = [cast(readers[name](batch[name]), column.type) for name, column in columns.items()]
        yield pa.RecordBatch.from_arrays(arrays, list(columns))


def cast(values: "pa.Array", type_: str) -> "pa.Array":
    """The values in that type; NaN is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.timestamp("ns") if type_ == "timestamp[ns]" else pa.type_for_alias(type_)
    if pa.types.is_timestamp(values.type) and values.type.tz:
        values = values.cast(pa.timestamp(values.type.unit, "UTC")).cast(pa.timestamp(values.type.unit))
    if pa.types.is_decimal(values.type) or pa.types.is_float16(values.type):
        values = values.cast("double", safe=False)
    if pa.types.is_boolean(values.type) and pa.types.is_floating(wanted):
        values = values.cast("int8")
    values = values.cast(wanted, safe=not pa.types.is_floating(wanted))
    return pc.if_else(pc.is_nan(values), None, values) if pa.types.is_floating(wanted) else values


def kind_of(type_: "pa.DataType") -> Kind | None:
    """What values of that type are; None for lists, durations and the like, which no model takes."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_dictionary(type_):
        return kind_of(type_.value_type)
    tests: list[tuple[Kind, Sequence[Callable[[Any], bool]]]] = [
        ("boolean", [is_a.is_boolean]),
        ("integer", [is_a.is_integer]),
        ("decimal", [is_a.is_floating, is_a.is_decimal]),
        ("time", [is_a.is_timestamp, is_a.is_date]),
        ("text", [is_a.is_string, is_a.is_large_string, is_a.is_string_view, is_a.is_null]),
    ]
    return next((kind for kind, of_kind in tests if any(test(type_) for test in of_kind)), None)


def parquet_source(files: Sequence[Path], time: str | None) -> Source:
    """The table in Parquet files."""
    import pyarrow.parquet as pq

    schemas = {}
    for path in files:
        with readable(path):
            schemas[path] = pq.read_schema(path)
        clean(schemas[path].names, path)
    check_names({path: schema.names for path, schema in schemas.items()})
    names = list(dict.fromkeys(schemas[files[0]].names))
    if time is not None:
        check_named({"--time": [time]}, names)
    kinds = {
        name: common_kind(name, {path: schema.field(name).type for path, schema in schemas.items()}) for name in names
    }
    passed_over = [
        f"column {name}: {schemas[files[0]].field(name).type} is no number, text, boolean or time"
        for name, kind in kinds.items()
        if kind is None
    ]
    taken: dict[str, Kind] = {name: kind for name, kind in kinds.items() if kind is not None}
    columns, readers = look_through(files, taken, time)
    return Source(files, columns, passed_over, batches=lambda: typed(parquet_batches(files, taken), columns, readers))


def common_kind(name: str, types: "Mapping[Path, pa.DataType]") -> Kind | None:
    """The kind of a column in all files. UserError naming two that differ in more than integers and decimals."""
    import pyarrow as pa

    kinds = {path: kind_of(type_) for path, type_ in types.items() if not pa.types.is_null(type_)}
    if not kinds:
        return "text"
    (first, kind), *others = kinds.items()
    for path, other in others:
        if other != kind and {other, kind} != {"integer", "decimal"}:
            there = f"{types[first]} in {first}"
            raise UserError(f"{path}: column {name}: is {types[path]}, but {there}; give all files one type")
        kind = kind if other == kind else "decimal"
    return kind


def look_through(
    files: Sequence[Path], kinds: Mapping[str, Kind], time: str | None
) -> tuple[dict[str, Column], dict[str, Callable[[Any], Any]]]:
    """The columns with how many values are missing, and their readers. UserError for infinite numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nulls, guess, row = dict.fromkeys(kinds, 0), Guess(is_time=True), 1
    for path in files:
        row = 1
        for batch in parquet_batches([path], kinds):
            for name, kind in kinds.items():
                values = batch[name]
                nulls[name] += pc.sum(pc.is_null(values, nan_is_null=True)).as_py() or 0
                place = place_in(values, path, name, row)
                if pa.types.is_floating(values.type) and (at := pc.index(pc.is_inf(values), True).as_py()) >= 0:
                    raise UserError(f"{place(at)} is no number that a model can take; correct or empty it")
                if name == time and kind != "time":
                    guess.see(texts_of(values), place)
            row += batch.num_rows
    columns = {name: Column(kind, nulls[name]) for name, kind in kinds.items()}
    readers: dict[str, Callable[[Any], Any]] = {name: lambda values: values for name in kinds}
    if time is not None and kinds.get(time, "time") != "time":
        columns[time], read = decide(time, guess)
        readers[time] = lambda values: read(texts_of(values))
    return columns, readers


def texts_of(values: "pa.Array") -> "pa.Array":
    """The values as text; whole numbers without decimals."""
    import pyarrow as pa

    if pa.types.is_floating(values.type):
        values = values.cast("int64", safe=False)
    return values.cast("string")


def parquet_batches(files: Sequence[Path], names: Mapping[str, Any]) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = max(1, CELLS // max(1, len(names)))
    for path in files:
        with readable(path), pq.ParquetFile(path) as file:
            for batch in file.iter_batches(rows, columns=list(names)):
                yield pa.RecordBatch.from_arrays([plain(batch[name]) for name in names], list(names))


def plain(values: "pa.Array") -> "pa.Array":
    """Values of categories instead of their codes; text where there is nothing but nulls."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast("string") if kind_of(values.type) == "text" else values


def write_batches(path: Path, batches: "Iterator[pa.RecordBatch]") -> None:
    """All rows in one Parquet file. Nothing is written where there is none."""
    import pyarrow.parquet as pq

    writer = None
    for batch in batches:
        writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd")
        writer.write_batch(batch)
    if writer:
        writer.close()


def read_batches(path: Path) -> "Iterator[pa.RecordBatch]":
    """The rows of a file, a block at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        rows = max(1, CELLS // max(1, len(file.schema_arrow.names)))
        yield from file.iter_batches(rows)
