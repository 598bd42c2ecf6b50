"""The whole loop on `platform: azureml`, by the same commands as on the local one, through the stand-in of Azure.

`infra up` makes the place that it is in: staging and production in two workspaces that share models through a registry
(the contract suite has one). The table is somebody's own, taken in by `adopt` alone; the flights go this way on the
local platform.
"""

import math
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import cli
import pytest
from looped import ENDPOINT
from on_azure import IN_PRODUCTION, IN_STAGING, MADE_IN, WORKSPACE, OnAzure
from roles.cast import SETS, casts
from roles.operations import needed
from subscribed import REGION, set_up

from conftest import ROOT, Render
from standin import Entry, StandIn
from standin.cloud import SUBSCRIPTION, workspace_id
from standin.faults import refuse

QUICK = {
    "steps: [10, 50, 100]": "steps: [30, 100]",
    "max_instances: 1": "max_instances: 3",
    "bake: 20s": "bake: 2s",
    "min_requests: 30": "min_requests: 20",
    "increase: 0.01": "increase: 0.1",
    "latency_ms: 100": "latency_ms: 999999",
}
HOSTS = re.compile(
    r"login\.microsoftonline\.com|run\.actions\.githubusercontent\.com|management\.azure\.com|westeurope\.(api\.azureml\.ms|metrics\.monitor\.azure\.com)"
    r"|eastus\.api\.azureml\.ms|cert-westeurope\.experiments\.azureml\.net"
    r"|[a-z]+\.blob\.core\.windows\.net|flight-delays-(staging|production)\.westeurope\.inference\.ml\.azure\.com"
)
TABLES, TO_COME = ROOT / "tests" / "own_tables" / "make.py", ("2012-04.parquet", "2012-05.parquet")
REGISTRY = workspace_id(SUBSCRIPTION, "flight-delays-registry", "flight-delays").replace("/workspaces/", "/registries/")


def writes(entries: list[Entry]) -> list[str]:
    """The requests among these that change something, in Azure or in a blob."""
    return [f"{each.method} {each.path}" for each in entries if each.is_write]


@pytest.fixture(scope="module")
def looped(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAzure]:
    """One project for all tests of this file: each goes on where the one before it stopped."""
    project = OnAzure(render(tmp_path_factory.mktemp("azure")).folder)
    project.install()
    project.edit("environments/base.yml", QUICK | in_the_region(project))
    project.edit("environments/staging.yml", {"endpoint:": "endpoint:\n  auth: aad_token"})
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("commit", "--quiet", "--all", "--message", "Quick rollouts")
    place, images = tmp_path_factory.mktemp("standin"), tmp_path_factory.getbasetemp().parent / "azure-images"  # of all
    with set_up(project.folder, Path(project.python), cli.installed(tmp_path_factory), place, images) as here:
        done = here.infra("up", "--yes")
        assert done.code == 0, done.out + done.err
        here.azure.check()
        here.azure.log.clear()
        OnAzure.azure, OnAzure.asked = here.azure, {}
        take_in(project)
        yield project


def in_the_region(project: OnAzure) -> dict[str, str]:
    """The edit that puts the project where the stand-in is."""
    text = (project.folder / "environments" / "base.yml").read_text(encoding="utf-8")
    return {old: new for old, new in REGION.items() if old in text}


def take_in(project: OnAzure) -> None:
    """Somebody's own table in the place of the flights, by `adopt` alone; two of its months are yet to come."""
    table = project.folder.parent / "rentals.csv"
    project.uv_run("python", str(TABLES), "rentals", str(table))
    project.command("adopt", str(table), "--target", "busy", "--time", "hour")
    for month in TO_COME:
        shutil.move(project.folder / "data" / month, project.folder.parent)
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "My table")


def test_the_pipeline_runs_as_a_job_and_brings_verdict_and_report_back(looped: OnAzure) -> None:
    printed, asked = looped.during("run_pipeline")
    assert "Streaming logs" in printed and re.search(r"job \w+ completed: https://ml\.azure\.com/runs/", printed)
    verdict = looped.read("out/gate/verdict.json")
    assert verdict["status"] == "PASS" and verdict["cold_start"]
    assert "PASS" in (looped.folder / "out/report.html").read_text(encoding="utf-8")
    lineage = looped.read("out/model/lineage.json")
    assert lineage["commit"] == looped.git("rev-parse", "HEAD").strip() and lineage["dirty"] == "false"
    assert f"/jobs/{lineage['run_id']}" in "\n".join(writes(asked)), "the job that the model is an output of"
    assert [each for each in writes(asked) if "/data/flight-delays-data/versions/" in each], "the data is an asset"


def test_the_very_model_is_registered_once_and_nothing_is_uploaded_again(looped: OnAzure) -> None:
    run = looped.read("out/model/lineage.json")["run_id"]
    looped.azure.faults.at(3, refuse(403, "The client does not have authorization"))
    printed, asked = looped.during("register", code=2)
    assert printed.startswith("error: Azure answered 403: The client does not have authorization"), "half-way"
    share = f"POST /mferp/managementfrontend{REGISTRY}/import"
    card, model = f"data/flight-delays-card/versions/{run}", "models/flight-delays/versions/1"
    made = [each for each in writes(asked) if "/LocalUpload/" not in each]
    assert made == [f"PUT {MADE_IN}/{card}", f"PUT {MADE_IN}/{model}", share]
    assert {each.rpartition("/")[2] for each in {*writes(asked)} - {*made}} == {"model_card.md", "model_card.html"}
    printed, asked = looped.during("register")
    assert "flight-delays:1 registered" in printed and writes(asked) == [share], "what is there is not made again"
    printed, asked = looped.during("register")
    assert "flight-delays:1 was registered before" in printed and writes(asked) == []
    lineage = looped.read("out/model/lineage.json")
    assert looped.azure.cloud.get(f"{MADE_IN}/{card}")["properties"]["dataUri"].rstrip("/").endswith("/card")
    made, shared = (looped.azure.cloud.get(f"{each}/models/flight-delays/versions/1") for each in (MADE_IN, REGISTRY))
    assert lineage["run_id"] in made["properties"]["modelUri"]
    for version in (made, shared):
        assert lineage.items() <= version["properties"]["tags"].items()
        assert version["properties"]["tags"]["verdict"] == "PASS"
        assert version["properties"]["tags"]["card"] == f"azureml:flight-delays-card:{run}"


def test_two_environments_are_rolled_out_and_a_second_apply_writes_nothing(looped: OnAzure) -> None:
    for environment, another in (("staging", IN_PRODUCTION[1]), ("production", IN_STAGING[1])):
        with looped.without_a_right_in(IN_PRODUCTION[1]):
            looped.command("promote", environment)  # in the job of the stage before
        with looped.without_a_right_in(another):
            assert "+ flight-delays:1 at 100 %" in looped.command("plan", environment, code=1)
            looped.command("apply", environment)
            assert "no difference" in looped.command("plan", environment)
            assert "the answers agree with the offline scores" in looped.command("smoke", environment)
            _, asked = looped.during("apply", environment)
            assert writes(asked) == []
    assert looped.served() == {"blue": 1}


def test_a_green_that_does_not_start_is_rolled_back_with_its_log(looped: OnAzure) -> None:
    for month in TO_COME:
        shutil.copy(looped.folder.parent / month, looped.folder / "data")
    with looped.without_a_right_in(IN_PRODUCTION[1]):  # the champion comes from the registry
        looped.command("run_pipeline")
        assert looped.read("out/gate/verdict.json")["comparison"]["lower"] > 0
        looped.command("register")
        looped.command("promote", "production", "--version", "2")
    looped.edit(
        "serving/score.py", {"    global model, ": '    raise RuntimeError("no luck today")\n    global model, '}
    )
    with looped.clients() as seen:
        printed = looped.command("apply", "production", code=1)
    assert "flight-delays:2 was rolled back: the deployment failed: RuntimeError: no luck today" in printed
    assert "\n  Traceback" in printed, "how its log ends is shown"
    assert looped.served() == {"blue": 1} and seen.keys() == {"blue"}
    printed, asked = looped.during("apply", "production", code=1)
    assert "was rolled back" in printed and writes(asked) == [], "it is remembered"


def test_a_healthy_green_takes_over_step_by_step_and_no_request_is_lost(looped: OnAzure) -> None:
    looped.git("checkout", "--", "serving/score.py")
    since = time.time()
    with looped.clients() as seen:
        printed = looped.command("apply", "production", "--retry")
    assert looped.served() == {"green": 2} and looped.scaled() == {"green"}
    assert seen.keys() == {"blue", "green"}, f"no request may fail: {seen}"
    assert [line.split(": ", 1)[1] for line in printed.splitlines() if "of live traffic on" in line] == [
        "30 % of live traffic on green",
        "100 % of live traffic on green",
    ]
    shares = [entry.body["properties"]["traffic"] for entry in looped.azure.log if sets_traffic(entry)]
    served = shares[shares.index({"blue": 100}) :]
    assert {"blue": 70, "green": 30} in served and all(sum(share.values()) == 100 for share in served)
    slots = [each.deployment.rsplit("/", 1)[1] for each in by_traffic(looped.azure, since)]
    split = slots[slots.index("green") : len(slots) - slots[::-1].index("blue")]  # while both served
    assert len(split) >= 30
    assert abs(split.count("green") - 0.3 * len(split)) <= 5 * math.sqrt(len(split) * 0.21)


def sets_traffic(entry: Entry) -> bool:
    """Whether the request writes the endpoint of production."""
    return entry.method == "PUT" and entry.path.endswith(f"/onlineEndpoints/{ENDPOINT}")


def by_traffic(azure: StandIn, since: float) -> list:
    """The requests that the traffic rules of production's endpoint sent somewhere."""
    mine = (each for each in azure.cloud.scored if f"/{ENDPOINT}/" in each.deployment and each.time >= since)
    return [each for each in mine if each.chosen_by == "traffic"]


def test_a_revert_of_the_promotion_rolls_back(looped: OnAzure) -> None:
    looped.git("revert", "--no-edit", "HEAD")
    with looped.clients() as seen:
        looped.command("apply", "production")
    assert looped.served() == {"blue": 1}
    assert seen.keys() == {"blue", "green"}


def test_the_monitor_reads_what_the_deployments_collected(looped: OnAzure) -> None:
    printed = looped.command("monitor", "production", code=1)
    assert printed.startswith(("DRIFT", "FAULT")), "the clients ask for the same twenty hours all the time"
    assert looped.read("out/monitor/drift.json")["rows"] >= 1000


SEARCH = """
search:
  trials: 4
  folds: 2
  space:
    max_iter: {low: 10, high: 40}
    linear_C: [0.1, 1]  # of no use to trees
"""


def test_a_search_is_a_sweep_that_goes_on_by_itself_and_is_found_again(looped: OnAzure) -> None:
    looped.run("uv", "sync", "--quiet", "--frozen", "--inexact", "--group", "search")
    settings, first = looped.folder / "project.yml", len(looped.azure.log)
    before = settings.read_text(encoding="utf-8")
    looped.edit("project.yml", {"  max_iter: 100\n": "  max_iter: 1\n", "\ngate:\n": f"{SEARCH}\ngate:\n"})
    said = looped.killed_when("search tune-", "mlops.commands.tune", "--on", "staging")
    job = re.match("search (tune-[0-9a-f]{16}): https://ml.azure.com/runs/", said)[1]
    begun = [each.rpartition("/")[2] for each in writes(looped.azure.log[first:]) if "/jobs/" in each]
    assert begun == [f"{job}-as-it-is", job]
    printed, asked = looped.during("tune", "--on", "staging")
    assert printed.startswith(f"search {job}: ") and writes(asked) == [], "it is the same one"
    assert "4 of 4 trials are over; best auc 0." in printed
    found = looped.read("model/search.json")
    assert [each["state"] for each in found["trials"]] == ["complete"] * 4 and found["job"] == job
    assert {name for each in found["trials"] for name in each["params"]} == {"max_iter", "linear_C"}
    assert all(10 <= each["params"]["max_iter"] <= 40 and len(each["values"]) == 2 for each in found["trials"])
    winner = found["trials"][found["winner"]]
    assert winner["value"] == max(each["value"] for each in found["trials"]) > found["default"]["value"]
    model = settings.read_text(encoding="utf-8").partition("\nmodel:")[2].partition("\nsearch:")[0]
    assert f"  max_iter: {winner['params']['max_iter']}\n" in model and "linear_C" not in model
    rows = looped.azure.cloud.children(f"{MADE_IN}/data/flight-delays-training-rows/versions")
    [names] = [looped.azure.cloud.blobs.names(each["properties"]["dataUri"], MADE_IN) for each in rows]
    assert [name.rpartition("/")[2] for name in names] == ["train.parquet"], "no test rows"
    settings.write_text(before, encoding="utf-8")
    (looped.folder / "model" / "search.json").unlink()


def test_a_search_that_fails_is_one_line_and_the_next_one_begins_anew(looped: OnAzure) -> None:
    looped.edit("project.yml", {"\ngate:\n": f"{SEARCH}\ngate:\n".replace("trials: 4", "trials: 1")})
    looped.edit("steps/try_parameters.py", {"import argparse\n": 'import argparse\n\nraise OSError("no luck today")\n'})
    *_, last = looped.command("tune", "--on", "staging", code=2).splitlines()
    failed = re.match(r"error: search (tune-\w{16}) failed: OSError: no luck today; see https://\S+, and run", last)
    cluster = looped.azure.cloud.resources.pop(f"{MADE_IN}/computes/cpu-cluster".lower())
    printed, asked = looped.during("tune", "--on", "staging", code=2)
    looped.azure.cloud.resources[cluster["id"].lower()] = cluster
    assert f"PUT {MADE_IN}/jobs/{failed[1]}-2-as-it-is" in writes(asked), "what failed stays as it is"
    assert (
        "error: Azure answered 400: Unknown compute target 'cpu-cluster'; make the cluster: uv run infra up" in printed
    )
    looped.git("checkout", "--", "project.yml", "steps")


def test_a_failed_step_shows_its_log_and_a_missing_cluster_how_to_make_it(looped: OnAzure) -> None:
    looped.edit("expectations/rentals.json", {'"temp", "min_value": -46,': '"temp", "min_value": 20,'})
    printed, asked = looped.during("run_pipeline", code=1)
    assert "validate_data failed; its log ends:" in printed and "temp values must be" in printed
    data = f"{MADE_IN}/data/flight-delays-data/versions"
    assert len(looped.azure.cloud.children(data)) == 2, "one for each content that was trained on"
    assert not [each for each in writes(asked) if data in each], "this content was there"
    assert not (looped.folder / "out/gate").exists(), "none of an older run may pass for new"
    looped.git("checkout", "--", "expectations")
    looped.edit("pipelines/train.yml", {"azureml:cpu-cluster": "azureml:other"})
    printed = looped.command("run_pipeline", code=2)
    assert printed.startswith(
        "error: Azure answered 400: Unknown compute target 'other'; make the cluster: uv run infra up"
    )
    looped.git("checkout", "--", "pipelines")


@pytest.mark.parametrize("roles", SETS)
def test_each_identity_may_do_by_its_roles_what_it_did(looped: OnAzure, roles: str) -> None:
    """By the roles of `infra up`: where CI has an identity an environment, all of this would have been allowed."""
    cast, get = casts(looped.folder)[roles], looped.azure.cloud.get
    accounts = {
        get(f"{each}/datastores/workspaceblobstore")["properties"]["containerName"]: get(each)["properties"]
        for each in (WORKSPACE, MADE_IN)
    }
    refused = set()
    for who, asked in looped.asked.items():
        for entry in asked:
            need = needed(entry, lambda container: str(accounts[container]["storageAccount"]))
            if need and not cast.may(who, need):
                refused.add(f"{who}: {need.operation} at {need.scope.rpartition('/providers/')[2]}")
    assert {"training", "staging", "production", "monitoring"} == looped.asked.keys()
    assert refused == set()


def test_the_log_is_evidence(looped: OnAzure) -> None:
    azure = looped.azure
    azure.check()
    assert {each.host for each in azure.log if not HOSTS.fullmatch(each.host)} == set()
    assert all(each.api_version for each in azure.log if each.host == "management.azure.com")
    assert not [each.path for each in azure.log if "logged-models" in each.path]
    assert [each for each in azure.log if "/mlflow/" in each.path], "runs were logged"
    secrets = [*azure.cloud.secrets.values(), azure.environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]]
    for path in [each for name in ("out", "environments", ".mlops") for each in (looped.folder / name).rglob("*")]:
        if path.is_file():
            text = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in text], path


def test_nothing_of_the_loop_lands_outside_its_folders(looped: OnAzure) -> None:
    untracked = {line.removeprefix("?? ") for line in looped.git("status", "--porcelain").splitlines()}
    assert untracked == {f"data/{month}" for month in TO_COME}, "which the test put there"
