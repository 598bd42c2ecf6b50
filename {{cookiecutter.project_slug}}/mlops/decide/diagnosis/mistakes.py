"""The most confident mistakes: the test rows on which the model is furthest from the answer."""

from dataclasses import dataclass

import numpy as np

from mlops.decide.diagnosis.subject import Subject

MOST = 5


@dataclass(frozen=True)
class Mistake:
    """row: its place in test.parquet, from 0. said, was: the model's answer and the right one.

    values: its features, where rows may be shown.
    """

    row: int
    said: str
    was: str
    values: dict[str, str]


def mistakes(subject: Subject) -> list[Mistake]:
    """The worst first."""
    places = map(int, np.argsort(-subject.losses, kind="stable")[:MOST])
    return [Mistake(at, subject.said(at), subject.was(at), subject.values(at)) for at in places]
