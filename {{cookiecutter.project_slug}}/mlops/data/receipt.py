"""The receipt of a finished run: a hash of all that it read and wrote. While it holds, the run would repeat itself.

Standard library only: it answers before the heavy imports, in a tenth of the time that they take.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.data.files import hash_files, read_json, write_json

RECEIPT = Path(".mlops") / "receipt.json"
CODE = ("model", "mlops", "steps", "expectations", "project.yml", "pyproject.toml", "uv.lock")


def hash_paths(names: Iterable[str]) -> str:
    """SHA-256 (hex) of the files at and below the paths, without bytecode; a path that is not there counts as empty."""
    paths = [path for name in names for path in [Path(name), *Path(name).rglob("*")]]
    return hash_files({str(path): path for path in paths if path.is_file() and "__pycache__" not in path.parts})


def receipt(arguments: Sequence[str], paths: Sequence[str]) -> dict[str, Any]:
    """What would have to be the same for a run to repeat itself."""
    return {"python": sys.version, "arguments": [*arguments], "paths": [*paths], "hash": hash_paths(paths)}


def holds(arguments: Sequence[str]) -> bool:
    """Whether the last finished run had these arguments, and all that it read and wrote is as it was then."""
    try:
        kept = read_json(RECEIPT)
        return kept == receipt(arguments, kept["paths"])
    except (UserError, KeyError, TypeError):
        return False


def keep(arguments: Sequence[str], paths: Sequence[str]) -> None:
    """Write the receipt of a run that has just finished. paths: all that it read and wrote, besides the code."""
    write_json(RECEIPT, receipt(arguments, sorted({*CODE, *paths})))
