"""The whole loop on `platform: azureml`, by the same commands as on the local one, through the stand-in of Azure.

The table is somebody's own, taken in by `adopt` alone; the flights go this way on the local platform.
Staging and production are in two workspaces that share models through a registry; the contract suite has one.
"""

import json
import math
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import requests
from looped import ENDPOINT, Looped, asking, like

from conftest import ROOT, Render
from standin import Entry, StandIn
from standin.cloud import SUBSCRIPTION, registry_id, workspace_id
from standin.faults import refuse
from standin.hosts import of_a_job

QUICK = {
    "platform: local": "platform: azureml",
    "registry: null": "registry: shared",
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
AUTOSCALE = "autoscalesettings"


class OnAzure(Looped):
    """A project whose commands meet the stand-in."""

    azure: StandIn

    def variables(self) -> Mapping[str, str]:
        return {**super().variables(), **self.azure.environment, **of_a_job(self.folder)}

    def during(self, name: str, *arguments: str, code: int = 0) -> tuple[str, list[Entry]]:
        """What the command printed, and what it asked of Azure."""
        first = len(self.azure.log)
        printed = self.command(name, *arguments, code=code)
        return printed, self.azure.log[first:]

    def endpoint(self, name: str = ENDPOINT) -> dict:
        """The endpoint, as Azure has it."""
        return self.azure.cloud.get(f"{WORKSPACE}/onlineEndpoints/{name}")

    def served(self) -> dict[str, int]:
        """The versions at production's endpoint, by slot, and that nothing of a rollout is left."""
        endpoint = self.endpoint()
        assert not {"candidate", "started", "live", "since"} & endpoint["tags"].keys()
        [deployment] = self.azure.cloud.children(f"{endpoint['id']}/deployments")
        assert endpoint["properties"]["traffic"] == {deployment["name"]: 100}
        return {deployment["name"]: int(deployment["properties"]["model"].rsplit("/", 1)[1])}

    def scaled(self) -> set[str]:
        """The slots of production's endpoint that have an autoscale setting."""
        settings = (each for each in self.azure.cloud.resources.values() if AUTOSCALE in each["type"].lower())
        return {each["name"].removeprefix(f"{ENDPOINT}-") for each in settings if each["name"].startswith(ENDPOINT)}

    @contextmanager
    def without_a_right_in(self, workspace: str) -> Iterator[None]:
        """As where each environment has an identity of its own: that workspace answers 403."""
        self.azure.faults.forbid(rf"/workspaces/{workspace}(/|$)")
        try:
            yield
        finally:
            self.azure.faults.clear()

    @contextmanager
    def clients(self) -> Iterator[Counter[str]]:
        """Somebody who asks all the while; counts the slots that answered, and failures."""
        body = json.dumps(like(self.read("out/model/probe.json")["request"]))
        key = self.azure.cloud.secret(f"primary key of {self.endpoint()['id']}")
        with requests.Session() as session:
            session.trust_env = False  # this machine's own certificates and proxies
            session.proxies = {"https": self.azure.environment["HTTPS_PROXY"]}
            session.verify = self.azure.environment["REQUESTS_CA_BUNDLE"]
            session.headers.update({"Authorization": f"Bearer {key}", "Content-Type": "application/json"})

            def ask() -> str | int:
                try:
                    answer = session.post(self.endpoint()["properties"]["scoringUri"], data=body)
                except requests.RequestException as error:
                    return f"failed: {error}"
                return answer.headers.get("azureml-model-deployment", "") if answer.ok else answer.status_code

            with asking(ask) as seen:
                yield seen


TABLES, TO_COME = ROOT / "tests" / "own_tables" / "make.py", ("2012-04.parquet", "2012-05.parquet")
IN_PRODUCTION, IN_STAGING = ("flight-delays", "flight-delays"), ("flight-delays", "flight-delays-staging")
WORKSPACE, MADE_IN = (workspace_id(SUBSCRIPTION, *each) for each in (IN_PRODUCTION, IN_STAGING))
REGISTRY = registry_id("shared")


def writes(entries: list[Entry]) -> list[str]:
    """The requests among these that change something, in Azure or in a blob."""
    return [f"{each.method} {each.path}" for each in entries if each.is_write]


@pytest.fixture(scope="module")
def looped(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAzure]:
    """One project for all tests of this file: each goes on where the one before it stopped."""
    project = OnAzure(render(tmp_path_factory.mktemp("azure")).folder)
    project.install()
    project.edit("environments/base.yml", QUICK)
    project.edit(
        "environments/staging.yml", {"endpoint:": f"workspace: {{name: {IN_STAGING[1]}}}\nendpoint:\n  auth: aad_token"}
    )
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("commit", "--quiet", "--all", "--message", "On Azure, quick rollouts")
    images = tmp_path_factory.getbasetemp().parent / "azure-images"  # of all workers
    with StandIn(tmp_path_factory.mktemp("standin"), [IN_PRODUCTION, IN_STAGING], images, ["shared"]) as azure:
        OnAzure.azure = azure
        take_in(project)
        yield project


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
    looped.azure.faults.at(2, refuse(403, "The client does not have authorization"))
    printed, asked = looped.during("register", code=2)
    assert printed.startswith("error: Azure answered 403: The client does not have authorization"), "half-way"
    share = f"POST /mferp/managementfrontend{REGISTRY}/import"
    assert writes(asked) == [f"PUT {MADE_IN}/models/flight-delays/versions/1", share]
    printed, asked = looped.during("register")
    assert "flight-delays:1 registered" in printed and writes(asked) == [share], "what is there is not made again"
    printed, asked = looped.during("register")
    assert "flight-delays:1 was registered before" in printed and writes(asked) == []
    lineage = looped.read("out/model/lineage.json")
    made, shared = (looped.azure.cloud.get(f"{each}/models/flight-delays/versions/1") for each in (MADE_IN, REGISTRY))
    assert lineage["run_id"] in made["properties"]["modelUri"]
    for version in (made, shared):
        assert lineage.items() <= version["properties"]["tags"].items()
        assert version["properties"]["tags"]["verdict"] == "PASS"


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
        "error: Azure answered 400: Unknown compute target 'other'; make the cluster: az ml compute"
    )
    looped.git("checkout", "--", "pipelines")


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
