"""Files of JSON lines that grow at the end: written without ever keeping a request waiting, read from a moment on.

Every line is an object that begins with its `time` (seconds since the epoch); times in a file only rise.
"""

import json
import math
import os
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

MAX_WAITING = 64 * 1024 * 1024  # bytes; what comes while so much waits for the disk is lost
BLOCK = 64 * 1024


class Journal:
    """Appends lines from a thread of its own. `add` never waits and never fails; what cannot be kept is counted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0
        self.last_loss: float | None = None
        self._changed = threading.Condition()
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._closed = False
        self._file: BinaryIO | None = None
        self._write(b"")  # an empty file says: nothing so far
        self._thread = threading.Thread(target=self._run, name=path.name, daemon=True)
        self._thread.start()

    def add(self, line: bytes) -> None:
        """Take a line, without its line end."""
        with self._changed:
            if self._closed or self._bytes + len(line) > MAX_WAITING:
                self._lose(1)
                return
            self._waiting.append(line + b"\n")
            self._bytes += len(line) + 1
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until all lines taken so far are written or lost; False when that takes longer (seconds)."""
        with self._changed:
            return self._changed.wait_for(lambda: self._bytes == 0, timeout)

    def close(self, timeout: float) -> None:
        """Write what waits, and end."""
        self.flush(timeout)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout)

    def losses(self) -> dict[str, Any]:
        """How many lines were lost, and when the last one was (None: never)."""
        return {"lost": self.lost, "last_loss": self.last_loss}

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                lines, self._waiting = self._waiting, []
            if not lines:
                break
            written = self._write(b"".join(lines))
            with self._changed:
                self._bytes -= sum(map(len, lines))
                if not written:
                    self._lose(len(lines))
                self._changed.notify_all()
        if self._file:
            self._file.close()

    def _write(self, lines: bytes) -> bool:
        try:
            if self._file is None:
                self._file = open_at_line_start(self.path)
            rest = memoryview(lines)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            if self._file:
                self._file.close()
            self._file = None
            return False
        return True

    def _lose(self, lines: int) -> None:
        self.lost += lines
        self.last_loss = time.time()


def open_at_line_start(path: Path) -> BinaryIO:
    """Open for appending, unbuffered; a half line that a kill or a full disk left behind is closed first."""
    file = path.open("a+b", buffering=0)
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file


def lines_since(path: Path, since: float) -> tuple[list[dict[str, Any]], int]:
    """The lines from that moment on, and how many of them cannot be read. OSError when the file cannot be read.

    A last line without its end is still being written and left out. The first line is found by binary search.
    """
    lines: list[dict[str, Any]] = []
    broken = 0
    with path.open("rb") as file:
        file.seek(start_of(file, since))
        for text in file:
            if not text.endswith(b"\n"):
                break
            line = parse(text)
            if line is None:
                broken += 1
            elif line["time"] < since:
                broken = 0  # what is before this line is older still
            else:
                lines.append(line)
    return lines, broken


def start_of(file: BinaryIO, since: float) -> int:
    """A place before the first line from that moment on, and not far before. It may lie within an older line."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > BLOCK:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        line = parse(file.readline())
        if line is not None and line["time"] < since:
            low = middle
        else:
            high = middle
    return low


def parse(text: bytes) -> dict[str, Any] | None:
    """The line as an object with a time; None when it is no such thing."""
    try:
        line = json.loads(text)
        return line if math.isfinite(line["time"]) else None
    except (ValueError, TypeError, KeyError):
        return None
