"""The estimator: a scikit-learn Pipeline that takes raw columns and gives the probability of a late arrival."""

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from model.features import FlightFeatures


def build(**parameters: float) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml.

    Without `categorical_features`: ranks split as numbers are as good here, and an answer is a millisecond quicker.
    """
    return Pipeline([("features", FlightFeatures()), ("classifier", HistGradientBoostingClassifier(**parameters))])
