"""What a workspace starts by itself at a time: runs of the training pipeline, a monitor of an endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlops.settings.metrics import TaskName


@dataclass(frozen=True)
class Retraining:
    """Runs of the training pipeline. time: cron's five fields, in UTC. inputs: as `Jobs.run` takes them.

    code: a hash of the files that a run is sent.
    """

    time: str
    pipeline: Path
    inputs: Mapping[str, str]
    code: str


@dataclass(frozen=True)
class Watch:
    """A monitor of the inputs that one slot collects, against the rows that its model version was trained on.

    time: cron's five fields, in UTC. limit: the distance, of 1, above which it tells `mails`.
    """

    time: str
    endpoint: str
    slot: str
    model: str
    version: int
    task: TaskName
    limit: float
    mails: Sequence[str]


Scheduled = Retraining | Watch


class Schedules(Protocol):
    """The schedules of one workspace, by their names. None: there should be none of that name."""

    def differences(self, name: str, wanted: Scheduled | None) -> list[str]:
        """How the schedule differs from what it should be, a line each. Writes nothing."""

    def make(self, name: str, wanted: Scheduled | None) -> None:
        """Let it be so."""
