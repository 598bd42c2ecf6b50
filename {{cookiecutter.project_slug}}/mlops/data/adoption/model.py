"""The drafted model/ and data/README.md: plain text for people, the same for every table but for the task."""

from collections.abc import Sequence

from mlops.data.adoption.columns import Profile, Roles, Table
from mlops.data.adoption.tasks import TASKS
from mlops.settings.metrics import TaskName

INIT = '"""Yours: the features and the estimator. The rest of the project works with whatever these two return."""\n'

FEATURES = '''"""From raw columns to what the estimator sees: part of the model, so training and serving are one."""

from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class Features(TransformerMixin, BaseEstimator):
    """Each column by its type: text as codes, times as their parts, numbers and booleans as they are; all may be null.

    Plain NumPy, because an endpoint is asked for one row at a time and every layer of pandas costs a millisecond.
    """

    def fit(self, rows: pd.DataFrame, _target: object = None) -> Self:
        """Learn the columns, and which text values there are."""
        self.columns_ = list(rows)
        texts = {name: sorted(rows[name].dropna().unique()) for name in rows if rows[name].dtype == "object"}
        self.codes_ = {name: {text: code for code, text in enumerate(found)} for name, found in texts.items()}
        return self

    def transform(self, rows: pd.DataFrame) -> np.ndarray:
        """Shape (rows, a column each, but four of a time), float64: what is missing is NaN, text that is new -1."""
        return np.column_stack([self.numbers(name, rows[name]) for name in self.columns_])

    def numbers(self, name: str, values: pd.Series) -> np.ndarray:
        """One column of the rows, in numbers."""
        if name in self.codes_:
            codes = [self.codes_[name].get(text, -1) for text in values]
            return np.where(values.isna(), np.nan, codes)
        if values.dtype.kind == "M":
            return time_parts(values.to_numpy())
        return values.to_numpy("float64")


def time_parts(times: np.ndarray) -> np.ndarray:
    """Year, month, day of the week (Monday 0) and hour of each time; 1970 began on a Thursday."""
    years, months, days, hours = (times.astype(f"datetime64[{unit}]").astype("int64") for unit in "YMDh")
    parts = np.column_stack([years + 1970, months % 12 + 1, (days + 3) % 7, hours % 24])
    return np.where(np.isnat(times)[:, None], np.nan, parts)
'''

ESTIMATOR = '''"""The estimator: a scikit-learn Pipeline that takes raw columns and gives {gives}."""

from sklearn.ensemble import {learner}
from sklearn.pipeline import Pipeline

from model.features import Features


def build(**parameters: float) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml."""
    return Pipeline([("features", Features()), ("{step}", {learner}(**parameters))])
'''


def model_files(task: TaskName) -> dict[str, str]:
    """The files of model/ by name."""
    made = TASKS[task]
    estimator = ESTIMATOR.format(gives=made.gives, learner=made.learner, step=made.step)
    return {"__init__.py": INIT, "features.py": FEATURES, "estimator.py": estimator}


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
