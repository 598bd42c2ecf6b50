"""How files are dealt out to workers, tried again, and how far a run is: pure, on names and numbers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from mlops import counted


@dataclass(frozen=True)
class MiniBatch:
    """Files that a worker is given together. attempt: how often they were tried before."""

    files: tuple[str, ...]
    attempt: int = 0


def deal(files: Sequence[str], size: int) -> list[MiniBatch]:
    """The files in their order, so many at a time."""
    return [MiniBatch(tuple(files[at : at + size])) for at in range(0, len(files), size)]


def again(tried: MiniBatch, failed: Collection[str], retries: int) -> list[MiniBatch]:
    """What is tried once more: each failed file alone, for one may be what ended the worker of the others."""
    if tried.attempt >= retries:
        return []
    return [MiniBatch((name,), tried.attempt + 1) for name in tried.files if name in failed]


@dataclass(frozen=True)
class Progress:
    """How far a run is. sizes: the bytes of each file that is to be scored; lengths: the rows of each, where known.

    done: the files that are over, each with the rows that were scored; under_way: the rows so far of others.
    """

    sizes: Mapping[str, int]
    lengths: Mapping[str, int]
    done: Mapping[str, int]
    under_way: Mapping[str, int]
    seconds: float

    @property
    def rows(self) -> int:
        return sum(self.done.values()) + sum(self.under_way.values())

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    @property
    def share(self) -> float:
        """How much of the work is done, by the files' bytes."""
        parts = {name: rows / self.lengths[name] for name, rows in self.under_way.items() if self.lengths.get(name)}
        parts |= dict.fromkeys(self.done, 1.0)
        whole = sum(self.sizes.values())
        scored = sum(self.sizes[name] * min(part, 1.0) for name, part in parts.items())
        return min(1.0, scored / whole) if whole else 1.0

    @property
    def left(self) -> float:
        """Seconds that it will still take, at the speed so far."""
        return self.seconds * (1 - self.share) / self.share if self.share else inf

    def __str__(self) -> str:
        files, rows = counted(len(self.sizes), "file"), counted(self.rows, "row")
        so_far = f"{len(self.done)} of {files}, {rows}, {self.rate:,.0f} rows a second"
        return so_far if self.left == inf else f"{so_far}; about {self.left:.0f} s left"
