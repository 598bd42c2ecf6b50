"""A small real model in MLflow's format, with code of its own beside the pickle."""

import sys
from pathlib import Path

import pandas as pd

PACKAGE = "own_features"
CODE = """
def derive(rows):
    late = (rows["carrier"] == "B6").astype(float)
    return rows[["distance"]].fillna(500.0).assign(late=late, hour=rows["time_hour"].dt.hour)
"""
ROWS = pd.DataFrame(
    {
        "time_hour": pd.date_range("2013-01-01", periods=40, freq="h").astype("datetime64[ns]"),
        "carrier": ["B6", "UA", "DL", "AA"] * 10,
        "distance": [float(100 * number) for number in range(40)],
    }
)
REQUEST = {"columns": list(ROWS), "data": [["2013-01-01T05:00:00", "B6", 700.0], ["2013-01-02T10:00:00", "UA", None]]}


def save_model(folder: Path, version: int) -> None:
    """Save a model that differs from version to version."""
    import mlflow
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    code = folder.parent / "code" / PACKAGE
    code.mkdir(parents=True, exist_ok=True)
    (code / "__init__.py").write_text(CODE, encoding="utf-8")
    sys.path.insert(0, str(code.parent))
    try:
        from own_features import derive

        model = make_pipeline(FunctionTransformer(derive), StandardScaler(), LogisticRegression(C=float(version)))
        model.fit(ROWS, [number % 3 == 0 for number in range(len(ROWS))])
        signature = mlflow.models.infer_signature(ROWS, model.predict_proba(ROWS)[:, 1])
        mlflow.sklearn.save_model(
            model, folder, signature=signature, code_paths=[str(code)], pip_requirements=["scikit-learn"]
        )
    finally:
        sys.path.remove(str(code.parent))
