"""Faults on order: what goes wrong, and at which write."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from standin.messages import AzureError

BEFORE, AFTER = "before", "after"  # the write takes effect
Fault = Callable[[], object]  # called at that moment; what it raises becomes the answer


class DroppedError(Exception):
    """The connection ends without an answer."""


class RefusalError(AzureError):
    """An ordered refusal, with its headers."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str]) -> None:
        super().__init__(status, code, message)
        self.headers = headers


CODES = {403: "AuthorizationFailed", 409: "Conflict", 429: "TooManyRequests", 500: "InternalServerError"}


def refuse(status: int, message: str = "Ordered by the test", retry_after: int | None = None) -> Fault:
    """A fault that answers with this status."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}

    def fault() -> None:
        raise RefusalError(status, CODES.get(status, "ServiceUnavailable"), message, headers)

    return fault


def drop() -> None:
    """A fault that ends the connection."""
    raise DroppedError


@dataclass
class Faults:
    """The orders that still stand, and how many writes there were."""

    writes: int = 0
    of_blobs: bool = False  # whether writes to blobs count too
    _orders: dict[tuple[int, str], Fault] = field(default_factory=dict)
    _awaited: dict[tuple[str, str], Fault] = field(default_factory=dict)
    _failures: list[str] = field(default_factory=list)
    _polls: list[int] = field(default_factory=list)
    _forbidden: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, number: int, fault: Fault, when: str = BEFORE, times: int = 1) -> None:
        """Let the fault happen at the n-th write from now (1 is the next) and at the ones after it, `times` in all."""
        for turn in range(times):
            self._orders[self.writes + number + turn, when] = fault

    def at_next(self, pattern: str, fault: Fault, when: str = BEFORE) -> None:
        """Let the fault happen at the next write that has this regular expression in its method and path."""
        self._awaited[pattern, when] = fault

    def fail_operation(self, message: str) -> None:
        """Let the next long operation that is not spoken for end as Failed with this message."""
        self._failures.append(message)

    def slow_operation(self, polls: int) -> None:
        """Let the next long operation that is not spoken for end only after this many polls."""
        self._polls.append(polls)

    def clear(self) -> None:
        """Forget all orders."""
        self._orders.clear()
        self._awaited.clear()
        self._failures.clear()
        self._polls.clear()
        self._forbidden.clear()

    def forbid(self, pattern: str) -> None:
        """Answer 403 to whatever has this regular expression in its path, in lower case: nobody has the role for it."""
        self._forbidden.append(pattern)

    def check(self, path: str) -> None:
        """AzureError 403 when the path is forbidden."""
        if any(re.search(pattern, path.lower()) for pattern in self._forbidden):
            raise AzureError(403, "AuthorizationFailed", f"The client does not have authorization over '{path}'.")

    def count(self) -> int:
        """The number of the write that comes in now."""
        with self._lock:
            self.writes += 1
            return self.writes

    def happen(self, write: int, when: str, what: str = "") -> None:
        """The fault ordered for that moment, if there is one. what: the method and path."""
        awaited = next((one for one in self._awaited if one[1] == when and re.search(one[0], what)), None)
        fault = self._orders.pop((write, when), None) or (self._awaited.pop(awaited) if awaited else None)
        if fault:
            fault()

    def next_operation(self) -> tuple[str | None, int]:
        """What the operation that begins now fails with, and how many polls it takes."""
        return (self._failures.pop(0) if self._failures else None, self._polls.pop(0) if self._polls else 0)
