"""The families of models that `family` in the `model` block of project.yml may name: docs/tuning.md.

A parameter is of the family that it begins with (`forest_max_features: 0.3`); those without one are of the trees. All
of them have `random_state`.
"""

import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def trees(**parameters: Any) -> Any:
    """Boosted trees."""
    return HistGradientBoostingClassifier(**parameters)


def forest(**parameters: Any) -> Any:
    """A random forest."""
    return RandomForestClassifier(**{"min_samples_leaf": 5, **parameters})


def linear(**parameters: Any) -> Any:
    """What is missing is the mean. Numbers are amounts to it, so model/features.py gives it text as zeros and ones."""
    model = LogisticRegression(**{"max_iter": 1000, **parameters})
    return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), model)


def interpretable(**parameters: Any) -> Any:
    """An Explainable Boosting Machine: a curve a feature, added up. `uv sync --inexact --group interpretable`."""
    from interpret.glassbox import ExplainableBoostingClassifier

    warnings.filterwarnings("ignore", "Missing values detected")  # about its own pictures, which nobody sees
    return ExplainableBoostingClassifier(**{"outer_bags": 4, "interactions": 5, **parameters})


FAMILIES = {each.__name__: each for each in (trees, forest, linear, interpretable)}


def learner(family: str, parameters: Mapping[str, Any]) -> Any:
    """The unfitted model of that family, with those of the parameters that are its own."""
    if family not in FAMILIES:
        raise ValueError(f"no family {family!r}; there is {', '.join(FAMILIES)}")
    others = tuple(f"{name}_" for name in FAMILIES)
    if family == "trees":
        return trees(**{name: value for name, value in parameters.items() if not name.startswith(others)})
    mine = {name: value for name, value in parameters.items() if name.startswith((f"{family}_", "random_state"))}
    return FAMILIES[family](**{name.removeprefix(f"{family}_"): value for name, value in mine.items()})
