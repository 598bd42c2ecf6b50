"""Whether what was answered where a model is served is what the same model said when it was trained."""

from typing import Any

TOLERANCE = 1e-6  # the same model on the same rows: only the rounding of other hardware may differ


def disagreement(status: int, body: Any, expected: list[float]) -> str:
    """How the answer differs from the offline scores of the same model, or nothing."""
    scores = body.get("scores") if isinstance(body, dict) else None
    if status != 200 or not isinstance(scores, list):
        return f"status {status}, {str(body)[:200]}"
    if len(scores) != len(expected):
        return f"{len(scores)} scores for {len(expected)} rows"
    wrong = sum(not agrees(score, other) for score, other in zip(scores, expected, strict=True))
    return f"{wrong} of {len(expected)} scores differ from the offline ones" if wrong else ""


def agrees(score: Any, expected: float) -> bool:
    """Whether the score is the expected number; null, text and NaN are none."""
    return isinstance(score, int | float) and abs(score - expected) <= TOLERANCE
