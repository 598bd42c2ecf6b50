"""CSV as people have it: any of four separators, a byte order mark, UTF-8, UTF-16 or Latin-1; streamed as text."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError, counted
from mlops.data.adoption.forms import PLAIN

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = ",;\t|"
NULLS = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "<NA>", "#N/A", "?")
LOOK_AT = 1 << 20  # bytes that tell the separator
LINES = 50
BLOCK = 1 << 21  # bytes read at a time; Arrow has some thirty of them waiting
GATHERED = 1 << 24  # bytes of text looked at together


@dataclass(frozen=True)
class Dialect:
    """How a file is written, and the names in its first line."""

    encoding: str
    separator: str
    names: tuple[str, ...]


def dialect(path: Path) -> Dialect:
    """Looked up in the file. UserError when it is empty, or its first line holds no names that can be told apart."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as file:
        text = file.read(LOOK_AT)
    if not text.strip():
        raise UserError(f"{path}: empty; export the table again")
    text = text.removeprefix("\ufeff")
    separator = max(SEPARATORS, key=lambda each: width(text, each))
    header = next(csv.reader(io.StringIO(text), delimiter=separator))
    names = clean(header, path)
    if len(names) > 1 and all(is_number(name) for name in names):
        raise UserError(f"{path}: row 1 holds numbers, not names of columns; put a line with their names above it")
    return Dialect(encoding, separator, names)


def encoding_of(path: Path) -> str:
    """The encoding: by its byte order mark, else UTF-8 where all of the file is that, else Latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(2)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        file.seek(0)
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def width(text: str, separator: str) -> int:
    """How many columns that separator makes of the first lines; 0 where they would not agree."""
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        sizes = [len(line) for line, _ in zip(lines, range(LINES), strict=False) if line]
    except csv.Error:
        return 0
    (size, times), *_ = Counter(sizes).most_common(1)
    return size if times > 0.9 * len(sizes) - 1 else 0


def clean(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """The names without the white space around them, and one for a column that has none. UserError for a name twice."""
    names = tuple(name.strip() or f"column_{number}" for number, name in enumerate(header, start=1))
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise UserError(f"{path}: column {twice[0]}: stands there twice; rename one of them, or take it out")
    return names


def is_number(name: str) -> bool:
    import pyarrow as pa

    return bool(PLAIN.read(pa.array([name])).is_valid()[0].as_py())


def read_texts(path: Path, how: Dialect, padded: Counter[str]) -> "Iterator[pa.RecordBatch]":
    """The rows as text, without the white space around it, some thousands at a time; null for what means that.

    padded: counts, by column, the values that had any around them. UserError with the row that has more or fewer
    values than there are columns.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    odd: list[Any] = []
    try:
        with open_decoded(path, how.encoding) as file:
            for batch in gathered(open_texts(file, how, odd)):
                bare = [trimmed(column) for column in batch.columns]
                for name, texts, was in zip(how.names, bare, batch.columns, strict=True):
                    padded[name] += pc.sum(pc.not_equal(texts, was)).as_py() or 0
                yield pa.RecordBatch.from_arrays(bare, list(how.names))
    except pa.ArrowInvalid as error:
        if odd:
            row, values, columns = odd[0].number, odd[0].actual_columns, odd[0].expected_columns
            size = f"{counted(values, 'value')} for {counted(columns, 'column')}"
            raise UserError(f"{path}: row {row}: {size}; put a value that holds the separator in quotes") from None
        raise UserError(f"{path}: not a table as CSV ({' '.join(str(error).split()):.200}); export it again") from None


def open_texts(file: Any, how: Dialect, odd: list[Any]) -> Any:
    """Batches of all columns as text. The row that ends the reading, for its number of values, is put into `odd`."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    def refuse(row: Any) -> str:
        odd.append(row)
        return "error"

    return arrow.open_csv(
        file,
        arrow.ReadOptions(use_threads=False, block_size=BLOCK, column_names=list(how.names), skip_rows=1),
        arrow.ParseOptions(delimiter=how.separator, newlines_in_values=True, invalid_row_handler=refuse),
        arrow.ConvertOptions(column_types=dict.fromkeys(how.names, pa.string()), strings_can_be_null=False),
    )


def gathered(batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """The same rows, more of them at a time."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.nbytes for each in waiting) >= GATHERED:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


def open_decoded(path: Path, encoding: str) -> Any:
    """The file as UTF-8, decoded as it is read."""
    import pyarrow as pa

    source = pa.OSFile(str(path))
    return source if encoding == "utf-8" else pa.transcoding_input_stream(source, encoding, "utf-8")


def trimmed(texts: "pa.Array") -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(texts, pa.array(NULLS)), pa.scalar(None, pa.string()), texts)
