"""The estimator: a scikit-learn Pipeline that takes raw columns and gives the probability of a late arrival."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from model.features import TEXT, derive


def build(**parameters: float) -> Pipeline:
    """An unfitted pipeline; the parameters are the `model` block of project.yml. Unknown carriers count as missing."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=100)
    columns = ColumnTransformer([("text", encoder, TEXT)], remainder="passthrough")
    classifier = HistGradientBoostingClassifier(categorical_features=list(range(len(TEXT))), **parameters)
    return Pipeline([("derive", FunctionTransformer(derive)), ("columns", columns), ("classifier", classifier)])
