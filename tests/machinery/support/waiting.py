"""Waiting for what happens elsewhere, instead of sleeping and hoping."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], deadline: float = 300.0, pause: float = 0.02) -> None:
    """Return as soon as the condition holds; an AssertionError after so many seconds."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"not so within {deadline} s: {condition}"
        time.sleep(pause)
