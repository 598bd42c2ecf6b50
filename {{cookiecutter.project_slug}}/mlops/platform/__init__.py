"""The seam between the steps and where models are trained, registered and served.

A platform is three small protocols, and more where it scores files, has machines of its own for a search, or starts
something by itself at a time. Everything above the seam is written against them alone, and one contract suite
(`tests/machinery/contract/` of the template) holds every implementation to the three, and to `Batches`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlops import UserError
from mlops.decide.observed import Deployment, Observed, ObservedBatch, Traffic

if TYPE_CHECKING:
    from mlops.decide.search.trials import Trial
    from mlops.platform.schedules import Schedules
    from mlops.settings.environments import Manifest
    from mlops.settings.search import Search

DEPLOYMENT_HEADER = "azureml-model-deployment"
EXPLAIN = {"EXPLAIN": "1"}  # the variable of a deployment whose serving/score.py may say why
CARD_TAG = "card"  # of a version: the address of its model card


@dataclass(frozen=True)
class ModelVersion:
    """One registered version. `tags` carry its lineage."""

    name: str
    version: int
    run_id: str
    tags: Mapping[str, str]

    @property
    def model_hash(self) -> str | None:
        """The content hash of its model folder."""
        return self.tags.get("model_hash") or self.tags.get("artefact")  # its name before version 0.2.0


@dataclass(frozen=True)
class Reply:
    """A scoring answer. `body` is the parsed JSON, or the text when it is not JSON; `slot` is who answered."""

    status: int
    body: Any
    slot: str
    milliseconds: float


class Models(Protocol):
    """The registry."""

    def register(self, name: str, run_id: str, tags: Mapping[str, str]) -> ModelVersion:
        """A new version made of the model folder that the run logged; its tags name that run as `run_id`.

        UserError when the run has none.
        """

    def keep_card(self, name: str, run_id: str, folder: Path) -> str:
        """Keep the files of a model card beside the run's model; their address. What is kept stays as it is."""

    def versions(self, name: str) -> Sequence[ModelVersion]:
        """All versions in number order; empty when the model is unknown."""

    def download(self, name: str, version: int, to: Path) -> Path:
        """Copy the version's model folder to `to`. UserError naming the known versions when there is no such one."""

    def logged_model(self, run_id: str, to: Path) -> Path:
        """Copy the model folder that the training run logged to `to`. UserError when there is none."""


def registered_version(models: Models, name: str, version: int | None) -> ModelVersion:
    """The version of the model. UserError naming those that there are when it is not registered."""
    versions = {each.version: each for each in models.versions(name)}
    if version not in versions:
        there = ", ".join(map(str, versions)) or "none"
        raise UserError(f"model {name} has no version {version}; there is {there}")
    return versions[version]


class Endpoints(Protocol):
    """Endpoints and their deployments. Every write is idempotent and leaves a legal state behind."""

    def lease(self, endpoint: str, holder: str) -> AbstractContextManager[None]:
        """Hold the endpoint's rollout against every other run. TakenError naming who holds it already."""

    def observe(self, endpoint: str) -> Observed | None:
        """What is; None when there is no such endpoint."""

    def url(self, endpoint: str) -> str:
        """Where the endpoint answers."""

    def create(self, endpoint: str, port: int) -> None:
        """Make the endpoint, without traffic. On this machine it answers on that port (0: any that is free)."""

    def deploy(self, endpoint: str, slot: str, model: str, version: int) -> Deployment:
        """Put the version into the slot at 0 %, or restart it there; returns when it is ready or failed."""

    def update(
        self, endpoint: str, traffic: Mapping[str, int], mirror: Mapping[str, int], tags: Mapping[str, str]
    ) -> None:
        """Set traffic, mirror and tags in one write. Refuses sums other than 0 or 100 and unready serving slots."""

    def scale(self, endpoint: str, slot: str) -> None:
        """Let the slot run on as many machines as the manifest says, with the traffic that it has."""

    def delete_deployment(self, endpoint: str, slot: str) -> None:
        """Take the slot away. Refuses while it has live or mirrored traffic."""

    def delete(self, endpoint: str) -> None:
        """Take the endpoint and all its deployments away."""

    def score(self, endpoint: str, payload: Mapping[str, Any], slot: str | None = None) -> Reply:
        """Ask the scoring URI: the public route, or one slot through the deployment header."""

    def measure(self, endpoint: str, since: float, limit_ms: float) -> Mapping[str, Traffic]:
        """What each slot served since then (seconds since the epoch), and how much of it took longer than the limit.

        OSError when it cannot be measured.

        Never less than was live, once it is known: Azure counts by the minute, some minutes late, and requests through
        the deployment header too. A slot of which nothing is known may be missing.
        """

    def collected(self, endpoint: str, since: float) -> Sequence[Mapping[str, Any]]:
        """The collected requests since then: `{"time", "slot", "version", "inputs": {columns, data}, "outputs"}`.

        They come late. Those through the deployment header may be among them.
        """

    def logs(self, endpoint: str, slot: str, lines: int = 50) -> str:
        """The last lines that the slot's scoring process wrote."""


@dataclass(frozen=True)
class Order:
    """Files to score. source: one, or a folder of them; output: the folder for the answers; key: what tells rows apart.

    slot: who is to score them; None: the default. holder: who runs this, to be told to whoever is refused meanwhile.
    """

    source: Path
    output: Path
    key: Sequence[str]
    slot: str | None = None
    holder: str = "this process"


@dataclass(frozen=True)
class Scored:
    """What came of an order. rows: scored now; failed: the files that could not be scored, each with why.

    seconds: how long it took; before: how many files an earlier run of the same order had done.
    """

    model: str
    version: int
    files: int
    before: int
    rows: int
    seconds: float
    failed: Mapping[str, str]


class Batches(Protocol):
    """Batch endpoints: deployments that score files, one of them by default. Every write is idempotent."""

    def lease(self, endpoint: str, holder: str) -> AbstractContextManager[None]:
        """Hold the endpoint against every other run of `apply`. TakenError naming who holds it already."""

    def observe(self, endpoint: str) -> ObservedBatch | None:
        """What is; None when there is no such endpoint."""

    def create(self, endpoint: str) -> None:
        """Make the endpoint, without deployments."""

    def deploy(self, endpoint: str, slot: str, model: str, version: int) -> Deployment:
        """Put the version into the slot. Refuses to replace the default by another version."""

    def make_default(self, endpoint: str, slot: str) -> None:
        """Let orders be scored by the slot. Refuses one that is not ready."""

    def delete_deployment(self, endpoint: str, slot: str) -> None:
        """Take the slot away. Refuses the default."""

    def delete(self, endpoint: str) -> None:
        """Take the endpoint and all its deployments away."""

    def score(self, endpoint: str, order: Order, say: Callable[[str], None]) -> Scored:
        """Score the files, one file of answers for each; what is there of the same order stays. say: how it goes.

        TakenError while another run writes there. UserError, and nothing is written, when the order cannot be done.
        """


class Jobs(Protocol):
    """Runs of pipelines/train.yml."""

    def run(self, pipeline: Path, inputs: Mapping[str, str], out: Path) -> int:
        """Run the pipeline with these inputs overridden and put its outputs under `out`; 0 when every job succeeded."""


@dataclass(frozen=True)
class Sweep:
    """A search that is made as jobs of a platform. name: the same for the very same search, and no other's.

    rows: the file of the training rows; metric: what is measured; higher: whether more of it is better.
    """

    name: str
    search: "Search"
    metric: str
    higher: bool
    rows: Path


@dataclass(frozen=True)
class SweepState:
    """How a sweep stands. failed: why it cannot go on, nothing where it can or is over in order.

    default: the parameters that are there; trials: those that are over; both as far as their values are known. late:
    how many are over and have not all their values yet. silent: how many ended before they said what they tried.
    """

    over: bool
    failed: str
    default: "Trial | None"
    trials: "Sequence[Trial]"
    late: int
    silent: int


class Sweeps(Protocol):
    """Searches of parameters on machines of the platform's own."""

    def begin(self, sweep: Sweep) -> str:
        """The job of this search: the newest that has not failed, and else a new one.

        UserError where the platform cannot make such a search.
        """

    def look(self, job: str, sweep: Sweep) -> SweepState:
        """How that job of the search stands."""

    def page(self, job: str) -> str:
        """The address where a person can look at the job."""


@dataclass(frozen=True)
class Platform:
    name: str
    models: Models
    endpoints: Endpoints
    jobs: Jobs
    sweeps: Sweeps | None = None
    schedules: "Schedules | None" = None
    batches: Batches | None = None


def observed_batch(platform: Platform, manifest: "Manifest") -> ObservedBatch | None:
    """The manifest's batch endpoint; None where it has none, or there is none yet."""
    return platform.batches.observe(manifest.batch.endpoint) if platform.batches and manifest.batch else None


def version_here(platform: Platform, name: str, version: int | None) -> ModelVersion:
    """The same, and where else to look for what a fresh clone lacks: a local registry is not in Git."""
    if platform.name == "local" and not platform.models.versions(name):
        raise UserError(
            f"model {name} has no version {version} on this machine, nor any other: the local registry is .mlops, which"
            " is not in Git; fetch what CI keeps (uv run rehearsal restore), or write `version: null` into"
            " environments/ and start anew (uv run run_pipeline)"
        )
    return registered_version(platform.models, name, version)


def open_platform(manifest: "Manifest") -> Platform:
    """The platform that the manifest names, for the project in the current folder."""
    if manifest.platform == "local":
        from mlops.platform.local import local_platform

        return local_platform(explain=manifest.endpoint.explain, batch=manifest.batch)
    from mlops.platform.azureml import azureml_platform

    return azureml_platform(manifest)
