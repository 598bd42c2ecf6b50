"""What Azure ML is given as files: pipeline, deployment, images and code snapshots, as its own SDK reads them."""

import re
import shutil
from importlib.metadata import distributions
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.ai.ml import load_job, load_online_deployment
from azure.ai.ml._utils._asset_utils import get_ignore_file, get_upload_files_from_folder
from packaging.requirements import Requirement

from conftest import ROOT, edit
from mlops.platform import Sweep
from mlops.platform.azureml.endpoints import AzureEndpoints
from mlops.platform.azureml.sweeps import command_node, sweep_node
from mlops.settings.environments import EndpointSettings
from mlops.settings.search import Points, Search

PARTS = (".amlignore", ".gitignore", "expectations", "mlops", "model", "pipelines", "project.yml", "serving", "steps")
PACKAGES = ("expectations", "mlops", "model", "steps")
LEFTOVERS = (
    ".env",
    ".git/config",
    ".mlops/mlflow.db",
    ".venv/bin/python",
    "data/2013-01.parquet",
    "mlops/__pycache__/config.pyc",
    "out/model/model.pkl",
    "steps/model/__pycache__/train.pyc",
    "tests/model/test_train.py",
    "tests/steps/test_train.py",
    "uv.lock",
)
PLACED = {
    "name": "blue",
    "endpoint_name": "flights-staging",
    "model": "azureml:flights:7",
    "instance_type": "Standard_DS3_v2",
    "instance_count": 2,
}


@pytest.fixture
def used(tmp_path):
    """A project in which work was done."""
    for name in PARTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for name in LEFTOVERS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def uploaded(folder, ignore_file):
    """The files that the SDK would upload, relative to the folder."""
    return {name for _, name in get_upload_files_from_folder(folder, ignore_file=ignore_file)}


def source_files(folder):
    """The project's own files in the folders that the steps are made of."""
    found = (path for part in PACKAGES for path in (folder / part).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found if "__pycache__" not in path.parts}


def components(folder):
    return {name: node.component for name, node in load_job(folder / "pipelines" / "train.yml").jobs.items()}


def training_environments(folder):
    """The versions of the environments of all steps but the one that serves."""
    return {each.environment.version for name, each in components(folder).items() if name != "try_serving"}


def deployment(folder):
    return load_online_deployment(folder / "serving" / "deployment.yml", params_override=[PLACED])


def test_the_pipeline_is_a_job_of_azure_ml():
    job = load_job(ROOT / "pipelines" / "train.yml")
    assert job._validate().passed
    steps = ["validate_data", "split_data", "train", "try_serving", "evaluate", "diagnose", "gate"]
    assert list(job.jobs) == steps


def test_a_training_job_uploads_what_its_steps_need_and_no_more(used):
    for component in components(used).values():
        with component._build_code() as code:
            folder = Path(code.base_path, code.path).resolve()
            assert folder == used.resolve()
            assert uploaded(folder, code._ignore_file) == {*source_files(used), "project.yml"}


def test_all_steps_of_training_run_in_one_environment_whose_version_is_its_content(used):
    (before,) = training_environments(used)
    edit(used / "pipelines" / "image" / "Dockerfile", "ARG PYTHON", "# another\nARG PYTHON")
    (after,) = training_environments(used)
    assert after != before


SEARCH = Search(
    trials=2, minutes=90, space={"depth": Points(low=1, high=9), "family": Points(choices=["trees", "a forest"])}
)


def sweep_job(search, higher=True):
    """What is submitted for that search, as the job and as its request."""
    job = sweep_node(
        "tune-1", Sweep("tune-1", search, "auc", higher, Path("train.parquet")), "azureml:rows:1"
    )._to_job()
    return job, job._to_rest_object().as_dict()["properties"]


def test_a_trial_uploads_and_runs_in_what_training_does(used, monkeypatch):
    monkeypatch.chdir(used)
    sweep, _ = sweep_job(SEARCH)
    lone = command_node(
        "tune-1-as-it-is", Sweep("tune-1", SEARCH, "auc", True, Path("train.parquet")), "azureml:rows:1"
    )
    for job, trial in ((sweep, sweep.trial), (lone._to_job(), lone._to_job())):
        assert (Path(job.base_path) / trial.code).resolve() == used.resolve()
        assert {trial.environment.version} == training_environments(used)
        assert trial.command.startswith("python -m steps.try_parameters --split ${{inputs.split}}")
    assert sweep.compute == load_job(used / "pipelines" / "train.yml").settings.default_compute


def test_a_sweep_is_told_what_the_search_says(used, monkeypatch):
    monkeypatch.chdir(used)
    job, sent = sweep_job(SEARCH)
    assert job.trial.command.endswith(" --parameters 'depth=${{search_space.depth}}' 'family=${{search_space.family}}'")
    assert sent["searchSpace"] == {"depth": ["quniform", [0.5, 9.5, 1]], "family": ["choice", [["trees", "a forest"]]]}
    assert sent["objective"] == {"goal": "maximize", "primaryMetric": "auc"}
    limits = {"maxConcurrentTrials": 2, "maxTotalTrials": 2, "timeout": "PT1H30M", "jobLimitsType": "Sweep"}
    assert sent["limits"] == limits and "earlyTermination" not in sent
    _, other = sweep_job(Search(space=SEARCH.space), higher=False)
    assert other["objective"]["goal"] == "minimize" and "timeout" not in other["limits"]
    assert (other["limits"]["maxConcurrentTrials"], other["limits"]["maxTotalTrials"]) == (4, 40)


def test_the_model_is_tried_in_the_very_environment_that_it_will_be_served_in(used):
    tried, served = components(used)["try_serving"].environment, deployment(used).environment
    assert tried.version == served.version


def test_training_jobs_have_the_versions_that_are_installed_here():
    """Otherwise: uv run pin --keep."""
    text = (ROOT / "pipelines" / "image" / "requirements.txt").read_text(encoding="utf-8")
    wanted = [Requirement(line) for line in re.findall(r"^(\w.*?) \\$", text, re.MULTILINE)]
    pinned = {each.name: str(each.specifier) for each in wanted if each.marker is None or each.marker.evaluate()}
    here = {each.name.lower().replace("_", "-"): each.version for each in distributions()}
    assert {"mlflow", "azureml-mlflow"} <= pinned.keys()
    assert {name for name in pinned if name in here} >= {"mlflow", "scikit-learn", "pandas", "great-expectations"}
    assert {name: wanted for name, wanted in pinned.items() if name in here} == {
        name: f"=={here[name]}" for name in pinned if name in here
    }, "what only a job needs is not installed here"


def test_a_deployment_has_what_the_file_says_and_what_it_is_given():
    body = deployment(ROOT)
    assert (body.name, body.endpoint_name, body.model) == ("blue", "flights-staging", "flights:7")
    body.environment, body.code_configuration.code, body.model = "environment", "code", "model"  # as once resolved
    rest = body._to_rest_object(location="eastus").as_dict()
    properties = rest["properties"]
    assert (properties["instanceType"], rest["sku"]["capacity"]) == ("Standard_DS3_v2", 2)
    assert properties["codeConfiguration"] == {"codeId": "code", "scoringScript": "score.py"}
    workers = int(properties["environmentVariables"]["WORKER_COUNT"])
    assert properties["requestSettings"] == {"maxConcurrentRequestsPerInstance": workers, "requestTimeout": "PT30S"}
    assert properties["livenessProbe"] and properties["readinessProbe"]
    always = {"dataCollectionMode": "enabled", "samplingRate": 1.0}
    assert properties["dataCollector"]["collections"] == {"model_inputs": always, "model_outputs": always}


def test_a_deployment_uploads_its_scoring_script_and_what_it_explains_with(used):
    loaded = deployment(used)
    folder = used / "serving" / loaded.code_configuration.code
    assert uploaded(folder, get_ignore_file(folder)) == {loaded.code_configuration.scoring_script, "explanation.py"}


@pytest.mark.parametrize(("explain", "switch"), [(True, "1"), (False, None)])
def test_a_deployment_says_why_where_the_environment_allows_it(monkeypatch, explain, switch):
    monkeypatch.chdir(ROOT)
    settings = EndpointSettings(name="flights", instance_type="Standard_DS3_v2", instance_count=1, explain=explain)
    workspace = SimpleNamespace(model_id="azureml:{}:{}".format, settings=None)
    endpoints = AzureEndpoints(workspace, settings)
    wanted = endpoints._wanted("flights", "blue", "flights", 7)
    variables = wanted.environment_variables
    assert variables.get("EXPLAIN") == switch and variables["WORKER_COUNT"] == "4"
    endpoints._autoscale = SimpleNamespace(range=lambda *_: (1, 1))
    there = {**vars(wanted), "name": "blue", "model": wanted.model, "provisioning_state": "Succeeded"}
    seen = endpoints._deployment("flights", SimpleNamespace(**there))
    assert (seen.explain, seen.instance_type) == (explain, "Standard_DS3_v2"), "what a plan compares"


def test_a_deployments_environment_is_new_when_its_requirements_are(used):
    before = deployment(used).environment
    with (used / "serving" / "image" / "requirements.txt").open("a", encoding="utf-8") as file:
        file.write("# another\n")
    assert before.version != deployment(used).environment.version
    assert uploaded(before.path, get_ignore_file(before.path)) == {"Dockerfile", "requirements.in", "requirements.txt"}
