"""What both executors take and give: an event on a repository in, a trace of what ran out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Result = Literal["succeeded", "failed", "skipped"]


class PipelineError(Exception):
    """The system would refuse the pipeline before it runs anything: what is wrong, and where."""


@dataclass(frozen=True)
class Event:
    """What starts a pipeline.

    branch: the branch that was pushed, that the schedule or a person runs on, or that a pull request goes to.
    commit: what is checked out; of a pull request, the commit that merges it.
    number, source: the pull request and its branch. changed: paths that a push changed. inputs: what a person chose.
    """

    kind: Literal["push", "pull_request", "schedule", "manual"]
    commit: str
    branch: str = "main"
    number: int = 0
    source: str = ""
    changed: Sequence[str] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """The machine that the jobs run on, and the people who approve.

    path: folders before PATH. environment: variables of every command, as a hosted runner would set them by itself.
    variables: the repository's or project's own (`vars` on GitHub). ids: of Azure, as a service connection knows them.
    refused: environments whose approval is denied.
    """

    path: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """One script of one job. gate: the environment that the job is bound to, or empty. output: stdout and stderr."""

    job: str
    gate: str
    step: str
    script: str
    exit_code: int
    output: str


@dataclass(frozen=True)
class Run:
    """What happened. triggered: whether the event starts this pipeline at all.

    commands: in order. gates: each environment asked for, and whether it was approved. jobs: result by name, in order.
    artifacts: the paths of every upload, relative to its job's workspace. summaries: Markdown, in order.
    warnings: what the system would let pass in silence, such as an undefined `$(variable)`.
    """

    triggered: bool
    result: Result
    commands: Sequence[Command] = ()
    gates: Sequence[tuple[str, bool]] = ()
    jobs: Mapping[str, Result] = field(default_factory=dict)
    artifacts: Sequence[str] = ()
    summaries: Sequence[str] = ()
    warnings: Sequence[str] = ()
