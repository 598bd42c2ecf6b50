"""A model with its rows, of every task: a number and a town tell the answer, a number of no use does not."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mlops.decide.diagnosis.subject import Subject
from mlops.decide.scored import Scored
from mlops.decide.tasks import TASKS

LABELS = {"binary": ["no", "yes"], "multiclass": ["a", "b", "c"], "regression": []}
LEARNERS = {
    "binary": HistGradientBoostingClassifier,
    "multiclass": HistGradientBoostingClassifier,
    "regression": HistGradientBoostingRegressor,
}


def made(chance, rows):
    """A number and a town that tell the answer, a number of no use, and a time."""
    frame = pd.DataFrame({"width": chance.normal(size=rows), "town": chance.choice(["Graz", "Linz", "Wels"], rows)})
    frame["noise"] = chance.normal(size=rows)
    frame["at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) % (24 * 40), unit="h")
    return frame


def value_of(frame, chance):
    return 1.5 * frame["width"] + (frame["town"] == "Graz") + chance.normal(scale=0.7, size=len(frame))


def answers(task, value):
    if task == "regression":
        return value.rename("answer")
    edges = [-np.inf, *({"binary": [0.3], "multiclass": [-0.5, 1.0]}[task]), np.inf]
    return pd.cut(value, edges, labels=LABELS[task]).astype(object).rename("answer")


def numbers(frame):
    towns = np.column_stack([frame["town"] == town for town in ("Graz", "Linz")]).astype(float)
    return np.column_stack([frame["width"], frame["noise"], towns])


def subject(task="binary", seed=1, rows=3000, spoil=None, learner=None, days=True):
    """A model that was trained on such rows; `spoil` changes the test's value, of which training knew nothing."""
    chance = np.random.default_rng(seed)
    train, test = made(chance, rows), made(chance, rows)
    learned, value = answers(task, value_of(train, chance)), value_of(test, chance)
    right = answers(task, spoil(test, value) if spoil else value)
    model = make_pipeline(FunctionTransformer(numbers), learner or LEARNERS[task](max_iter=30)).fit(train, learned)
    asked = TASKS[task](next(iter(TASKS[task]("any", 0.5).metrics)), 0.5)
    labels = asked.labels(right, [model])
    clusters = (np.arange(rows) % (24 * 40)) // 24 if days else None
    predictions = {"challenger": asked.predict(model, test, labels)}
    scored = Scored(asked.encode(right, labels), predictions, test[[]], labels, clusters)
    return Subject(asked, model, train, learned, test, scored, seed)
