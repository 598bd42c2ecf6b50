"""What the texts of a column can be read as: numbers in the ways that people write them, yes or no, times."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["boolean", "integer", "decimal", "time", "text"]

FEW = 0.01  # no more than this share of other texts: they are mistakes, and the column is what the rest of it is
INTEGER = r"^[+-]?(0|[1-9]\d{0,17})$"  # 007 is a code
DECIMAL = r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
BETWEEN = " '\u2019\u00a0\u202f"  # what stands between thousands anywhere
THOUSANDS = rf"^[+-]?([1-9]\d{{0,2}}([,{BETWEEN}]\d{{3}})+(\.\d+)?|(0|[1-9]\d*)(\.\d*)?)$"
COMMA = rf"^[+-]?([1-9]\d{{0,2}}([.{BETWEEN}]\d{{3}})+(,\d+)?|(0|[1-9]\d*)(,\d+)?)$"
ISO = r"^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?)?$"
ISO_ZONED = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)? ?(Z|[+-]\d{2}:?(\d{2})?)$"
DIGITS = {"%Y": 4, "%Y%m": 6, "%Y%m%d": 8, "%Y%m%d%H%M": 12, "%Y%m%d%H%M%S": 14}
SINCE_1970 = {"s": r"^\d{9,10}(\.\d+)?$", "ms": r"^\d{12,13}$", "us": r"^\d{15,16}$", "ns": r"^\d{18,19}$"}
NUMBERS = ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"]
TWO_DIGITS = ["%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y"]
WORDS = ["%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%a, %d %b %Y"]
DATES = (*NUMBERS, *TWO_DIGITS, *WORDS)
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S")


@dataclass(frozen=True)
class Form:
    """A way to write values. `read` gives them typed, and null for what is not written so."""

    name: str
    kind: Kind
    read: "Callable[[pa.Array], pa.Array]"


def written(texts: "pa.Array", pattern: str) -> "pa.Array":
    """The texts that the pattern matches, without a plus before them; null for the others."""
    import pyarrow.compute as pc

    return pc.if_else(pc.match_substring_regex(texts, pattern), pc.utf8_ltrim(texts, "+"), None)


def read_boolean(texts: "pa.Array") -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    lower = pc.utf8_lower(texts)
    known = pc.is_in(lower, pa.array(["true", "false"]))
    return pc.if_else(known, pc.equal(lower, "true"), None)


def read_integer(texts: "pa.Array") -> "pa.Array":
    return written(texts, INTEGER).cast("int64")


def number_reader(pattern: str, between: str, point: str) -> "Callable[[pa.Array], pa.Array]":
    """A reader of numbers with those characters between thousands and that one before the decimals."""

    def read(texts: "pa.Array") -> "pa.Array":
        import pyarrow.compute as pc

        plain = written(texts, pattern)
        if between:
            plain = pc.replace_substring_regex(plain, rf"[{between}]", "")
        if point != ".":
            plain = pc.replace_substring(plain, point, ".")
        return plain.cast("float64")

    return read


def time_reader(pattern: str, *, zoned: bool = False, **how: Any) -> "Callable[[pa.Array], pa.Array]":
    """A reader of times that match the pattern and that pandas reads in that format or unit; zoned ones become UTC."""

    def read(texts: "pa.Array") -> "pa.Array":
        import pandas as pd
        import pyarrow as pa

        found = written(texts, pattern).to_pandas() if pattern else texts.to_pandas()
        if "unit" in how:  # beside a missing number pandas computes with whatever is in memory, and may fail of it
            there = pd.to_numeric(found.dropna())
            times = pd.to_datetime(there, errors="coerce", **how).reindex(found.index)
        else:
            times = pd.to_datetime(found, errors="coerce", utc=zoned, **how)
        return pa.Array.from_pandas(times.dt.tz_localize(None) if zoned else times, type=pa.timestamp("ns"))

    return read


BOOLEAN = Form("true or false", "boolean", read_boolean)
WHOLE = Form("whole numbers", "integer", read_integer)
PLAIN = Form("numbers", "decimal", number_reader(DECIMAL, "", "."))
GROUPED = Form("numbers with separated thousands", "decimal", number_reader(THOUSANDS, f",{BETWEEN}", "."))
WITH_COMMA = Form("numbers with a decimal comma", "decimal", number_reader(COMMA, f".{BETWEEN}", ","))
ISO_TIMES = [
    Form("times", "time", time_reader(ISO, format="ISO8601")),
    Form("times with a zone, taken as UTC", "time", time_reader(ISO_ZONED, zoned=True, format="ISO8601")),
]
WORDED = {
    form: Form(f"times as {form}", "time", time_reader("", format=form))
    for form in (date + clock for date, clock in product(DATES, CLOCKS))
}
NUMBERED = [
    *[Form(f"times as {form}", "time", time_reader(rf"^\d{{{size}}}$", format=form)) for form, size in DIGITS.items()],
    *[Form(f"times in {unit} since 1970", "time", time_reader(at, unit=unit)) for unit, at in SINCE_1970.items()],
]


def worded(text: str) -> list[Form]:
    """The forms in which that text is a time."""
    return [form for how, form in WORDED.items() if is_written(text, how)]


def is_written(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


@dataclass
class Guess:
    """What one column of texts is, as far as it has been seen.

    `odd` counts, for each form still possible, the texts of another form and keeps the place of the first of them.
    """

    is_time: bool = False  # it has to be times, in one form
    decimal_comma: bool = False
    texts: int = 0
    nulls: int = 0
    odd: dict[str, tuple[int, str]] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)

    def see(self, texts: "pa.Array", place: Callable[[int], str]) -> None:
        """Take in more texts; `place(index)` says where one stands."""
        known = len(texts) - texts.null_count
        self.nulls += texts.null_count
        if known and not self.texts:
            first = next(text for text in texts.to_pylist() if text is not None)
            self.forms = self.possible(first)
        self.texts += known
        for form in list(self.forms) if known else []:
            count, example = self.count_odd(form, texts, place)
            self.odd[form.name] = (count, example)
            if not self.is_time and count > FEW * self.texts:
                self.forms.remove(form)
            elif form is WHOLE and not count:
                break  # the other ways to write numbers hold these too

    def possible(self, first: str) -> list[Form]:
        """The forms to try, the likeliest first, of a column that begins with this text."""
        numbers = [WHOLE, PLAIN, *([WITH_COMMA, GROUPED] if self.decimal_comma else [GROUPED, WITH_COMMA])]
        if self.is_time:
            return [*ISO_TIMES, *NUMBERED, *worded(first)]
        if re.search(DECIMAL, first):
            return numbers
        return [BOOLEAN, *numbers, *ISO_TIMES, *(worded(first) if re.search(r"\d", first) else [])]

    def count_odd(self, form: Form, texts: "pa.Array", place: Callable[[int], str]) -> tuple[int, str]:
        """How many texts so far are of another form, and the place of the first."""
        import pyarrow.compute as pc

        count, example = self.odd_of(form)
        odd = pc.and_(pc.is_null(form.read(texts)), pc.is_valid(texts))
        more = pc.sum(odd).as_py() or 0
        if more and not example:
            example = place(pc.index(odd, True).as_py())
        return count + more, example

    def odd_of(self, form: Form) -> tuple[int, str]:
        """The same, so far."""
        return self.odd.get(form.name, (0, ""))

    def fitting(self) -> list[Form]:
        """The forms that all texts have."""
        return [form for form in self.forms if not self.odd_of(form)[0]]

    def nearest(self) -> tuple[Form, str] | None:
        """The form that most texts have, and the place of the first that has not."""
        if not self.forms:
            return None
        form = min(self.forms, key=lambda each: self.odd_of(each)[0])
        return form, self.odd_of(form)[1]


def same_meaning(forms: Sequence[Form]) -> bool:
    """Whether it does not matter which of the forms is taken: all but times, where day and month could be either."""
    return len(forms) == 1 or forms[0].kind != "time"
