"""A row for each request that an endpoint served, in SQLite: written by its router, read by commands.

In WAL mode reader and writer do not wait for each other, and what is committed outlives a killed router.
"""

import sqlite3
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from mlops.platform.tracking import UNREADABLE

RECORDS_FILE = "requests.db"
MAX_WAITING = 64 * 1024 * 1024  # bytes; what comes while so much waits for the disk is lost
LOCK_LIMIT = 60.0  # seconds that somebody else may keep the database to himself before rows are lost
OVERHEAD = 500  # bytes that a row takes in memory besides its bodies
KEPT_FOR = 30 * 24 * 3600.0  # seconds; `monitor` looks back a week unless told
LARGEST = 1024 * 1024 * 1024  # bytes
FORGET_EVERY = 600.0  # seconds
OLDER_HALF = """
DELETE FROM requests WHERE rowid IN (SELECT rowid FROM requests ORDER BY time LIMIT (SELECT count(*) / 2 FROM requests))
"""
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
        self._forgot = time.monotonic()
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
        """Write all that waits in one transaction. A database that cannot be opened is tried again the next time.

        One that was deleted or damaged meanwhile is replaced by a new one.
        """
        with self._lock:
            rows, self._waiting, self._bytes = self._waiting, [], 0
        try:
            database = self._current()
            with database:
                database.executemany("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._forget_old(database)
        except UNREADABLE as error:
            if rows:
                self.last_loss = time.time()
            if is_damage(error):
                self._begin_anew()

    def _current(self) -> sqlite3.Connection:
        """The database; another one when somebody has deleted its file, whose rows are lost then."""
        if self._database and not self.path.exists():
            self._begin_anew()
        self._database = self._database or opened(self.path)
        return self._database

    def _begin_anew(self) -> None:
        """Put the database aside, so that the next rows come into a new one. What it held is lost, and said to be."""
        self.last_loss = time.time()
        if self._database:
            self._database.close()
        self._database = None
        with suppress(OSError):
            for end in ("-wal", "-shm"):
                self.path.with_name(f"{self.path.name}{end}").unlink(missing_ok=True)
            self.path.replace(self.path.with_name(f"{self.path.name}-damaged"))

    def _forget_old(self, database: sqlite3.Connection) -> None:
        """Delete what nobody will ask for, and the oldest of too much; the file's pages are used again."""
        if time.monotonic() - self._forgot < FORGET_EVERY:
            return
        now, self._forgot = time.time(), time.monotonic()
        with database:
            database.execute("DELETE FROM requests WHERE time < ?", (now - KEPT_FOR,))
            (pages,), (size,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
            (free,) = database.execute("PRAGMA freelist_count").fetchone()
            if (pages - free) * size > LARGEST:
                database.execute(OLDER_HALF)


def is_damage(error: Exception) -> bool:
    """Whether the database itself is damaged. What else SQLite says, such as that it is locked, may pass."""
    return not isinstance(error, sqlite3.OperationalError)


def opened(path: Path) -> sqlite3.Connection:
    """The database, made when it is not there. For its owner alone: it holds what clients have sent."""
    database = sqlite3.connect(path, timeout=LOCK_LIMIT, check_same_thread=False)  # another thread closes it
    try:
        path.chmod(0o600)
        database.executescript(SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def rows_since(path: Path, columns: str, since: float, condition: str) -> list[tuple[Any, ...]]:
    """These columns of the requests since then, in order of time. OSError when the database cannot be read.

    What would be yet to come was recorded before the clock was set back, and is left out.
    """
    wanted = f"time BETWEEN ? AND ? AND {condition}"
    query = f"SELECT {columns} FROM requests WHERE {wanted} ORDER BY time"  # noqa: S608  all of it is ours
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as database:
            return database.execute(query, (since, time.time())).fetchall()
    except UNREADABLE as error:
        raise OSError(f"{path}: {error}") from None
