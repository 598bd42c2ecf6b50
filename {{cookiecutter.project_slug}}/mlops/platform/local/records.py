"""A row for each request that an endpoint served, in SQLite: written by its router, read by commands.

In WAL mode reader and writer do not wait for each other, and what is committed outlives a killed router.
"""

import sqlite3
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

RECORDS_FILE = "requests.db"
MAX_WAITING = 64 * 1024 * 1024  # bytes; what comes while so much waits for the disk is lost
LOCK_LIMIT = 60.0  # seconds that somebody else may keep the database to himself before rows are lost
OVERHEAD = 500  # bytes that a row takes in memory besides its bodies
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS requests (
    time REAL, slot TEXT, version INTEGER, kind TEXT, status INTEGER, milliseconds REAL, request BLOB, answer BLOB
);
CREATE INDEX IF NOT EXISTS requests_by_time ON requests (time);
"""


class Request(NamedTuple):
    """Answered at `time` (seconds since the epoch), `kind` live, mirrored or direct. Bodies only where collected."""

    time: float
    slot: str
    version: int
    kind: str
    status: int
    milliseconds: float
    request: bytes | None
    answer: bytes | None


class Recorder:
    """Writes rows from a thread of its own. `add` never waits and never fails; that something was lost is known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_loss: float | None = None  # seconds since the epoch
        self._lock = threading.Lock()
        self._waiting: list[Request] = []
        self._bytes = 0
        self._database: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")
        self.flush()  # a database without rows says: nothing so far

    def add(self, row: Request) -> None:
        size = OVERHEAD + len(row.request or b"") + len(row.answer or b"")
        with self._lock:
            if self._bytes + size > MAX_WAITING:
                self.last_loss = time.time()
                return
            self._waiting.append(row)
            self._bytes += size
        self.flush()

    def flush(self) -> "Future[None]":
        """Done when all rows added so far are on disk, or lost."""
        return self._thread.submit(self._write)

    def close(self) -> None:
        """Write what waits, and end."""
        self._thread.shutdown()
        if self._database:
            self._database.close()

    def _write(self) -> None:
        """Write all that waits in one transaction. A database that cannot be opened is tried again the next time."""
        with self._lock:
            rows, self._waiting, self._bytes = self._waiting, [], 0
        try:
            self._database = self._database or opened(self.path)
            with self._database:
                self._database.executemany("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.Error:
            if rows:
                self.last_loss = time.time()


def opened(path: Path) -> sqlite3.Connection:
    """The database, made when it is not there."""
    database = sqlite3.connect(path, timeout=LOCK_LIMIT, check_same_thread=False)  # another thread closes it
    database.executescript(SCHEMA)
    return database


def rows_since(path: Path, columns: str, since: float, condition: str) -> list[tuple[Any, ...]]:
    """These columns of the requests since then, in order of time. OSError when the database cannot be read."""
    query = f"SELECT {columns} FROM requests WHERE time >= ? AND {condition} ORDER BY time"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as database:
            return database.execute(query, (since,)).fetchall()
    except sqlite3.Error as error:
        raise OSError(f"{path}: {error}") from None
