"""Long writes: waiting for them, and for those of somebody else that are in their way."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

FoundType = TypeVar("FoundType")

PATIENCE = 1800.0  # seconds; Azure gives up a deployment sooner
PAUSE = 5.0  # seconds, unless the service names another


def written(begin: Callable[[], Any]) -> Any:
    """What the write answers once it is through. One that is refused because another is under way is tried again."""
    from azure.core.exceptions import ResourceExistsError

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return begin().result()
        except ResourceExistsError as conflict:
            if time.monotonic() > deadline:
                raise
            time.sleep(pause(conflict))


def pause(conflict: Any) -> float:
    """Seconds to wait after a refusal: what its Retry-After says, else the usual."""
    asked = conflict.response.headers.get("Retry-After", "") if conflict.response is not None else ""
    return float(asked) if asked.isdigit() else PAUSE


def settled(look: Callable[[], FoundType | None], at_rest: Callable[[FoundType], bool]) -> FoundType | None:
    """What is there once it is at rest, or after PATIENCE; None when it is not there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found is None or at_rest(found) or time.monotonic() > deadline:
            return found
        time.sleep(PAUSE)
