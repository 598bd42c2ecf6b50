"""What every console command shares: one-line errors and exit codes.

0: yes. 1: the command's own "no" (a failed gate, a rollback, a difference). 2: bad input. 130: interrupted.
"""

import functools
import sys
from collections.abc import Callable, Sequence

YES, NO, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

Main = Callable[[Sequence[str] | None], int]


class UserError(Exception):
    """A mistake its reader can mend: what is wrong, where, and how to mend it, in one line."""


def command(main: Main) -> Callable[..., int]:
    """Turn a user's mistake into one line on stderr and exit code 2; a bug keeps its traceback."""

    @functools.wraps(main)
    def run(argv: Sequence[str] | None = None) -> int:
        try:
            return main(argv)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            return BAD_INPUT
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return INTERRUPTED

    return run
