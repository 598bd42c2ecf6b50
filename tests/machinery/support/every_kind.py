"""A model of every kind of column that a request can hold, drafted as `adopt` drafts one."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from mlops.data.adoption.model import FEATURES
from mlops.data.columns import describe

PACKAGE = "drafted"
CODE = FEATURES.replace("values.to_numpy())", 'values.to_numpy("datetime64[us]"))')  # `adopt` leaves no time its zone
COUNT = 60
NUMBERS = np.arange(COUNT)
TIMES = pd.date_range("2013-01-01", periods=COUNT, freq="7h")
ROWS = pd.DataFrame(
    {
        "small": NUMBERS.astype("int8"),
        "whole": NUMBERS * 10**12,
        "unsigned": NUMBERS.astype("uint64"),
        "single": (NUMBERS / 7).astype("float32"),
        "number": np.where(NUMBERS % 5 == 0, np.nan, NUMBERS / 3),
        "flag": NUMBERS % 2 == 0,
        "text": np.array(["a", "é \n", ""] * (COUNT // 3), dtype="object"),
        "maybe": np.array(["b", None, "ß"] * (COUNT // 3), dtype="object"),
        "time": TIMES.astype("datetime64[us]"),
        "zoned": TIMES.tz_localize("UTC").astype("datetime64[ns, UTC]"),
    }
)


def save_every_kind(folder: Path) -> None:
    """Save the model into the folder, with its code beside it."""
    import mlflow
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline

    code = folder.parent / "code" / PACKAGE
    code.mkdir(parents=True, exist_ok=True)
    (code / "__init__.py").write_text(CODE, encoding="utf-8")
    sys.path.insert(0, str(code.parent))
    try:
        from drafted import Features

        model = Pipeline([("features", Features()), ("classifier", HistGradientBoostingClassifier(max_iter=5))])
        model.fit(ROWS, NUMBERS % 3 == 0)
        metadata = {"task": "binary", "columns": json.dumps(describe(ROWS))}
        mlflow.sklearn.save_model(
            model, folder, code_paths=[str(code)], pip_requirements=["scikit-learn"], metadata=metadata
        )
    finally:
        sys.path.remove(str(code.parent))
