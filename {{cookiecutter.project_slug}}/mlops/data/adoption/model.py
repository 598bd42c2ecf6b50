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

MOST = 50  # values of a text that have a column each, the most frequent ones


class Features(TransformerMixin, BaseEstimator):
    """Each column by its type: text as codes, times as their parts, numbers and booleans as they are; all may be null.

    one_hot: for models to which a code is an amount: text as a column of zeros and ones for each frequent value.
    Plain NumPy, because an endpoint is asked for one row at a time and every layer of pandas costs a millisecond.
    """

    def __init__(self, one_hot: bool = False) -> None:
        self.one_hot = one_hot

    def fit(self, rows: pd.DataFrame, _target: object = None) -> Self:
        """Learn the columns, and which text values there are."""
        self.columns_, most = list(rows), MOST if self.one_hot else None
        counts = {name: rows[name].value_counts() for name in rows if rows[name].dtype == "object"}
        texts = {name: sorted(found.index[:most]) for name, found in counts.items()}
        self.codes_ = {name: {text: code for code, text in enumerate(found)} for name, found in texts.items()}
        return self

    def transform(self, rows: pd.DataFrame) -> np.ndarray:
        """Shape (rows, a column each, but four of a time), float64: what is missing is NaN, text that is new -1.

        one_hot: of a text as many as it has frequent values, zeros where it is missing, new or rare.
        """
        return np.column_stack([self.numbers(name, rows[name]) for name in self.columns_])

    def numbers(self, name: str, values: pd.Series) -> np.ndarray:
        """One column of the rows, in numbers."""
        if name in self.codes_:
            codes = np.array([self.codes_[name].get(text, -1) for text in values])
            if self.one_hot:
                return (codes[:, None] == np.arange(len(self.codes_[name]))).astype("float64")
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

from typing import Any

from sklearn.pipeline import Pipeline

from model.families import learner
from model.features import Features


def build(family: str = "trees", **parameters: Any) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml."""
    features = Features(one_hot=family == "linear")
    return Pipeline([("features", features), ("{step}", learner(family, parameters))])
'''

FAMILIES = '''"""The families of models that `family` in the `model` block of project.yml may name: docs/tuning.md.

A parameter is of the family that it begins with (`forest_max_features: 0.3`); those without one are of the trees. All
of them have `random_state`.
"""

import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import HistGradientBoosting{kind}, RandomForest{kind}
from sklearn.impute import SimpleImputer
from sklearn.linear_model import {linear}
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def trees(**parameters: Any) -> Any:
    """Boosted trees."""
    return HistGradientBoosting{kind}(**parameters)


def forest(**parameters: Any) -> Any:
    """A random forest."""
    return RandomForest{kind}(**{{"min_samples_leaf": 5, **parameters}})


def linear(**parameters: Any) -> Any:
    """What is missing is the mean. Numbers are amounts to it, so model/features.py gives it text as zeros and ones."""
    model = {linear}(**{settings})
    return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), model)


def interpretable(**parameters: Any) -> Any:
    """An Explainable Boosting Machine: a curve a feature, added up. `uv sync --inexact --group interpretable`."""
    from interpret.glassbox import ExplainableBoosting{kind}

    warnings.filterwarnings("ignore", "Missing values detected")  # about its own pictures, which nobody sees
    return ExplainableBoosting{kind}(**{{"outer_bags": 4, "interactions": {pairs}, **parameters}})


FAMILIES = {{each.__name__: each for each in (trees, forest, linear, interpretable)}}


def learner(family: str, parameters: Mapping[str, Any]) -> Any:
    """The unfitted model of that family, with those of the parameters that are its own."""
    if family not in FAMILIES:
        raise ValueError(f"no family {{family!r}}; there is {{', '.join(FAMILIES)}}")
    others = tuple(f"{{name}}_" for name in FAMILIES)
    if family == "trees":
        return trees(**{{name: value for name, value in parameters.items() if not name.startswith(others)}})
    mine = {{name: value for name, value in parameters.items() if name.startswith((f"{{family}}_", "random_state"))}}
    return FAMILIES[family](**{{name.removeprefix(f"{{family}}_"): value for name, value in mine.items()}})
'''


def model_files(task: TaskName) -> dict[str, str]:
    """The files of model/ by name."""
    made = TASKS[task]
    families = FAMILIES.format(
        kind=made.step.capitalize(),
        linear="LogisticRegression" if made.has_classes else "Ridge",
        settings='{"max_iter": 1000, **parameters}' if made.has_classes else "parameters",
        pairs=0 if task == "multiclass" else 5,  # of several classes none can be shown
    )
    estimator = ESTIMATOR.format(gives=made.gives, step=made.step)
    return {"__init__.py": INIT, "features.py": FEATURES, "families.py": families, "estimator.py": estimator}


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
