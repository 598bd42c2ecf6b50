"""The estimator: a scikit-learn Pipeline that takes raw columns and gives the probability of a late arrival."""

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from model.features import TEXT, FlightFeatures


def build(**parameters: float) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml."""
    classifier = HistGradientBoostingClassifier(categorical_features=list(range(len(TEXT))), **parameters)
    return Pipeline([("features", FlightFeatures()), ("classifier", classifier)])
