"""Plain facts about each column of each file: what is missing, from where to where values go, which ones there are."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.data.adoption.reading import kind_of, read_batches

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MANY = 1000  # more different values are not kept
SAMPLED_ROWS, SAMPLED_CELLS = 50_000, 20_000_000


@dataclass
class Facts:
    """Of one column in one file, or in several together. `values` is None where there are too many of them.

    `low`, `high` and the sums are of numbers and times; at_low and at_high count the rows with the extreme value.
    """

    rows: int = 0
    nulls: int = 0
    low: Any = None
    high: Any = None
    at_low: int = 0
    at_high: int = 0
    total: float = 0.0
    squares: float = 0.0
    values: Counter[Any] | None = field(default_factory=Counter)

    @property
    def known(self) -> int:
        return self.rows - self.nulls

    @property
    def mean(self) -> float:
        return self.total / self.known if self.known else math.nan

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return math.sqrt(max(0.0, self.squares / self.known - self.mean**2)) if self.known else math.nan

    @property
    def distinct(self) -> int:
        """How many different values; MANY and one more where there are more."""
        return MANY + 1 if self.values is None else len(self.values)

    def add(self, other: "Facts") -> None:
        """Take in those of more rows."""
        self.rows += other.rows
        self.nulls += other.nulls
        self.total += other.total
        self.squares += other.squares
        self.low, self.at_low = extreme(min, (self.low, self.at_low), (other.low, other.at_low))
        self.high, self.at_high = extreme(max, (self.high, self.at_high), (other.high, other.at_high))
        if self.values is not None and other.values is not None:
            self.values.update(other.values)
        self.values = None if other.values is None or self.distinct > MANY else self.values


def extreme(of: Any, one: tuple[Any, int], other: tuple[Any, int]) -> tuple[Any, int]:
    """The lower or higher of two values, each with the number of rows that have it."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[0] == other[0]:
        return one[0], one[1] + other[1]
    return one if of(one[0], other[0]) == one[0] else other


def facts_of(values: "pa.Array", *, keep_values: bool) -> Facts:
    """Of the values in one block."""
    import pyarrow.compute as pc

    facts, kind = Facts(len(values), values.null_count), kind_of(values.type)
    if kind in ("integer", "decimal", "boolean"):
        numbers = values.cast("double")
        facts.total = pc.sum(numbers).as_py() or 0.0
        facts.squares = pc.sum(pc.multiply(numbers, numbers)).as_py() or 0.0
    if kind in ("integer", "decimal", "time"):
        extremes = pc.min_max(values)
        facts.low, facts.high = extremes["min"].as_py(), extremes["max"].as_py()
        facts.at_low = pc.sum(pc.equal(values, extremes["min"])).as_py() or 0
        facts.at_high = pc.sum(pc.equal(values, extremes["max"])).as_py() or 0
    counts = pc.value_counts(values.drop_null()) if keep_values else []
    few = keep_values and len(counts) <= MANY
    facts.values = Counter({each["values"].as_py(): each["counts"].as_py() for each in counts}) if few else None
    return facts


def file_facts(path: Path) -> dict[str, Facts]:
    """Of every column of a data file, read block by block."""
    found: dict[str, Facts] = {}
    for batch in read_batches(path):
        for name in batch.schema.names:
            facts = found.setdefault(name, Facts())
            facts.add(facts_of(batch[name], keep_values=facts.values is not None))
    return found


def together(parts: Iterable[Facts]) -> Facts:
    """The facts of several files as of one."""
    whole = Facts()
    for part in parts:
        whole.add(part)
    return whole


def sample(files: Sequence[Path], rows: int, columns: int) -> "pd.DataFrame":
    """Every n-th row of all files, in their order: few enough to look at in memory."""
    import pandas as pd
    import pyarrow as pa

    step = max(1, math.ceil(rows / min(SAMPLED_ROWS, SAMPLED_CELLS // columns)))
    parts: list[pd.DataFrame] = []
    offset = 0
    for path in files:
        for batch in read_batches(path):
            parts.append(batch.take(pa.array(range(-offset % step, batch.num_rows, step), "int64")).to_pandas())
            offset += batch.num_rows
    return pd.concat(parts, ignore_index=True)
