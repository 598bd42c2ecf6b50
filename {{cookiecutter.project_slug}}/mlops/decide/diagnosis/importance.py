"""What the model's answers rest on: how much worse they get where the values of one feature are shuffled."""

from dataclasses import dataclass

import numpy as np

from mlops.decide.diagnosis.subject import Subject
from mlops.decide.measures import mean_of

SHUFFLES = 3


@dataclass(frozen=True)
class Importance:
    """By how much the mean loss rises, with the bounds of its 95 % interval."""

    feature: str
    rise: float
    lower: float
    upper: float


def importances(subject: Subject) -> list[Importance]:
    """Of every feature, the largest first (permutation importance: Breiman 2001; Fisher, Rudin, Dominici 2019)."""
    return sorted((importance(subject, str(name)) for name in subject.test), key=lambda each: -each.rise)


def importance(subject: Subject, name: str) -> Importance:
    """Each row of the test gets the value of another, some times over."""
    chance, losses = np.random.default_rng(subject.seed), np.zeros(len(subject.test))
    for _ in range(SHUFFLES):
        others = subject.test[name].to_numpy()[chance.permutation(len(subject.test))]
        losses += subject.losses_of(subject.model, subject.test.assign(**{name: others})) / SHUFFLES
    rise = subject.sure(mean_of(losses - subject.losses))
    return Importance(name, rise.value, rise.quantile(0.025), rise.quantile(0.975))
