"""The estimator: a scikit-learn Pipeline that takes raw columns and gives the probability of a busy station."""

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from model.features import NUMBERS, TEXT, clock


def build(**parameters: float) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml."""
    parts = [
        ("text", OneHotEncoder(handle_unknown="ignore"), TEXT),
        ("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), NUMBERS),
        ("clock", FunctionTransformer(clock), ["start"]),
    ]
    return Pipeline([("features", ColumnTransformer(parts)), ("classifier", LogisticRegression(**parameters))])
