"""The estimator: a scikit-learn Pipeline that takes raw columns and gives the probability of a late arrival."""

from typing import Any

from sklearn.pipeline import Pipeline

from model.families import learner
from model.features import FlightFeatures


def build(family: str = "trees", **parameters: Any) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml.

    Without `categorical_features`: ranks split as numbers are as good here, and an answer is a millisecond quicker.
    """
    features = FlightFeatures(one_hot=family == "linear")
    return Pipeline([("features", features), ("classifier", learner(family, parameters))])
