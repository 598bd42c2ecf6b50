"""The drafted model/ and data/README.md: plain text for people, the same for every table but for the task."""

from collections.abc import Sequence

from mlops.data.adoption.columns import Profile, Roles, Table
from mlops.settings.metrics import TaskName

INIT = '"""Yours: the features and the estimator. The rest of the project works with whatever these two return."""\n'

FEATURES = '''"""From raw columns to what the estimator sees: part of the model, so training and serving are one."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder


def features() -> ColumnTransformer:
    """Each column by its type: text as codes, times as their parts, numbers and booleans as they are; all may be null.

    A text value that was not there when fitting is -1, a missing one NaN.
    """
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer(
        [
            ("categories", codes, make_column_selector(dtype_include="object")),
            ("times", FunctionTransformer(time_parts), make_column_selector(dtype_include="datetime")),
            ("numbers", "passthrough", make_column_selector(dtype_include="number")),
            ("booleans", "passthrough", make_column_selector(dtype_include="bool")),
        ]
    )


def time_parts(times: pd.DataFrame) -> np.ndarray:
    """Year, month, day of the week (Monday 0) and hour of every time; NaN where it is missing."""
    parts = [(each.year, each.month, each.dayofweek, each.hour) for each in (times[name].dt for name in times)]
    return np.column_stack([part for four in parts for part in four]).astype("float64")
'''

ESTIMATOR = '''"""The estimator: a scikit-learn Pipeline that takes raw columns and gives {gives}."""

from sklearn.ensemble import {learner}
from sklearn.pipeline import Pipeline

from model.features import features


def build(**parameters: float) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml."""
    return Pipeline([("features", features()), ("{step}", {learner}(**parameters))])
'''

CLASSIFIER = {"learner": "HistGradientBoostingClassifier", "step": "classifier"}
REGRESSOR = {"learner": "HistGradientBoostingRegressor", "step": "regressor"}
LEARNERS: dict[TaskName, dict[str, str]] = {
    "binary": {"gives": "a probability for each answer", **CLASSIFIER},
    "multiclass": {"gives": "a probability for each class", **CLASSIFIER},
    "regression": {"gives": "a number", **REGRESSOR},
}


def model_files(task: TaskName) -> dict[str, str]:
    """The files of model/ by name."""
    return {"__init__.py": INIT, "features.py": FEATURES, "estimator.py": ESTIMATOR.format(**LEARNERS[task])}


def readme(source: str, suite: str, table: Table, found: Sequence[Profile], roles: Roles) -> str:
    """data/README.md."""
    lines = [f"| `{escaped(each.name)}` | {each.what} | {each.used} | {escaped(each.why)} |" for each in found]
    files = "one Parquet file a month" if len(table.files) > 1 else "one Parquet file"
    return (
        f"""# The data

{table.rows:,} rows with {len(found):,} columns, {files}. The question: **what is `{escaped(roles.target)}`?**

- **Source:** `{source}`, taken in by `uv run adopt`. Write here where it comes from, and under which licence.
- **Rules:** `{suite}`. `uv run validate_data` holds every file against them.

## Columns

Drafted from the data; what a column means, and in which unit, is yours to add.

| column | what it is | how it is used | why |
| --- | --- | --- | --- |
"""
        + "\n".join(lines)
        + "\n"
    )


def escaped(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
