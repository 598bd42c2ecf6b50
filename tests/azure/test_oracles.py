"""Do the oracles pass what is right and catch what is wrong? Each mistake is one that a stand-in or an SDK has made."""

import os
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standin.oracles import TYPES_VARIABLE, Target, bicep, check, problems, target, wheel

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/flight-delays"
ENDPOINT, DEPLOYMENT = "workspaces/onlineEndpoints", "workspaces/onlineEndpoints/deployments"
MODEL, JOB, SCHEDULE = "workspaces/models/versions", "workspaces/jobs", "workspaces/schedules"
VERSIONS = {
    ENDPOINT: "2022-02-01-preview",
    DEPLOYMENT: "2023-04-01-preview",
    MODEL: "2023-08-01-preview",
    JOB: "2024-01-01-preview",
    SCHEDULE: "2023-06-01-preview",
}
PIPELINE = {
    "jobType": "Pipeline",
    "experimentName": "train",
    "inputs": {"data": {"jobInputType": "uri_folder", "uri": "azureml://datastores/d/paths/p"}},
    "outputs": {"model": {"jobOutputType": "uri_folder"}},
    "jobs": {"train": {"componentId": "c", "computeId": "", "type": "command"}},
}
BODIES: dict[str, dict[str, Any]] = {
    ENDPOINT: {"location": "westeurope", "properties": {"authMode": "Key", "traffic": {"blue": 100}}},
    DEPLOYMENT: {
        "location": "westeurope",
        "sku": {"name": "Default", "capacity": 1},
        "properties": {
            "endpointComputeType": "Managed",
            "instanceType": "Standard_DS3_v2",
            "scaleSettings": {"scaleType": "Default"},
            "requestSettings": {"requestTimeout": "PT5S"},
        },
    },
    MODEL: {
        "properties": {"modelType": "custom_model", "modelUri": "azureml://jobs/j/outputs/model", "isArchived": False}
    },
    JOB: {"properties": PIPELINE},
    SCHEDULE: {
        "properties": {
            "trigger": {"triggerType": "Cron", "expression": "0 3 * * *"},
            "action": {"actionType": "CreateJob", "jobDefinition": PIPELINE},
        }
    },
}


@dataclass(frozen=True)
class Mistake:
    kind: str
    path: str  # where in the body
    value: Any  # what stands there; None: nothing does
    only: str = "both"  # the one oracle that catches it

    def __str__(self) -> str:
        return f"{self.kind.rsplit('/', 1)[-1]} {self.path}={self.value}"

    def body(self) -> dict[str, Any]:
        body = deepcopy(BODIES[self.kind])
        *way, last = self.path.split(".")
        place = body
        for key in way:
            place = place[key]
        if self.value is None:
            del place[last]
        else:
            place[last] = self.value
        return body


MISTAKES = [
    Mistake(ENDPOINT, "properties.trafic", {"blue": 100}),
    Mistake(ENDPOINT, "properties.traffic", "blue"),
    Mistake(ENDPOINT, "properties.traffic.blue", "100"),
    Mistake(ENDPOINT, "properties.traffic.blue", True),
    Mistake(ENDPOINT, "properties.scoringUri", "https://x"),
    Mistake(ENDPOINT, "location", None),
    Mistake(ENDPOINT, "properties", None),
    Mistake(ENDPOINT, "properties.authMode", "Password", only="wheel"),
    Mistake(DEPLOYMENT, "properties.endpointComputeType", None),
    Mistake(DEPLOYMENT, "properties.endpointComputeType", "Cloud"),
    Mistake(DEPLOYMENT, "properties.containerResourceRequirements", {}),  # for Kubernetes only
    Mistake(DEPLOYMENT, "properties.provisioningState", "Succeeded"),
    Mistake(DEPLOYMENT, "properties.requestSettings.requestTimeout", 5),
    Mistake(DEPLOYMENT, "properties.requestSettings.requestTimeout", "5 s", only="wheel"),
    Mistake(DEPLOYMENT, "properties.appInsightsEnabled", "yes"),
    Mistake(DEPLOYMENT, "sku.capacity", "1"),
    Mistake(DEPLOYMENT, "sku.tier", "Cheap"),
    Mistake(MODEL, "properties.modelURI", "azureml://x"),
    Mistake(MODEL, "properties.tags", ["a"]),
    Mistake(MODEL, "properties.isArchived", "no"),
    Mistake(JOB, "properties.jobType", "Pipelines"),
    Mistake(JOB, "properties.inputs.data.jobInputType", "uri_directory"),
    Mistake(JOB, "properties.status", "Running"),
    Mistake(SCHEDULE, "properties.trigger.triggerType", "Crontab"),
    Mistake(SCHEDULE, "properties.trigger.expression", None),
]


@pytest.fixture
def folder() -> Path:
    if TYPES_VARIABLE not in os.environ:
        pytest.skip(f"{TYPES_VARIABLE} names no folder with Microsoft's types")
    return Path(os.environ[TYPES_VARIABLE])


@dataclass
class Entry:
    method: str
    path: str
    body: Any = None
    reply: Any = None
    status: int = 200
    host: str = "management.azure.com"
    api_version: str | None = "2022-02-01-preview"


@pytest.mark.parametrize("kind", BODIES)
def test_a_right_body_passes_the_wheel(kind: str) -> None:
    assert wheel.check(kind, BODIES[kind], sent=True) == []


@pytest.mark.parametrize("kind", BODIES)
def test_a_right_body_passes_the_types(kind: str, folder: Path) -> None:
    assert bicep.check(folder, Target(kind, "flights"), VERSIONS[kind], BODIES[kind], sent=True) == []


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if one.only in ("both", "wheel")], ids=str)
def test_the_wheel_catches(mistake: Mistake) -> None:
    found = wheel.check(mistake.kind, mistake.body(), sent=True)
    assert found and mistake.path.rsplit(".", 1)[-1] in str(found)


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if one.only == "both"], ids=str)
def test_the_types_catch(mistake: Mistake, folder: Path) -> None:
    found = bicep.check(folder, Target(mistake.kind, "flights"), VERSIONS[mistake.kind], mistake.body(), sent=True)
    assert found and mistake.path.rsplit(".", 1)[-1] in str(found)


def test_the_types_catch_a_name_that_does_not_fit(folder: Path) -> None:
    what = Target(ENDPOINT, "_flights")
    assert "does not match" in str(bicep.check(folder, what, VERSIONS[ENDPOINT], BODIES[ENDPOINT], sent=True))


def test_the_types_know_the_actions(folder: Path) -> None:
    keys, logs = Target(ENDPOINT, "flights", "listKeys"), Target(DEPLOYMENT, "blue", "getLogs")
    assert bicep.check(folder, keys, VERSIONS[ENDPOINT], {"primaryKey": "a", "secondaryKey": "b"}, sent=False) == []
    assert bicep.check(folder, keys, VERSIONS[ENDPOINT], {"key": "a"}, sent=False)
    assert bicep.check(folder, logs, VERSIONS[ENDPOINT], {"tail": "many"}, sent=True)
    assert bicep.check(folder, Target(ENDPOINT, "flights", "listSecrets"), VERSIONS[ENDPOINT], {}, sent=False)


@pytest.mark.parametrize(("body", "number"), [({"keyType": "Primary"}, 0), ({"keyType": "Third"}, 1), ({"key": 1}, 2)])
def test_an_action_without_an_answer_is_known_by_the_wheel(body: dict[str, Any], number: int) -> None:
    regenerate = Target(ENDPOINT, "flights", "regenerateKeys")
    assert len(check(regenerate, VERSIONS[ENDPOINT], body, sent=True)) == number


def test_an_api_version_without_types_is_a_problem(folder: Path) -> None:
    assert bicep.check(folder, Target(ENDPOINT, "flights"), "1999-01-01", {}, sent=True)


def test_a_kind_without_a_model_is_a_problem() -> None:
    assert wheel.check("workspaces/pets", {}, sent=True) == ["the wheel has no model of workspaces/pets"]


def test_a_reply_may_hold_what_is_read_only_and_must_hold_what_is_required() -> None:
    read = deepcopy(BODIES[ENDPOINT])
    read["properties"] |= {"provisioningState": "Succeeded", "scoringUri": "https://x"}
    assert wheel.check(ENDPOINT, read, sent=False) == []
    del read["properties"]["authMode"]
    assert wheel.check(ENDPOINT, read, sent=False) == ["$.properties: required 'authMode' is missing"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", "/onlineEndpoints/e", Target("workspaces/onlineEndpoints", "e")),
        ("GET", "/onlineEndpoints/e/deployments", Target("workspaces/onlineEndpoints/deployments", None)),
        ("POST", "/onlineEndpoints/e/listKeys", Target("workspaces/onlineEndpoints", "e", "listKeys")),
        ("GET", "", Target("workspaces", "flight-delays")),
    ],
)
def test_a_path_names_a_resource_a_list_or_an_action(method: str, path: str, expected: Target) -> None:
    assert target(method, WORKSPACE + path) == expected


def test_a_poll_is_not_a_resource() -> None:
    provider = WORKSPACE.split("/resourceGroups", 1)[0] + "/providers/Microsoft.MachineLearningServices"
    assert target("GET", f"{provider}/locations/westeurope/mfeOperationsStatus/1") is None


def test_both_directions_of_an_exchange_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TYPES_VARIABLE, raising=False)
    good, bad = BODIES[ENDPOINT], {"location": "westeurope"}
    path = f"{WORKSPACE}/onlineEndpoints/flights"
    assert problems(Entry("PUT", path, body=good, reply=good)) == []
    assert ["request" in line for line in problems(Entry("PUT", path, body=bad, reply=good))] == [True]
    assert ["reply" in line for line in problems(Entry("PUT", path, body=good, reply=bad))] == [True]
    assert problems(Entry("PUT", path, body=good, reply={"error": {}}, status=409)) == []
    listed = {"value": [{**good, "name": "one"}, {**bad, "name": "two"}]}
    assert len(problems(Entry("GET", path.rsplit("/", 1)[0], reply=listed))) == 1
    assert problems(Entry("PUT", path, body=bad, host="flights.westeurope.inference.ml.azure.com")) == []


def test_the_number_that_the_sdk_sends_in_a_code_version_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TYPES_VARIABLE, raising=False)
    body = {"properties": {"codeUri": "https://x", "properties": {"hash_sha256": "abc", "hash_version": 202208}}}
    assert check(Target("workspaces/codes/versions", "1"), None, body, sent=True) == []
    body["properties"]["properties"]["hash_sha256"] = 1
    assert len(check(Target("workspaces/codes/versions", "1"), None, body, sent=True)) == 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(kind=st.sampled_from(list(BODIES)), properties=ANYTHING)
def test_no_body_breaks_the_wheel(kind: str, properties: Any) -> None:
    found = wheel.check(kind, {**BODIES[kind], "properties": properties}, sent=True)
    assert found or isinstance(properties, dict)


@pytest.mark.skipif(TYPES_VARIABLE not in os.environ, reason=f"{TYPES_VARIABLE} names no folder with Microsoft's types")
@given(kind=st.sampled_from(list(BODIES)), properties=ANYTHING)
def test_no_body_breaks_the_types(kind: str, properties: Any) -> None:
    body = {**BODIES[kind], "properties": properties}
    found = bicep.check(Path(os.environ[TYPES_VARIABLE]), Target(kind, "flights"), VERSIONS[kind], body, sent=True)
    assert found or isinstance(properties, dict)
