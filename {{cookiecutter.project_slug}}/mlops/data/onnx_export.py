"""`serving.engine: onnx`: the last step of a fitted pipeline as an ONNX model, if that gives the same answers.

The steps before it are plain Python wherever a model is served, and are not converted. What is in the way of the last
one, or a single row of 10,000 that is answered otherwise, leaves scikit-learn in its place, and one line says why.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops import UserError
from mlops.data.probe import UNSEEN, examine
from mlops.data.scoring_script import SCRIPT, scoring_script
from mlops.settings.reading import one_line

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

ASKED_ROWS = 10_000
TIMED_ROWS = 200
RARE = 0.02  # of the values asked: null, or text that is new
TOLERANCE = 1e-5  # of a probability, or of the standard deviation of a regression's values
EXACT = "sklearn.linear_model"  # converted in 64 bits; trees in 64 bits come out wrong, or never


class Exported(NamedTuple):
    """The ONNX model, None where scikit-learn serves; and in one line what was found."""

    onnx: bytes | None
    found: str


def export(model: "Pipeline", rows: "pd.DataFrame", script: Path = SCRIPT) -> Exported:
    """The last step in ONNX. rows: what the model was trained on. UserError when the packages are not there."""
    try:
        import onnxruntime  # noqa: F401
        import skl2onnx  # noqa: F401
    except ModuleNotFoundError:
        raise UserError("serving.engine: onnx needs missing packages; uv sync --inexact --group onnx") from None
    if len(getattr(model, "steps", [])) < 2:
        return Exported(None, "sklearn, not onnx: model/ gives no Pipeline with the estimator as its last step")
    try:
        asked = rows_to_ask(model, rows)
        onnx = converted(model, asked[:1])
        served = scoring_script(script).with_onnx(model, onnx)
        apart = distance(answers(served, asked), answers(model, asked))
    except Exception as error:  # converter, runtime and a person's own model have many kinds
        kind = type(model[-1]).__name__
        return Exported(None, f"sklearn, not onnx: {kind} cannot be converted and asked: {one_line(error)[:150]}")
    if not apart <= TOLERANCE:
        why = f"its answers to {ASKED_ROWS:,} rows are up to {apart:.1g} apart, {TOLERANCE:g} is the most"
        return Exported(None, f"sklearn, not onnx: {why}")
    gain = f"in {time_ratio(served, model, asked):.2f} of the time for one row, without the server"
    return Exported(onnx, f"onnx: the same answers to {ASKED_ROWS:,} rows, {apart:.1g} apart at most, {gain}")


def converted(model: "Pipeline", row: "pd.DataFrame") -> bytes:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    last, columns = model[-1], model[:-1].transform(row).shape[1]
    kind = DoubleTensorType if type(last).__module__.startswith(EXACT) else FloatTensorType
    options = {id(last): {"zipmap": False}} if hasattr(last, "predict_proba") else None
    onnx: bytes = to_onnx(last, initial_types=[("rows", kind([None, columns]))], options=options).SerializeToString()
    return onnx


def rows_to_ask(model: "Pipeline", rows: "pd.DataFrame") -> "pd.DataFrame":
    """Rows of the training data, and as many whose values each come from another; with nulls and new text among them.

    Those are where the model answers them, as the probe has it.
    """
    import numpy as np
    import pandas as pd

    columns, _, refused = examine(model, rows)
    draw = np.random.default_rng(0)
    whole = rows.iloc[draw.integers(len(rows), size=ASKED_ROWS // 2)]
    mixed = {name: rows[name].iloc[draw.integers(len(rows), size=ASKED_ROWS // 2)].to_numpy() for name in rows}
    asked = pd.concat([whole, pd.DataFrame(mixed)], ignore_index=True)
    for each in columns:
        rare = pd.Series(draw.random(ASKED_ROWS))
        if each["nulls"]:
            asked[each["name"]] = asked[each["name"]].mask(rare < RARE)
        if each["kind"] == "text" and not refused:
            asked[each["name"]] = asked[each["name"]].mask(rare > 1 - RARE, UNSEEN)
    return asked.astype(rows.dtypes.to_dict())


def answers(model: "Pipeline", rows: "pd.DataFrame") -> Any:
    """Probabilities (rows, classes), or values (rows,)."""
    return model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)


def distance(found: Any, wanted: Any) -> float:
    """The greatest difference, see TOLERANCE; NaN where one is no number."""
    import numpy as np

    if found.shape != wanted.shape:
        return np.inf
    spread = 1.0 if wanted.ndim == 2 else float(np.std(wanted)) or 1.0
    return float(np.abs(found - wanted).max() / spread)


def time_ratio(served: "Pipeline", model: "Pipeline", rows: "pd.DataFrame") -> float:
    """The median time of one row, on one thread as where it is served, as a part of the model's."""
    from statistics import median

    from threadpoolctl import threadpool_limits

    taken: list[list[float]] = [[], []]
    with threadpool_limits(1):
        for place in range(TIMED_ROWS):
            for times, each in zip(taken, (served, model), strict=True):
                row, start = rows.iloc[[place]], time.perf_counter()
                answers(each, row)
                times.append(time.perf_counter() - start)
    return median(taken[0]) / median(taken[1])
