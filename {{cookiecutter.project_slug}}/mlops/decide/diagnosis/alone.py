"""Features that tell the answer all but alone: made of it, or known too late."""

from dataclasses import dataclass

from mlops.data.adoption.leaks import SUSPICIOUS, foretold
from mlops.decide.diagnosis.subject import Subject, evenly

MOST_ROWS = 20_000  # of training, evenly from all of them


@dataclass(frozen=True)
class Alone:
    """strength: from 0 to 1, see `foretold`."""

    feature: str
    strength: float


def telling_alone(subject: Subject) -> list[Alone]:
    """The features that nearly do, the strongest first."""
    some = evenly(len(subject.train), MOST_ROWS)
    rows, answers = subject.train.iloc[some], subject.answers.iloc[some]
    found = [Alone(str(name), foretold(rows[name], answers, subject.task.name)) for name in rows]
    return sorted((each for each in found if each.strength >= SUSPICIOUS), key=lambda each: -each.strength)
