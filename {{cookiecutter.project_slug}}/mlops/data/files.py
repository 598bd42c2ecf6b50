"""Files in and out: whole or not at all, with one-line errors, and content hashes."""

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mlops import UserError
from mlops.settings.reading import check, parse_json, read_text


def read_json(path: Path, shape: type[BaseModel], mend: str = "run again what writes it") -> dict[str, Any]:
    """What the file says, as it stands there. UserError when it is missing, is no JSON or has not that shape."""
    if not path.exists():
        raise UserError(f"{path}: no such file; run the step that writes it first")
    text = read_text(path, mend)
    try:
        content = parse_json(text, path)
        check(shape, content, path)
    except UserError as error:
        raise UserError(f"{error}; {mend}") from None
    return content


def whole_lines(text: str, shape: type[BaseModel], path: Path) -> list[dict[str, Any]]:
    """What the lines of a JSON Lines file say, but for those that were cut off or damaged."""
    found = []
    for line in text.split("\n"):  # and nowhere else: a text in JSON may hold other ends of lines
        with suppress(UserError):
            content = parse_json(line, path)
            check(shape, content, path)
            found.append(content)
    return found


def write_text(path: Path, text: str) -> None:
    """Write whole or not at all: a reader never sees half a file. A new file is for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        if path.exists():
            shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def incoming(folder: Path) -> Iterator[Path]:
    """A path beside the folder to make it at; it takes the folder's place once all went well, and is gone otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
        made = Path(beside) / folder.name
        yield made
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole or not at all; keys keep their order, NaN and infinities become null."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """What is written of it."""
    return json.dumps(without_nan(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def without_nan(value: Any) -> Any:
    """The same value with null for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def hash_file(path: Path) -> str:
    """SHA-256 (hex) of the file's bytes."""
    with path.open("rb") as file:  # which may be larger than memory
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(files: Mapping[str, Path]) -> str:
    """SHA-256 (hex) over the names and the contents of the files, in name order."""
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        content = bytes.fromhex(hash_file(path))
        digest.update(len(name.encode()).to_bytes(4, "big") + name.encode() + content)
    return digest.hexdigest()


def hash_folder(folder: Path) -> str:
    """SHA-256 (hex) of all files below the folder; of the file itself if it is one."""
    paths = [folder] if folder.is_file() else [path for path in folder.rglob("*") if path.is_file()]
    root = folder.parent if folder.is_file() else folder
    return hash_files({path.relative_to(root).as_posix(): path for path in paths})
