"""The one error of the compiler."""

from pathlib import Path


class BicepError(Exception):
    """The source is wrong, or outside the subset: one line, with file and line."""

    def __init__(self, file: Path, line: int, what: str) -> None:
        super().__init__(f"{file.name}:{line}: {what}")
