"""Does the real SDK find in the stand-in what it finds in Azure, by the same rules, and is all else refused loudly?"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from conftest import TEMPLATE
from standin import StandIn, images
from standin.cloud import SUBSCRIPTION

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import JobSchedule

NAME = "flight-delays"
ARM = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with StandIn(tmp_path_factory.mktemp("azure"), registries=["shared"]) as azure:
        yield azure


@pytest.fixture
def inside(azure: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is asked here goes to the stand-in, and no contract is broken."""
    for name, value in azure.secret_login.items():
        monkeypatch.setenv(name, value)
    azure.log.clear()
    yield
    azure.check()
    azure.log.clear()


@pytest.fixture
def client(inside: None) -> "MLClient":
    return make_client()


def make_client() -> "MLClient":
    from azure.ai.ml import MLClient
    from azure.identity import EnvironmentCredential

    return MLClient(EnvironmentCredential(), SUBSCRIPTION, NAME, NAME, show_progress=False, enable_telemetry=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with a file of its own, so that no two tests upload the same."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a file.txt").write_text(str(tmp_path))
    return tmp_path / "files"


def test_a_workspace_tells_its_region_and_its_default_datastore(client: "MLClient") -> None:
    assert client.workspaces.get(NAME).location == "westeurope"
    assert client.datastores.get_default().name == "workspaceblobstore"


def test_models_are_numbered_and_the_newest_is_the_latest(client: "MLClient", folder: Path) -> None:
    from azure.ai.ml.entities import Model

    made = [client.models.create_or_update(Model(name="numbered", path=str(folder))).version for _ in range(2)]
    assert made == ["1", "2"]
    assert client.models.get("numbered", label="latest").version == "2"
    assert [one.version for one in client.models.list(name="numbered")] == ["2", "1"]


def test_a_registry_has_what_a_workspace_shared_with_it_under_one_number_once(
    client: "MLClient", folder: Path, tmp_path: Path
) -> None:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model
    from azure.core.exceptions import HttpResponseError
    from azure.identity import EnvironmentCredential

    def share(version: str, registry: str = "shared") -> None:
        target = {"share_with_name": "common", "share_with_version": version, "registry_name": registry}
        client.models.share("common", version, **target)

    client.models.create_or_update(Model(name="common", path=str(folder), tags={"run_id": "some"}))
    share("1")
    registry = MLClient(EnvironmentCredential(), SUBSCRIPTION, registry_name="shared", enable_telemetry=False)
    assert [(one.version, one.tags) for one in registry.models.list(name="common")] == [("1", {"run_id": "some"})]
    registry.models.download("common", "1", download_path=str(tmp_path / "to"))
    assert [path.read_text() for path in (tmp_path / "to").rglob("a file.txt")] == [str(tmp_path)]
    with pytest.raises(Exception, match="already exists in registry"):
        share("1")
    with pytest.raises(HttpResponseError, match=r"There is no asset|was not found"):
        share("9")
    with pytest.raises(HttpResponseError, match="was not found"):
        share("1", "nowhere")


def test_what_is_not_there_is_not_found(client: "MLClient") -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError):
        client.models.get("numbered", version="99")
    with pytest.raises(ResourceNotFoundError):
        client.online_endpoints.get("nowhere")


def test_a_path_in_a_datastore_comes_back_in_its_long_form(client: "MLClient") -> None:
    from azure.ai.ml.entities import Data

    path = "azureml://datastores/workspaceblobstore/paths/some/where/"
    made = client.data.create_or_update(Data(name="placed", version="1", path=path, type="uri_folder"))
    home = f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/{NAME}/workspaces/{NAME}"
    assert made.path == f"{home}/datastores/workspaceblobstore/paths/some/where/"


def test_a_version_cannot_be_replaced(client: "MLClient") -> None:
    from azure.ai.ml.entities import Data
    from azure.core.exceptions import ResourceExistsError

    def register(path: str) -> Data:
        path = f"azureml://datastores/workspaceblobstore/paths/{path}"
        return client.data.create_or_update(Data(name="fixed", version="1", path=path, type="uri_folder"))

    register("here/")
    register("here/")
    with pytest.raises(ResourceExistsError, match="already exists"):
        register("there/")


def test_a_model_cannot_be_made_of_what_no_job_left(client: "MLClient") -> None:
    from azure.ai.ml.entities import Model
    from azure.core.exceptions import ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError, match="Job no-job was not found"):
        client.models.create_or_update(Model(name="none", version="1", path="azureml://jobs/no-job/outputs/model"))


def test_environments_keep_their_build_context(
    client: "MLClient", folder: Path, azure: StandIn, tmp_path: Path
) -> None:
    from azure.ai.ml.entities import BuildContext, Environment

    (folder / "Dockerfile").write_text("FROM scratch\n")
    made = client.environments.create_or_update(Environment(name="built", build=BuildContext(path=str(folder))))
    again = client.environments.get("built", version=made.version)
    assert azure.cloud.blobs.download(again.build.path, tmp_path / "back") == 2
    assert (tmp_path / "back" / "a file.txt").read_text() == (folder / "a file.txt").read_text()


def test_blobs_open_with_a_token_and_have_one_holder_of_a_lease(client: "MLClient") -> None:
    from azure.core.exceptions import ResourceExistsError
    from azure.identity import EnvironmentCredential
    from azure.storage.blob import ContainerClient

    store = client.datastores.get_default()
    address = f"https://{store.account_name}.blob.core.windows.net"
    blob = ContainerClient(address, store.container_name, EnvironmentCredential()).get_blob_client("leases/ü & b.txt")
    blob.upload_blob(b"held")
    lease = blob.acquire_lease(15)
    with pytest.raises(ResourceExistsError):
        blob.acquire_lease(15)
    lease.renew()
    lease.release()
    blob.acquire_lease(-1).break_lease(0)
    assert blob.download_blob().readall() == b"held"


def test_a_wrong_secret_opens_nothing(inside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(ClientAuthenticationError, match="Invalid client secret"):
        make_client().workspaces.get(NAME)


@pytest.mark.parametrize("audience", ["https://storage.azure.com", None])
def test_a_token_for_something_else_opens_nothing(audience: str | None, inside: None) -> None:
    from azure.identity import EnvironmentCredential

    token = EnvironmentCredential().get_token(f"{audience}/.default").token if audience else "made.up.token"
    answer = requests.get(f"{ARM}?api-version=1", headers={"Authorization": f"Bearer {token}"}, timeout=300)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "address",
    ["https://example.com/somewhere", f"{ARM}/resourceGroups/g/providers/Microsoft.Web/sites/s?api-version=1"],
)
def test_what_is_not_played_fails_loudly(address: str, azure: StandIn, inside: None) -> None:
    from azure.identity import EnvironmentCredential

    token = EnvironmentCredential().get_token("https://management.azure.com/.default").token
    answer = requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=300)
    assert answer.status_code == 501
    with pytest.raises(AssertionError, match="not played: GET"):
        azure.check()
    azure.log.clear()


def test_a_broken_contract_is_told(azure: StandIn, inside: None) -> None:
    from azure.identity import EnvironmentCredential

    token = EnvironmentCredential().get_token("https://management.azure.com/.default").token
    workspace = f"{ARM}/resourceGroups/{NAME}/providers/Microsoft.MachineLearningServices/workspaces/{NAME}"
    body = {"location": "westeurope", "properties": {"authMode": "Key", "trafic": {"blue": 100}}}
    requests.put(
        f"{workspace}/onlineEndpoints/mistaken?api-version=2022-02-01-preview",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=300,
    )
    with pytest.raises(AssertionError, match="trafic"):
        azure.check()
    azure.log.clear()


def test_the_log_holds_no_signature_and_names_who_asked(client: "MLClient", folder: Path, azure: StandIn) -> None:
    from azure.ai.ml.entities import Data

    client.data.create_or_update(Data(name="logged", path=str(folder), type="uri_folder"))
    signed = azure.cloud.blobs.url(client.datastores.get_default().container_name, "nothing")
    assert requests.get(signed, timeout=300).status_code == 404
    assert {entry.host for entry in azure.log} == {
        "login.microsoftonline.com",
        "management.azure.com",
        "standinstorage.blob.core.windows.net",
    }
    assert not any("sig" in entry.query for entry in azure.log)
    assert any("azure-ai-ml" in entry.user_agent for entry in azure.log)
    assert all(entry.api_version for entry in azure.log if entry.host == "management.azure.com")


def test_what_was_made_outlives_the_stand_in(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.ai.ml.entities import Model

    for life in range(2):
        with StandIn(tmp_path / "azure") as azure, monkeypatch.context() as variables:
            for name, value in azure.secret_login.items():
                variables.setenv(name, value)
            client = make_client()
            if life == 0:
                client.models.create_or_update(Model(name="lasting", path=str(folder)))
            model = client.models.get("lasting", version="1")
            assert azure.cloud.blobs.download(model.path, tmp_path / str(life)) == 1


def rehearse(project: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    start = "import sys; from standin.rehearse import main; sys.exit(main())"
    line = [sys.executable, "-c", start, "--project", str(project), "--", *command]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run(line, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_a_rehearsal_runs_the_command_in_the_project_against_its_own_workspaces(tmp_path: Path) -> None:
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "base.yml").write_text(
        yaml.safe_dump({"workspace": {"resource_group": "group", "name": "shared", "registry": "ours"}})
    )
    (environments / "production.yml").write_text(yaml.safe_dump({"workspace": {"name": "apart"}}))
    program = (
        "import os, sys; from azure.ai.ml import MLClient; from azure.identity import EnvironmentCredential\n"
        "for name in ('shared', 'apart'):\n"
        "    subscription = os.environ['AZURE_SUBSCRIPTION_ID']\n"
        "    client = MLClient(EnvironmentCredential(), subscription, 'group', name)\n"
        "    print(os.path.basename(os.getcwd()), client.workspaces.get(name).name)\n"
        "registry = MLClient(EnvironmentCredential(), subscription, registry_name='ours')\n"
        "print(list(registry.models.list(name='any')))\n"
        "sys.exit(3)"
    )
    done = rehearse(tmp_path, sys.executable, "-c", program)
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines() == [f"{tmp_path.name} shared", f"{tmp_path.name} apart", "[]"]
    assert "nothing here is Azure" in done.stderr
    assert (tmp_path / ".mlops" / "azure" / "state.json").exists()


def test_an_image_is_made_of_its_own_requirements_alone_also_below_a_project(tmp_path: Path) -> None:
    """As in a rehearsal, whose stand-in keeps everything in the project's folder."""
    lines = (TEMPLATE / "serving" / "image" / "requirements.txt").read_text(encoding="utf-8")
    first = re.split(r"\n(?=\w)", lines)[0]  # its hashes stand on indented lines
    name = first.partition("==")[0]
    (tmp_path / "pyproject.toml").write_text(f'[tool.uv]\nconstraint-dependencies = ["{name}==0.0.1"]\n')
    (tmp_path / "images").mkdir()
    images.install(tmp_path / "images" / "one", f"{first}\n".encode(), os.environ)
    assert list((tmp_path / "images" / "one").rglob(f"{name.replace('-', '_')}*.dist-info"))


def test_a_rehearsal_without_a_workspace_says_so_in_one_line(tmp_path: Path) -> None:
    done = rehearse(tmp_path, "true")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{tmp_path / 'environments'}: no file names a workspace; give a project with --project"
    ]


def nightly(time: str = "0 5 * * *", enabled: bool = True) -> "JobSchedule":
    """A schedule that repeats a job."""
    from azure.ai.ml.entities import CronTrigger, JobSchedule

    job = f"{ARM.removeprefix('https://management.azure.com')}/resourceGroups/{NAME}/x/jobs/one"
    trigger = CronTrigger(expression=time, time_zone="UTC")
    return JobSchedule(name="nightly", trigger=trigger, create_job=job, is_enabled=enabled)


def test_a_schedule_is_kept_shown_by_its_view_and_deleted(client: "MLClient") -> None:
    from azure.core.exceptions import ResourceNotFoundError

    client.schedules.begin_create_or_update(nightly()).result()
    assert [one.name for one in client.schedules.list()] == ["nightly"]
    client.schedules.begin_create_or_update(nightly(enabled=False)).result()
    assert [list(client.schedules.list()), client.schedules.get("nightly").is_enabled] == [[], False]
    assert [one.name for one in client.schedules.list(list_view_type="All")] == ["nightly"]
    client.schedules.begin_delete("nightly").result()
    with pytest.raises(ResourceNotFoundError):
        client.schedules.get("nightly")


def test_a_schedule_is_refused_at_a_time_that_is_none_and_of_what_is_not_there(client: "MLClient") -> None:
    from azure.ai.ml.entities import (
        CronTrigger,
        MonitorDefinition,
        MonitoringTarget,
        MonitorSchedule,
        ServerlessSparkCompute,
    )
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

    with pytest.raises(HttpResponseError, match="The cron expression 'daily' is invalid"):
        client.schedules.begin_create_or_update(nightly("daily"))
    definition = MonitorDefinition(
        compute=ServerlessSparkCompute(runtime_version="3.4", instance_type="Standard_E4s_v3"),
        monitoring_target=MonitoringTarget(endpoint_deployment_id="nowhere:blue"),
    )
    trigger = CronTrigger(expression="0 5 * * *")
    with pytest.raises(ResourceNotFoundError):
        client.schedules.begin_create_or_update(
            MonitorSchedule(name="watch", trigger=trigger, create_monitor=definition)
        )
