"""The platforms that the contract is tried on, each in a small project of its own."""

import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import small_model
from local_project import shared_python

from conftest import FIXTURE, ROOT, shared_folder
from contract.memory import memory_platform
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json
from mlops.data.model_folder import LINEAGE_FILE
from mlops.platform import Platform, open_platform
from mlops.platform.local.batches import LocalBatches
from mlops.platform.local.endpoints import LocalEndpoints
from mlops.platform.local.jobs import LocalJobs
from mlops.platform.local.models import LocalModels
from mlops.platform.tracking import URI_VARIABLE, use_tracking
from mlops.settings.environments import BatchSettings, load_manifest

PIPELINE = Path("pipeline.yml")
LIVE = ("LIVE_RESOURCE_GROUP", "LIVE_WORKSPACE")


@dataclass
class Bench:
    """A platform at work in the project's folder; what its jobs make goes to `out`."""

    project: Path
    out: Path
    platform: Platform
    run_of: Callable[[Path], str]  # the run that made the model in that folder
    patience: float = 300.0  # seconds; metrics and samples come late, Azure's minutes late
    pause: float = 0.02  # seconds between two looks at them
    name: str = field(default_factory=lambda: f"contract-{secrets.token_hex(3)}")  # unique in its region
    runs: dict[str, str] = field(default_factory=dict)
    registered: dict[str, int] = field(default_factory=dict)

    def model_folder(self, kind: str) -> Path:
        """The folder with the model of this kind (first, second or broken) that a job made."""
        out = self.out / kind
        if not out.exists():
            assert self.platform.jobs.run(PIPELINE, {"kind": kind}, out) == 0
        return out / "model"

    def train(self, kind: str) -> str:
        """The run that made this kind."""
        if kind not in self.runs:
            self.runs[kind] = self.run_of(self.model_folder(kind))
        return self.runs[kind]

    def version(self, kind: str) -> int:
        """This kind as a version of the model `name`."""
        if kind not in self.registered:
            run = self.train(kind)
            self.registered[kind] = self.platform.models.register(self.name, run, {"run_id": run}).version
        return self.registered[kind]


def memory(project: Path, factory: pytest.TempPathFactory) -> Bench:
    platform = memory_platform(project / "serving" / "score.py")

    def run_of(model_folder: Path) -> str:
        run = secrets.token_hex(4)
        platform.models.runs[run] = model_folder
        return run

    return Bench(project, factory.mktemp("out"), platform, run_of)


def local(project: Path, factory: pytest.TempPathFactory) -> Bench:
    shared_python(factory)
    models = LocalModels(project / ".mlops")
    endpoints = LocalEndpoints(project / ".mlops", models, shared_folder(factory) / "serving")

    def run_of(model_folder: Path) -> str:
        import mlflow

        os.environ.pop(URI_VARIABLE, None)  # MLflow sets it for the processes that it starts
        use_tracking("contract")
        with mlflow.start_run() as run:
            mlflow.log_artifacts(str(model_folder), "model")
        return run.info.run_id

    batches = LocalBatches(project / ".mlops", models, BatchSettings(endpoint="contract", instance_count=2))
    platform = Platform("local", models, endpoints, LocalJobs(project / ".mlops"), batches=batches)
    return Bench(project, factory.mktemp("out"), platform, run_of)


def azureml(project: Path, factory: pytest.TempPathFactory) -> Bench:
    known = load_manifest("staging", FIXTURE / "environments")
    group, name = (os.environ[name] for name in LIVE)
    workspace = known.workspace.model_copy(update={"resource_group": group, "name": name})
    platform = open_platform(known.model_copy(update={"platform": "azureml", "workspace": workspace}))

    def run_of(model_folder: Path) -> str:
        return read_json(model_folder / LINEAGE_FILE, Artefact)["run_id"]

    return Bench(project, factory.mktemp("out"), platform, run_of, patience=900.0, pause=5.0)


NO_WORKSPACE = pytest.mark.skip(reason=f"no workspace is configured: set {' and '.join(LIVE)} (docs/live.md)")
ON_AZURE = pytest.param(azureml, marks=[] if all(map(os.environ.get, LIVE)) else NO_WORKSPACE)


@pytest.fixture(scope="session", params=[memory, local, ON_AZURE], ids=lambda make: make.__name__)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The platform with what the contract needs on it. What it is served from is deleted by who made it."""
    project = tmp_path_factory.mktemp(request.param.__name__)
    shutil.copytree(Path(__file__).parent / "training", project, dirs_exist_ok=True)
    shutil.copytree(ROOT / "serving", project / "serving")
    shutil.copytree(ROOT / "pipelines" / "image", project / "pipelines" / "image")
    shutil.copy(small_model.__file__, project)
    return request.param(project, tmp_path_factory)


@pytest.fixture(scope="module", autouse=True)
def in_the_project(bench: Bench):
    """What a module makes for its tests is made in the project's folder."""
    with chdir(bench.project), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.fixture(autouse=True)
def each_in_the_project(on_its_own, bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """So are the tests."""
    monkeypatch.chdir(bench.project)
