"""The learning curve: how good the model is with fewer training rows, and so whether more would help."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlops.decide.diagnosis.subject import Subject
from mlops.decide.measures import mean_of

SHARES = (0.1, 0.25, 0.5)


@dataclass(frozen=True)
class Curve:
    """rows, losses: of training, and the mean loss on the test rows. gain: what the last half of them took off it."""

    rows: list[int]
    losses: list[float]
    gain: float
    lower: float


def learning_curve(subject: Subject) -> Curve:
    """The same pipeline, fitted on random shares of the training rows."""
    order = np.random.default_rng(subject.seed).permutation(len(subject.train))
    counts = [int(share * len(order)) for share in SHARES]
    each = [subject.losses_of(fitted(subject, np.sort(order[:count])), subject.test) for count in counts]
    gain = subject.sure(mean_of(each[-1] - subject.losses))
    losses = [float(losses.mean()) for losses in [*each, subject.losses]]
    return Curve([*counts, len(order)], losses, gain.value, gain.quantile(0.025))


def fitted(subject: Subject, some: Any) -> Any:
    """A new pipeline with the same parameters, fitted on these rows."""
    from sklearn.base import clone

    return clone(subject.model).fit(subject.train.iloc[some], subject.answers.iloc[some])
