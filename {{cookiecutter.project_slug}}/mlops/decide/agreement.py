"""Whether what was answered where a model is served is what the same model said when it was trained.

And whether it is odd beside what stable answers to the same rows.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

TOLERANCE = 1e-6  # the same model on the same rows: only the rounding of other hardware may differ
FORMS = ("scores", "values", "probabilities")  # where an answer has its numbers, by task
FLAT = 0.1  # of what stable's answers are apart

Point = dict[str, float]


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


def oddness(candidate: Mapping[str, list[Any]], stable: Mapping[str, list[Any]], most: float) -> str:
    """What is odd about the candidate's answers beside stable's to the same rows, or nothing.

    A model that learned from other rows answers otherwise, and may. But its answers are numbers, differ from row to
    row, and are not further from stable's than `most` times what stable's own answers to two rows are apart on average.
    """
    own, theirs = points(candidate), points(stable)
    if own is None:
        return "some of its answers are no numbers"
    if theirs is None or len(theirs) != len(own):
        return ""  # stable answers something else
    distance = apart(own, theirs)
    if distance is None:
        return ""  # or the same to every row: there is nothing to compare with
    if spread(own) < FLAT * spread(theirs):
        return "its answers hardly differ from row to row, and stable's do"
    if distance > most:
        return f"its answers are {distance:.2f} apart from stable's; {most:g} may be (rollout.max_disagreement)"
    return ""


def points(answer: Mapping[str, list[Any]]) -> list[Point] | None:
    """The numbers of each row's answer by name: a score, a value, or the probability of each label. None without."""
    rows = next((answer[form] for form in FORMS if isinstance(answer.get(form), list)), None)
    labels = answer.get("labels")
    if rows is None:
        return None
    named = [dict(zip(map(str, labels), row, strict=False)) if labels else {"": row} for row in rows]
    numbers = [value for row in named for value in row.values()]
    sound = all(isinstance(each, int | float) and math.isfinite(each) for each in numbers)
    return named if sound else None


def gap(one: Point, other: Point) -> float:
    """How far apart two answers are: the sum over their numbers; a label that one does not know has no probability."""
    return math.fsum(abs(one.get(name, 0.0) - other.get(name, 0.0)) for name in one | other)


def spread(rows: Sequence[Point]) -> float:
    """How far the answers to two rows are apart, on average."""
    gaps = [gap(one, other) for one, other in combinations(rows, 2)]
    return math.fsum(gaps) / len(gaps) if gaps else 0.0


def apart(own: Sequence[Point], theirs: Sequence[Point]) -> float | None:
    """How far two answers to the same row are apart, against two of stable's to different rows. None: those are equal.

    0 for equal ones, about 1 for answers that have nothing to do with each other.
    """
    usual = spread(theirs)
    return math.fsum(map(gap, own, theirs)) / len(own) / usual if usual else None
