"""Does the stand-in run submitted pipelines as Azure ML does: from what was uploaded, as jobs with logs and outputs?"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from conftest import Project
from standin import StandIn, history
from standin.cloud import SUBSCRIPTION

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

WRITE = """\
import argparse, json, os, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--word")
parser.add_argument("--data")
parser.add_argument("--nothing", default="nothing")
parser.add_argument("--out", type=pathlib.Path)
args = parser.parse_args()
data = pathlib.Path(args.data, "data.txt").read_text()
print("writing", args.word)
said = {"said": [args.word, data, args.nothing], "environment": dict(os.environ)}
(args.out / "said.json").write_text(json.dumps(said))
"""
READ = """\
import json, pathlib, sys
given, out, code = sys.argv[1:]
said = json.loads(pathlib.Path(given, "said.json").read_text())["said"]
(pathlib.Path(out) / "read.txt").write_text(" ".join(said))
print("read", *said)
sys.exit(int(code))
"""
LOG = """\
import mlflow, pathlib
with mlflow.start_run() as run:
    mlflow.log_params({"depth": 3})
    mlflow.log_metrics({"roc_auc": 0.75})
    pathlib.Path("note.txt").write_text("noted")
    mlflow.log_artifact("note.txt", "notes")
    print(run.info.run_id)
"""
LOOK = """\
import json, mlflow, sys
name, uri = sys.argv[1:]
mlflow.set_tracking_uri(uri)
run = mlflow.get_run(name)
experiment = mlflow.get_experiment(run.info.experiment_id).name
note = mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/note.txt")
print(json.dumps([run.info.run_id, run.info.status, experiment, run.data.params, run.data.metrics, note]))
"""
COMPONENT = {"type": "command", "version": "1", "code": "src", "environment": "azureml:bare:1"}
WRITER = {
    **COMPONENT,
    "name": "write",
    "inputs": {
        "word": {"type": "string"},
        "data": {"type": "uri_folder"},
        "nothing": {"type": "string", "optional": True},
    },
    "outputs": {"said": {"type": "uri_folder"}},
    "command": "python write.py --word ${{inputs.word}} --data ${{inputs.data}} $[[--nothing ${{inputs.nothing}}]] "
    "--out ${{outputs.said}}",
}
READER = {
    **COMPONENT,
    "name": "read",
    "inputs": {"said": {"type": "uri_folder"}, "code": {"type": "integer"}},
    "outputs": {"heard": {"type": "uri_folder"}},
    "command": "python read.py ${{inputs.said}} ${{outputs.heard}} ${{inputs.code}}",
}
PIPELINE: dict[str, Any] = {
    "type": "pipeline",
    "experiment_name": "talk",
    "settings": {"default_compute": "azureml:cpu-cluster"},
    "inputs": {"word": "hello", "code": 0, "data": {"type": "uri_folder", "path": "data"}},
    "outputs": {"heard": {"type": "uri_folder"}, "said": {"type": "uri_folder"}},
    "jobs": {
        "read": {
            "type": "command",
            "component": "read.yml",
            "inputs": {"said": "${{parent.jobs.write.outputs.said}}", "code": "${{parent.inputs.code}}"},
            "outputs": {"heard": "${{parent.outputs.heard}}"},
        },
        "write": {
            "type": "command",
            "component": "write.yml",
            "inputs": {"word": "${{parent.inputs.word}}", "data": "${{parent.inputs.data}}"},
            "outputs": {"said": "${{parent.outputs.said}}"},
        },
    },
}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with StandIn(tmp_path_factory.mktemp("azure")) as azure:
        yield azure
        azure.check()


@pytest.fixture
def client(azure: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "MLClient":
    return connect(azure, tmp_path, monkeypatch)


def connect(azure: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch) -> "MLClient":
    """The SDK in front of the stand-in, in whose workspace there is an image with nothing but Python."""
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import BuildContext, Environment
    from azure.identity import DefaultAzureCredential

    for name, value in azure.secret_login.items():
        monkeypatch.setenv(name, value)
    client = MLClient(DefaultAzureCredential(), SUBSCRIPTION, "flight-delays", "flight-delays")
    write(folder / "image", {"Dockerfile": "FROM scratch\n", "requirements.txt": ""})
    client.environments.create_or_update(
        Environment(name="bare", version="1", build=BuildContext(path=str(folder / "image")))
    )
    return client


def write(folder: Path, files: Mapping[str, Any]) -> None:
    """Write the files, those that are no text as YAML."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")


def submit(
    client: "MLClient",
    folder: Path,
    pipeline: dict[str, Any] = PIPELINE,
    writer: dict[str, Any] = WRITER,
    **inputs: Any,
) -> str:
    """Submit the pipeline with these inputs. The job's name."""
    from azure.ai.ml import load_job

    write(folder, {"src/write.py": WRITE, "src/read.py": READ, "src/log.py": LOG, "data/data.txt": "some data"})
    write(folder, {"write.yml": writer, "read.yml": READER, "pipeline.yml": pipeline})
    overrides = [{f"inputs.{name}": value} for name, value in inputs.items()]
    return client.jobs.create_or_update(load_job(folder / "pipeline.yml", params_override=overrides)).name


def finished(client: "MLClient", name: str) -> str:
    """The state of the job once it is over. What it streams goes to the test's output."""
    from azure.ai.ml.exceptions import JobException

    try:
        client.jobs.stream(name)
    except JobException as error:
        print(error.message)
    return client.jobs.get(name).status


def output(client: "MLClient", name: str, which: str, folder: Path) -> Path:
    """Where the job's output is now."""
    client.jobs.download(name, output_name=which, download_path=folder)
    return folder / "named-outputs" / which


def test_a_pipeline_is_run_from_what_was_uploaded(
    client: "MLClient", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = submit(client, tmp_path, word="goodbye")
    write(tmp_path, {"src/write.py": "raise SystemExit('not uploaded')"})
    assert finished(client, name) == "Completed"
    assert (output(client, name, "heard", tmp_path) / "read.txt").read_text() == "goodbye some data nothing"
    log = capsys.readouterr().out
    assert log.index("write:") < log.index("read:")
    assert log.count("Completing processing run id") == 2


def test_an_input_may_be_an_asset_or_what_another_job_left(client: "MLClient", tmp_path: Path) -> None:
    from azure.ai.ml.entities import Data

    write(tmp_path, {"words/data.txt": "other data"})
    client.data.create_or_update(Data(name="words", version="1", path=str(tmp_path / "words")))
    first = submit(client, tmp_path, **{"data.path": "azureml:words:1"})
    assert finished(client, first) == "Completed"
    reader = {**WRITER, "command": "cat ${{inputs.data}}/read.txt > ${{outputs.said}}/said.json # ${{inputs.word}}"}
    pipeline = {**PIPELINE, "jobs": {"write": PIPELINE["jobs"]["write"]}, "outputs": {"said": {"type": "uri_folder"}}}
    second = submit(client, tmp_path, pipeline, reader, **{"data.path": f"azureml://jobs/{first}/outputs/heard"})
    assert finished(client, second) == "Completed"
    assert (output(client, second, "said", tmp_path) / "said.json").read_text() == "hello other data nothing"


def test_a_failed_step_fails_the_job_and_leaves_outputs_and_logs(
    client: "MLClient", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = submit(client, tmp_path, code=3)
    assert finished(client, name) == "Failed"
    assert "Pipeline has some failed steps" in capsys.readouterr().out
    assert (output(client, name, "said", tmp_path) / "said.json").exists()
    assert (output(client, name, "heard", tmp_path) / "read.txt").read_text() == "hello some data nothing"
    steps = {step.display_name: step for step in client.jobs.list(parent_job_name=name)}
    assert {title: step.status for title, step in steps.items()} == {"write": "Completed", "read": "Failed"}
    details = client.jobs._runs_operations.get_run_details(steps["read"].name)
    assert "exited with status code 3" in details.error.error.message
    assert requests.get(details.log_files["user_logs/std_log.txt"]).text == "read hello some data nothing\n"


def test_what_comes_after_a_failed_step_is_not_run(client: "MLClient", tmp_path: Path) -> None:
    name = submit(client, tmp_path, word="it's")  # goes in as it is: the command line ends inside a quote
    assert finished(client, name) == "Failed"
    assert [step.display_name for step in client.jobs.list(parent_job_name=name)] == ["write"]
    assert not output(client, name, "heard", tmp_path).exists()


def test_a_step_has_the_environment_of_a_job_and_nothing_of_ours(
    client: "MLClient", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "yes")
    node = {**PIPELINE["jobs"]["write"], "environment_variables": {"SHAPE": "round"}}
    pipeline = {**PIPELINE, "jobs": {**PIPELINE["jobs"], "write": node}}
    name = submit(client, tmp_path, pipeline)
    assert finished(client, name) == "Completed"
    seen = json.loads((output(client, name, "said", tmp_path) / "said.json").read_text())["environment"]
    (step,) = [step for step in client.jobs.list(parent_job_name=name) if step.display_name == "write"]
    assert (seen["MLFLOW_RUN_ID"], seen["AZUREML_RUN_ID"], seen["AZUREML_ROOT_RUN_ID"]) == (step.name, step.name, name)
    assert (seen["MLFLOW_EXPERIMENT_NAME"], seen["MLFLOW_TRACKING_URI"][:10]) == ("talk", "azureml://")
    assert seen["SHAPE"] == "round"
    assert not {"OURS", "AZURE_CLIENT_SECRET"} & seen.keys()


def test_a_job_without_its_compute_is_refused(client: "MLClient", tmp_path: Path) -> None:
    from azure.core.exceptions import HttpResponseError

    elsewhere = {**PIPELINE, "settings": {"default_compute": "azureml:gpu-cluster"}}
    with pytest.raises(HttpResponseError, match="Unknown compute target 'gpu-cluster'"):
        submit(client, tmp_path, elsewhere)


def test_a_canceled_job_ends(client: "MLClient", tmp_path: Path) -> None:
    name = submit(client, tmp_path, writer={**WRITER, "command": f"{WRITER['command']} && sleep infinity"})
    client.jobs.begin_cancel(name).result()
    assert finished(client, name) == "Canceled"
    assert "read" not in [step.display_name for step in client.jobs.list(parent_job_name=name)]


TRY = """\
import sys, time
print("tried", *sys.argv[1:], flush=True)
time.sleep(600 if sys.argv[1] == "wait" else 0)
sys.exit(sys.argv[1] == "bad")
"""


def sweep(client: "MLClient", folder: Path, name: str, words: list[str], sampling: Any = None, **more: Any) -> str:
    """Submit a sweep of four trials, two at a time. The job's name."""
    from azure.ai.ml import command
    from azure.ai.ml.sweep import Choice, QUniform, RandomSamplingAlgorithm

    write(folder, {"src/try.py": TRY})
    trial = command(
        name=name,
        code=str(folder / "src"),
        command='python try.py "${{search_space.word}}" ${{search_space.depth}} ${{inputs.more}}',
        environment="azureml:bare:1",
        inputs={"more": "too"},
        compute="cpu-cluster",
    )
    job = trial.sweep(
        primary_metric="auc",
        goal="maximize",
        sampling_algorithm=sampling or RandomSamplingAlgorithm(seed=8),
        search_space={"word": Choice(words), "depth": QUniform(0.5, 4.5, 1), **more},
        max_total_trials=4,
        max_concurrent_trials=2,
    )
    return client.jobs.create_or_update(job).name


def trials(client: "MLClient", name: str) -> dict[str, str]:
    """The state of each trial of the sweep, by name."""
    return {job.name: job.status for job in client.jobs.list(parent_job_name=name)}


def said_by(client: "MLClient", job: str) -> str:
    """The log of the job."""
    return requests.get(client.jobs._runs_operations.get_run_details(job).log_files["user_logs/std_log.txt"]).text


def test_a_sweep_tries_points_of_its_space_each_as_a_job_below_it(client: "MLClient", tmp_path: Path) -> None:
    name = sweep(client, tmp_path, "first", ["good", "bad", "it's"])
    assert finished(client, name) == "Completed"
    found = trials(client, name)
    assert sorted(found) == ["first_0", "first_1", "first_2", "first_3"]
    said = {job: said_by(client, job) for job in found}
    assert all(re.fullmatch(r"tried (good|bad|it's) [1234](\.0)? too\n", text) for text in said.values())
    assert {job: "Failed" if " bad " in text else "Completed" for job, text in said.items()} == found
    assert {*found.values()} == {"Completed", "Failed"}, "one that fails takes no other with it"
    again = sweep(client, tmp_path, "again", ["good", "bad", "it's"])
    assert finished(client, again) == "Completed"
    assert {job: said_by(client, job.replace("first", "again")) for job in found} == said, "the seed says which"


def test_a_sweep_without_a_trial_that_ends_well_has_failed_and_a_canceled_one_ends(
    client: "MLClient", tmp_path: Path
) -> None:
    assert finished(client, sweep(client, tmp_path, "bad", ["bad"])) == "Failed"
    name = sweep(client, tmp_path, "endless", ["wait"])
    client.jobs.begin_cancel(name).result()
    assert finished(client, name) == "Canceled"
    assert {*trials(client, name).values()} <= {"Canceled"}


def test_what_a_sampling_does_not_know_is_refused(client: "MLClient", tmp_path: Path) -> None:
    from azure.ai.ml.sweep import LogUniform
    from azure.core.exceptions import HttpResponseError

    with pytest.raises(HttpResponseError, match="Bayesian sampling does not support loguniform"):
        sweep(client, tmp_path, "unknown", ["good"], "bayesian", rate=LogUniform(-2.0, -1.0))
    assert finished(client, sweep(client, tmp_path, "known", ["good"], "bayesian")) == "Completed"


def test_a_command_is_a_job_of_its_own(client: "MLClient", tmp_path: Path) -> None:
    from azure.ai.ml import Input, command

    write(
        tmp_path, {"src/read.py": "import sys; print(open(sys.argv[1] + '/data.txt').read())", "data/data.txt": "here"}
    )
    job = command(
        name="lone-command",
        code=str(tmp_path / "src"),
        command="python read.py ${{inputs.data}}",
        environment="azureml:bare:1",
        inputs={"data": Input(type="uri_folder", path=str(tmp_path / "data"))},
        compute="cpu-cluster",
    )
    assert finished(client, client.jobs.create_or_update(job).name) == "Completed"
    assert said_by(client, "lone-command") == "here\n"


def test_a_job_ends_with_the_stand_in_and_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(tmp_path / "azure") as azure:
        writer = {**WRITER, "command": f"{WRITER['command']} && sleep infinity"}
        name = submit(connect(azure, tmp_path, monkeypatch), tmp_path, writer=writer)
    with StandIn(tmp_path / "azure") as azure:
        assert connect(azure, tmp_path, monkeypatch).jobs.get(name).status == "Canceled"


def test_what_a_step_logs_to_mlflow_is_in_its_run(
    client: "MLClient", azure: StandIn, tmp_path: Path, installed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")  # else azureml-mlflow asks Azure which clouds there are
    installed.run(
        "uv", "sync", "--quiet", "--frozen", "--inexact", "--group", "job"
    )  # the plugin of jobs, beside what is there
    azure.cloud.mlflow_python = installed.folder / ".venv" / "bin" / "python"
    writer = {**WRITER, "command": f"{WRITER['command']} && {shlex.quote(str(azure.cloud.mlflow_python))} log.py"}
    name = submit(client, tmp_path, writer=writer)
    assert finished(client, name) == "Completed"
    (step,) = [step.name for step in client.jobs.list(parent_job_name=name) if step.display_name == "write"]
    seen = installed.run(str(azure.cloud.mlflow_python), "-c", LOOK, step, tracking_uri(client), folder=tmp_path)
    assert json.loads(seen.splitlines()[-1]) == [step, "FINISHED", "talk", {"depth": "3"}, {"roc_auc": 0.75}, "noted"]
    assert not [entry.path for entry in azure.log if "logged-models" in entry.path]


def tracking_uri(client: "MLClient") -> str:
    """Where the workspace says that MLflow is."""
    return client.workspaces.get(client.workspace_name).mlflow_tracking_uri


def test_mlflow_has_no_logged_models_here(client: "MLClient", azure: StandIn) -> None:
    address = f"https://{tracking_uri(client).removeprefix('azureml://')}/api/2.0/mlflow/logged-models"
    from azure.identity import DefaultAzureCredential

    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    assert requests.post(address, json={}, headers={"Authorization": f"Bearer {token}"}).status_code == 404
    assert requests.post(address, json={}).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("history/v1.0{}/runs/nobody/details", None),
        ("history/v1.0{}/experiments/talk/runs/lone/artifacts/contentinfo?path=nothing", None),
        ("history/v1.0{}/rundata", {"runId": "nobody"}),
        ("data/v1.0{}/dataversion/batchGetResolvedUris", {"values": ["azureml://nothing"]}),
    ],
)
def test_what_the_history_has_not_got_is_not_found(
    client: "MLClient", azure: StandIn, path: str, body: dict[str, Any] | None
) -> None:
    from azure.identity import DefaultAzureCredential

    workspace = client.workspaces.get(client.workspace_name).id
    history.begin(azure.cloud, "lone", workspace=workspace, experiment="talk", title="lone")
    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    headers, address = {"Authorization": f"Bearer {token}"}, f"https://{history.HOST}/{path.format(workspace)}"
    method = "GET" if body is None else "POST"
    assert requests.request(method, address, json=body, headers=headers).status_code == 404
    assert requests.request(method, address, json=body).status_code == 401
