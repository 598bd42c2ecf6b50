"""What every console command shares: one-line errors, exit codes and, in CI, how long it took.

0: yes. 1: the command's own "no" (a failed gate, a rollback, a difference). 2: bad input. 3: another run holds the
endpoint. 130: interrupted.
"""

import errno
import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlops import TamperedError, UserError

YES, NO, INTERRUPTED = 0, 1, 130
TIMES = Path("out") / "summary" / "times.jsonl"  # one line a command; `comment` makes a table of it

IN_THE_WAY = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG}

Main = Callable[[Sequence[str] | None], int]


def in_ci() -> bool:
    """Whether GitHub Actions or Azure Pipelines runs this process."""
    return os.environ.get("GITHUB_ACTIONS") == "true" or bool(os.environ.get("TF_BUILD"))


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Note how long it takes, where a summary will show it."""
    start = time.monotonic()
    try:
        yield
    finally:
        if in_ci():
            TIMES.parent.mkdir(parents=True, exist_ok=True)
            with TIMES.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"command": name, "seconds": time.monotonic() - start}) + "\n")


def alarm(name: str, error: TamperedError) -> None:
    """Say it on the run's page, too."""
    from mlops.ci import open_ci

    open_ci().summary("alarm", f"### ALARM: {name} was about to use what did not pass the gate\n\n{error}")


@contextmanager
def in_the_way() -> Iterator[None]:
    """Turn what keeps a file or folder from being read or written, other than that it is missing, into a UserError."""
    try:
        yield
    except OSError as error:
        if error.filename is None or error.errno not in IN_THE_WAY:
            raise
        reason = str(error.strerror).lower()
        raise UserError(f"{error.filename}: {reason}; move away what is in the way, or let this user in") from None


def command(main: Main) -> Callable[..., int]:
    """Turn a user's mistake into one line on stderr and its exit code; a bug keeps its traceback."""
    name = Path(main.__code__.co_filename).stem

    @functools.wraps(main)
    def run(argv: Sequence[str] | None = None) -> int:
        try:
            with timed(name), in_the_way():
                return main(argv)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            if isinstance(error, TamperedError):
                alarm(name, error)
            return error.exit_code
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return INTERRUPTED

    return run
