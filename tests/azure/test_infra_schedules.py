"""Azure's own schedules by `infra`, through the unmodified SDK: made, made so again, followed and taken away.

They start nothing here: what is held against Microsoft's types is what Azure is asked to start.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cli
import measured
import pytest
from looped import Looped
from roles.built_in import BLOB_CONTRIBUTOR, Role
from roles.given import allows
from roles.operations import needed
from subscribed import Done, Subscribed, subscribed

from conftest import Project
from mlops.data.files import hash_folder
from standin import endpoints
from standin.blobs import HOST as BLOBS
from standin.cloud import SUBSCRIPTION, Resource
from standin.faults import refuse
from standin.workspaces import container

PROJECT = "flight-delays"
ENDPOINT = f"{PROJECT}-production"
HOME = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
TRAIN, MONITOR = f"{PROJECT}-train", f"{ENDPOINT}-monitor"
OPTION = 'schedules: {train: "17 3 * * 1", monitor: "7 6 * * *"}'
MAIL = "ada@example.org"
OWNER = Role(["*"])
ROWS = {1: "2013-01.parquet", 2: "2013-02.parquet"}  # of the project's data: what each version was trained on
SDK = "azure-ai-ml"
COLUMNS = "import sys; from pyarrow.parquet import read_schema; print(*read_schema(sys.argv[1]).names)"


def workspace(stage: str) -> str:
    name = f"{PROJECT}-{stage}"
    return f"{HOME}/{name}/providers/Microsoft.MachineLearningServices/workspaces/{name}"


def edited(here: Subscribed, path: str, old: str, new: str) -> None:
    """Change a file of the project, as a commit."""
    file = here.folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")
    here.git("commit", "--quiet", "--all", "--message", f"{old} -> {new}")


@pytest.fixture(scope="module")
def here(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subscribed]:
    place, python = tmp_path_factory.mktemp("scheduled"), Path(Looped(installed.folder).python)
    installed.run("uv", "pip", "install", "--quiet", measured.REQUIREMENT)
    with subscribed(installed.folder, python, cli.installed(tmp_path_factory), place) as here:
        yield here
        here.azure.check()
        if here.counts:  # none where a single test was asked for
            measured.together(measured.SCHEDULES, here.counts)


@pytest.fixture(scope="module")
def plain(here: Subscribed) -> Done:
    """What `up` did without the option."""
    done = here.infra("up", "--yes")
    assert done.code == 0, done.out + done.err
    return done


@pytest.fixture(scope="module")
def trained(here: Subscribed, plain: Done) -> Done:
    """What `up` did once the option was there, and no endpoint yet."""
    edited(here, "infra/parameters.yml", "schedules: null", OPTION)
    edited(here, "infra/parameters.yml", "mail: []", f"mail: [{MAIL}]")
    done = here.counted("up", "--yes")
    assert done.code == 0, done.out + done.err
    assert "schedules: training:\n  time: none -> 17 3 * * 1 UTC\n  state: none -> enabled\n" in done.out
    assert f"  data, a copy: none -> {PROJECT}-data:" in done.out and "champion" not in done.out
    assert "monitor of" not in done.out, "there is nothing to watch yet"
    return done


@pytest.fixture(scope="module")
def watched(here: Subscribed, trained: Done) -> Done:
    """What `up` did after the first rollout."""
    serves(here, "blue", 1)
    plan = here.infra("plan")
    assert (plan.code, plan.wrote) == (1, []), plan.out + plan.err
    head = f"schedules: monitor of what {ENDPOINT} serves:\n"
    assert head in plan.out, plan.out + plan.err
    lines = plan.out[plan.out.index(head) :].splitlines()
    assert lines[1:8] == [
        "  time: none -> 7 6 * * * UTC",
        "  state: none -> enabled",
        f"  deployment: none -> {ENDPOINT}/blue",
        f"  reference: none -> {PROJECT}-reference:1",
        "  limit: none -> 0.1",
        f"  mail: none -> {MAIL}",
        "",
    ]
    done = here.counted("up", "--yes")
    assert done.code == 0, done.out + done.err
    return done


def serves(here: Subscribed, slot: str, version: int) -> None:
    """What `apply` leaves behind: a registered version in a slot with all traffic, and what that collects."""
    cloud, place = here.azure.cloud, workspace("production")
    register(here, version)
    where = {"location": "westeurope", "identity": {"type": "SystemAssigned"}}
    state = {"provisioningState": "Succeeded", "endpointComputeType": "Managed", "instanceType": "Standard_DS3_v2"}
    endpoint = f"{place}/onlineEndpoints/{ENDPOINT}"
    ids = {name: f"{place}/data/{ENDPOINT}-{slot}-{name}/versions/1" for name in ("model_inputs", "model_outputs")}
    for name, id_ in ids.items():
        uri = f"azureml://datastores/workspaceblobstore/paths/modelDataCollector/{ENDPOINT}/{slot}/{name}"
        cloud.put(id_.rpartition("/versions/")[0], {"properties": {"isArchived": False}})
        cloud.put(id_, {"properties": {"dataType": "uri_folder", "dataUri": uri}})
    collected = {name: {"dataCollectionMode": "Enabled", "dataId": id_} for name, id_ in ids.items()}
    model = f"azureml://registries/{PROJECT}/models/{PROJECT}/versions/{version}"
    more = {**endpoints.DEFAULTS, "model": model, "dataCollector": {"collections": collected}}
    traffic = {"traffic": {slot: 100}, "mirrorTraffic": {}, "properties": {}, "provisioningState": "Succeeded"}
    cloud.put(endpoint, {**where, "properties": {"authMode": "Key", **traffic}})
    sku = {"name": "Default", "capacity": 1}
    cloud.put(f"{endpoint}/deployments/{slot}", {**where, "sku": sku, "properties": {**state, **more}})


def register(here: Subscribed, version: int) -> None:
    """A version in the registry that passed its gate, with the rows that it was trained on."""
    cloud, registry = here.azure.cloud, here.azure.cloud.registry(PROJECT)
    folder = here.calls.with_name(f"model-{version}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "MLmodel").write_text(f"version: {version}\n", encoding="utf-8")
    shutil.copy(here.folder / "data" / ROWS[version], folder / "reference.parquet")
    uri = f"https://{BLOBS}/{container(PROJECT)}/models/{PROJECT}/{version}"
    cloud.blobs.upload(folder, uri)
    tags = {
        "run_id": "made",
        "commit": "c0ffee",
        "data_hash": "d",
        "verdict": "PASS",
        "model_hash": hash_folder(folder),
    }
    said = {"modelUri": uri, "modelType": "mlflow_model", "flavors": {}, "properties": {}, "isArchived": False}
    cloud.put(f"{registry}/models/{PROJECT}", {"properties": {"isArchived": False, "latestVersion": str(version)}})
    cloud.put(f"{registry}/models/{PROJECT}/versions/{version}", {"properties": {**said, "tags": tags}})


def schedule(here: Subscribed, name: str) -> Resource:
    """The properties of the schedule, as Azure keeps them."""
    stage = "staging" if name == TRAIN else "production"
    found: Resource = here.azure.cloud.get(f"{workspace(stage)}/schedules/{name}")["properties"]
    return found


def told(here: Subscribed, name: str) -> str:
    """All that it says, but for the steps of a pipeline: what they are sent has a new name each time."""
    said = json.loads(json.dumps(schedule(here, name)))
    said["action"].get("jobDefinition", {}).pop("jobs", None)
    return json.dumps(said, sort_keys=True)


def written(done: Done) -> list[str]:
    """The schedules that it wrote."""
    return [one.rsplit("/", 1)[-1] for one in done.wrote if one.startswith("PUT ") and "/schedules/" in one]


def test_without_the_option_the_sdk_is_not_there_and_azure_is_asked_for_no_schedule(plain: Done) -> None:
    assert not [one for one in plain.asked if "schedules" in one.path.lower() or SDK in one.user_agent]


def test_the_pipeline_is_trained_as_ci_does_with_new_data_each_time_and_not_at_once(
    here: Subscribed, trained: Done
) -> None:
    assert written(trained) == [TRAIN]
    kept = schedule(here, TRAIN)
    trigger = {"triggerType": "Cron", "expression": "17 3 * * 1", "timeZone": "UTC", "startTime": "2026-01-01T00:00:00"}
    assert {key: part for key, part in kept["trigger"].items() if part is not None} == trigger
    job = kept["action"]["jobDefinition"]
    assert list(job["jobs"])[:3] == ["validate_data", "split_data", "train"] and job["settings"]["force_rerun"] is True
    assert "champion" not in job["inputs"] and job["inputs"]["criterion"]["value"] == "superiority"
    told = job["jobs"]["train"]["environment_variables"]
    commits = here.git("log", "--format=%H").splitlines()
    assert told["LINEAGE_COMMIT"] in commits and told["LINEAGE_CI_RUN"] == "none"


def test_the_monitor_holds_what_is_asked_against_what_the_served_version_was_trained_on(
    here: Subscribed, watched: Done
) -> None:
    assert written(watched) == [MONITOR]
    monitor = schedule(here, MONITOR)["action"]["monitorDefinition"]
    assert monitor["monitoringTarget"]["deploymentId"].endswith(f"/onlineEndpoints/{ENDPOINT}/deployments/blue")
    assert monitor["alertNotificationSetting"]["emailNotificationSetting"]["emails"] == [MAIL]
    signal = monitor["signals"]["drift"]
    assert signal["productionData"]["uri"].split("/")[-3] == f"{ENDPOINT}-blue-model_inputs"
    assert {each["threshold"]["value"] for each in signal["metricThresholds"]} == {0.1}
    data = here.azure.cloud.get(f"{workspace('production')}/data/{PROJECT}-reference/versions/1")
    assert signal["referenceData"]["uri"].endswith(data["id"]) and data["properties"]["dataType"] == "mltable"


def test_the_reference_is_a_table_that_spark_can_read_without_times(
    here: Subscribed, watched: Done, tmp_path: Path
) -> None:
    data = here.azure.cloud.get(f"{workspace('production')}/data/{PROJECT}-reference/versions/1")
    here.azure.cloud.blobs.download(data["properties"]["dataUri"], tmp_path)
    [described] = tmp_path.rglob("MLTable")
    assert "read_parquet" in described.read_text(encoding="utf-8")
    command = [str(here.python), "-c", COLUMNS, str(described.with_name("reference.parquet"))]
    columns = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "distance" in columns and "time_hour" not in columns


def test_a_second_up_writes_nothing_and_status_says_yes(here: Subscribed, watched: Done) -> None:
    again = here.infra("up", "--yes")
    assert (again.code, again.lines[-1], again.wrote) == (0, "nothing to do", []), again.out
    status = here.infra("status")
    assert (status.code, status.wrote) == (0, [])
    assert {"yes schedules: training", f"yes schedules: monitor of what {ENDPOINT} serves"} <= {*status.lines}


def test_who_made_them_needs_no_more_than_owner_and_the_storages_files(
    here: Subscribed, trained: Done, watched: Done
) -> None:
    """An owner may do all to resources, and nothing with what is in a storage."""
    needs = {each for one in [*trained.asked, *watched.asked] if (each := asked_of(here, one))}
    beyond = {each.operation for each in needs if not allows(OWNER, each)}
    assert beyond and all("/blobs/" in each for each in beyond)
    assert all(allows(BLOB_CONTRIBUTOR, each) for each in needs if each.operation in beyond)


def asked_of(here: Subscribed, entry: Any) -> Any:
    """What the request needs to be allowed; hosts of others are none of Azure's."""
    known = ("management.azure.com", ".blob.core.windows.net")
    return needed(entry, lambda _: f"{HOME}/any") if entry.host.endswith(known) else None


def test_what_a_hand_has_changed_is_found_and_made_so(here: Subscribed, watched: Done) -> None:
    before = [told(here, name) for name in (TRAIN, MONITOR)]
    schedule(here, TRAIN)["trigger"]["expression"] = "0 0 * * *"
    schedule(here, MONITOR)["isEnabled"] = False
    plan = here.infra("plan")
    assert (plan.code, plan.wrote, plan.lines[-1]) == (1, [], "2 to do: uv run infra up"), plan.out
    assert {"  time: 0 0 * * * UTC -> 17 3 * * 1 UTC", "  state: disabled -> enabled"} <= {*plan.lines}
    done = here.infra("up", "--yes")
    assert done.code == 0 and written(done) == [TRAIN, MONITOR], done.out + done.err
    assert [told(here, name) for name in (TRAIN, MONITOR)] == before


def test_each_refusal_is_one_line(here: Subscribed, watched: Done) -> None:
    schedule(here, TRAIN)["isEnabled"] = False
    here.azure.faults.fail_operation("UserError: No schedule today.")
    failed = here.infra("up", "--yes")
    assert failed.code == 2 and failed.error == "error: Azure: No schedule today"
    assert "  state: failed -> enabled" in here.infra("plan").lines
    here.azure.faults.forbid("/schedules/")
    forbidden = here.infra("status")
    here.azure.faults.clear()
    assert forbidden.code == 2 and "give the identity its role (infra/README.md lists them)" in forbidden.error


def test_files_that_may_not_be_uploaded_are_one_line(here: Subscribed, watched: Done) -> None:
    edited(here, "project.yml", "max_iter: 60", "max_iter: 61")
    here.azure.faults.of_blobs = True
    here.azure.faults.at(1, refuse(403), times=200)
    failed = here.infra("up", "--yes")
    here.azure.faults.clear()
    here.azure.faults.of_blobs = False
    assert failed.code == 2 and failed.error.startswith("error: Azure answered 403"), failed.err


def test_after_a_rollout_both_follow(here: Subscribed, watched: Done) -> None:
    serves(here, "green", 2)
    edited(here, "environments/production.yml", "version: null", "version: 2")
    done = here.infra("up", "--yes")
    assert done.code == 0 and written(done) == [TRAIN, MONITOR], done.out + done.err
    assert f"  deployment: {ENDPOINT}/blue -> {ENDPOINT}/green" in done.lines
    assert f"  reference: {PROJECT}-reference:1 -> {PROJECT}-reference:2" in done.lines
    assert any(one.startswith(f"  champion, a copy: none -> {PROJECT}-champion:") for one in done.lines)
    assert "champion" in schedule(here, TRAIN)["action"]["jobDefinition"]["inputs"]


def test_data_that_change_in_their_place_are_no_copy_and_what_has_no_time_is_taken_away(
    here: Subscribed, watched: Done
) -> None:
    edited(here, "project.yml", "uri: data ", "uri: azureml://datastores/workspaceblobstore/paths/flights/ ")
    edited(here, "infra/parameters.yml", 'monitor: "7 6 * * *"', "monitor: null")
    done = here.counted("up", "--yes")
    assert done.code == 0 and written(done) == [TRAIN], done.out + done.err
    assert "  data: none -> workspaceblobstore/flights/" in done.lines
    assert f"schedules: monitor of what {ENDPOINT} serves:\n  there -> none\n" in done.out
    assert [one.rsplit("/", 1)[-1] for one in done.wrote if one.startswith("DELETE ")] == [MONITOR]
    again = here.infra("plan")
    assert (again.code, again.lines[-1]) == (0, "nothing to do"), again.out


def test_down_takes_them_away_first_also_one_that_is_disabled(here: Subscribed, watched: Done) -> None:
    kept = schedule(here, TRAIN)
    here.azure.cloud.put(f"{workspace('production')}/schedules/{MONITOR}", {"properties": {**kept, "isEnabled": False}})
    done = here.infra("down", "--yes", PROJECT)
    assert (done.code, done.lines[-1]) == (0, "nothing of the project is left in Azure"), done.out + done.err
    names = [one.rsplit("/", 1)[-1] for one in done.wrote]
    assert names[0] == TRAIN and names.index(MONITOR) < names.index(ENDPOINT)
