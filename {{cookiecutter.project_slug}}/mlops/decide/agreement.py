"""Whether what was answered where a model is served is what the same model said when it was trained."""

from collections.abc import Mapping
from typing import Any

TOLERANCE = 1e-6  # the same model on the same rows: only the rounding of other hardware may differ


def disagreement(status: int, body: Any, expected: Mapping[str, list[Any]]) -> str:
    """How the answer differs from the offline one of the same model, or nothing."""
    if status != 200 or not isinstance(body, dict):
        return f"status {status}, {str(body)[:200]}"
    for name, wanted in expected.items():
        found = body.get(name)
        if not isinstance(found, list):
            return f"no {name} in {str(body)[:200]}"
        if len(found) != len(wanted):
            return f"{len(found)} {name} instead of {len(wanted)}"
        wrong = sum(not agrees(value, other) for value, other in zip(found, wanted, strict=True))
        if wrong:
            return f"{wrong} of {len(wanted)} {name} differ from the offline ones"
    return ""


def agrees(value: Any, expected: Any) -> bool:
    """Whether the value is the expected one, numbers within the tolerance; null, text and NaN are no numbers."""
    if isinstance(expected, list):
        return isinstance(value, list) and len(value) == len(expected) and all(map(agrees, value, expected))
    if isinstance(expected, float):
        return isinstance(value, int | float) and abs(value - expected) <= TOLERANCE
    return bool(value == expected)
