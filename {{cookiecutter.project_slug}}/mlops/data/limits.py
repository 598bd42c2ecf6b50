"""How large a number may be that a model is asked: found out by asking it, so that an endpoint refuses the others.

Most answer whatever their type can hold. A forest of 32 bits refuses 1e39, a linear model makes infinity of 1e308, the
logarithm of one's own code takes nothing below zero.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

LARGE = (3.4e38, 1e18)  # what 32 bits can hold, and what can still be squared there
ROOM = 1000  # times, or of values above zero a part of, what training had
ENDS = {"least": -1, "most": 1}  # by their sign


def limits(model: "Pipeline", rows: "pd.DataFrame") -> dict[str, dict[str, float | int]]:
    """The `least` and the `most` of each column of numbers, where the model does not answer all that the type can hold.

    Each end is the first that the model answers: what the type can hold, LARGE, ROOM, at last what training had.
    """
    ladders = {(str(name), end): ladder(rows[name], end) for name in rows if is_number(rows[name]) for end in ENDS}
    if not ladders or finite(model, extremes(rows, {place: steps[0] for place, steps in ladders.items()})):
        return {}
    left = {place: lowered(model, rows, place, steps) for place, steps in ladders.items()}
    while not finite(model, extremes(rows, {place: steps[0] for place, steps in left.items()})):  # all at once
        if all(len(steps) == 1 for steps in left.values()):
            break
        left = {place: steps[1:] or steps for place, steps in left.items()}
    found: dict[str, dict[str, float | int]] = {}
    for (name, end), steps in left.items():
        if steps[0] != ladders[name, end][0]:
            found.setdefault(name, {})[end] = steps[0]
    return found


def lowered(model: "Pipeline", rows: "pd.DataFrame", place: tuple[str, str], steps: list[Any]) -> list[Any]:
    """The steps from the first on that the model answers in a usual row."""
    answered = (at for at, step in enumerate(steps) if finite(model, extremes(rows, {place: step})))
    return steps[next(answered, len(steps) - 1) :]


def is_number(values: "pd.Series") -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def ladder(values: "pd.Series", end: str) -> list[Any]:
    """What may be tried at that end of the column, the farthest first; the last is what training had."""
    import numpy as np

    held: Any = values.dtype
    dtype: Any = getattr(held, "numpy_dtype", held)
    whole, sign = dtype.kind in "iu", ENDS[end]
    info, kind = (np.iinfo(dtype), int) if whole else (np.finfo(dtype), float)
    seen = values.dropna() if values.notna().any() else [0]
    least, most = kind(min(seen)), kind(max(seen))
    farthest, own = (kind(info.max), most) if sign > 0 else (kind(info.min), least)
    large = (*LARGE, ROOM * max(abs(least), abs(most)))
    tried = {farthest, *(kind(sign * each) for each in large), kind(0), kind(own / ROOM), own}
    kept = [each for each in tried if sign * own <= sign * each <= sign * farthest]
    return sorted(kept, key=lambda each: -sign * each)


def extremes(rows: "pd.DataFrame", values: Mapping[tuple[str, str], Any]) -> "pd.DataFrame":
    """The first row twice, with the least values in the one and the most in the other."""
    import pandas as pd

    both = [rows[:1].assign(**{name: value for (name, at), value in values.items() if at == end}) for end in ENDS]
    return pd.concat(both, ignore_index=True).astype(rows.dtypes.to_dict())


def finite(model: "Pipeline", rows: "pd.DataFrame") -> bool:
    """Whether the model answers the rows, with numbers where it answers numbers."""
    import warnings

    import numpy as np

    try:
        with warnings.catch_warnings(action="ignore"):
            found = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
        return bool(np.isfinite(np.asarray(found, dtype="float64")).all())
    except Exception:  # whatever a person's own model may raise
        return False
