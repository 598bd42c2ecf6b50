"""One thing that should be as the project says, wherever it is: in Azure or at the repository's host."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """One thing that should be as the project says."""

    name: str  # "GitHub: environment production"
    observe: Callable[[], list[str]]  # what differs now, a line each ("reviewers: none -> ada"); empty: it is so
    apply: Callable[[], None]  # makes it so; GET, compare, PUT; again: no write
