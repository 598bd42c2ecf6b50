"""The jobs of a pipeline and how they hang together: plain data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """Where a job's input comes from: an input of the pipeline (job empty), or an output of another job."""

    job: str
    name: str


@dataclass(frozen=True)
class Job:
    """One command component in its place. outputs: its own output names to those of the pipeline.

    image: the folder that its environment is built from, None where it is an asset.
    """

    name: str
    command: str
    inputs: Mapping[str, Source | str]
    optional: frozenset[str]
    outputs: Mapping[str, str]
    variables: Mapping[str, str]
    image: Path | None = None

    @property
    def upstream(self) -> set[str]:
        """The jobs whose outputs this one reads."""
        return {source.job for source in self.inputs.values() if isinstance(source, Source) and source.job}


@dataclass(frozen=True)
class Pipeline:
    """inputs: path or literal by name, None where it has to be given. jobs: in an order that can run."""

    inputs: Mapping[str, str | None]
    jobs: tuple[Job, ...]


def in_order(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """The jobs, each after those that it reads from. CycleError (of graphlib) when they wait for each other."""
    by_name = {job.name: job for job in jobs}
    order = TopologicalSorter({job.name: job.upstream for job in by_name.values()}).static_order()
    return tuple(by_name[name] for name in order)
