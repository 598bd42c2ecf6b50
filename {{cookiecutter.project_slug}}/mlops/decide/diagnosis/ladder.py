"""The ladder of baselines: no features, a linear model, the champion, the challenger, on the very same test rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlops.decide.diagnosis.subject import Subject
from mlops.decide.metrics import Metrics, measure

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20_000  # of training, the newest
MOST_CATEGORIES = 50  # of a text column


def ladder(subject: Subject) -> Mapping[str, Metrics]:
    """The metrics of each rung, the two baselines first."""
    task, scored = subject.task, subject.scored
    rungs = {"trivial": task.trivial(scored.target, scored.labels), "linear": linear(subject)}
    predictions = {**rungs, **scored.predictions}
    return {name: measure(task, scored.target, each) for name, each in predictions.items()}


def linear(subject: Subject) -> Any:
    """What a linear model of the same features predicts for the test rows."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    estimator = LogisticRegression(max_iter=200) if subject.task.coded else Ridge()
    model = make_pipeline(*plain_features(subject.train), estimator)
    model.fit(as_floats(subject.train[-MOST_ROWS:]), subject.answers[-MOST_ROWS:])
    return subject.task.predict(model, as_floats(subject.test), subject.labels)


def as_floats(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Numbers and truth values as floats, times as days since 1970; texts stay."""
    import numpy as np

    numbers = rows.select_dtypes(["number", "bool"]).columns
    times = rows.select_dtypes("datetime").columns
    days = {name: rows[name].to_numpy().astype("datetime64[s]").astype(float) / 86_400 for name in times}
    missing = {name: rows[name].isna() for name in times}
    frame = rows.astype(dict.fromkeys(numbers, "float64")).assign(**days)
    return frame.assign(**{name: frame[name].where(~missing[name], np.nan) for name in times})


def plain_features(rows: "pd.DataFrame") -> list[Any]:
    """Numbers scaled, what is missing at their median; texts as a column for each frequent value."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    texts = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, min_frequency=5)
    return [
        make_column_transformer(
            (numbers, make_column_selector(dtype_include="float64")),
            (texts, make_column_selector(dtype_exclude="float64")),
        )
    ]
