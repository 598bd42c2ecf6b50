"""Do ordered faults happen at the very write they were ordered for, and do operations end as they were told to?"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from standin import StandIn
from standin.cloud import SUBSCRIPTION, workspace_id
from standin.faults import AFTER, BEFORE, DroppedError, Faults, RefusalError, drop, refuse
from standin.login import signed_token

WORKSPACE = workspace_id(SUBSCRIPTION, "flight-delays", "flight-delays")
VERSION = "2022-02-01-preview"
ENDPOINT = {"location": "westeurope", "properties": {"authMode": "Key"}}


@dataclass
class Caller:
    """Somebody who asks as the SDK does, but never again by himself."""

    azure: StandIn

    def __call__(self, method: str, name: str, body: Any = None) -> requests.Response:
        variables = self.azure.environment
        return requests.request(
            method,
            f"https://management.azure.com{name}?api-version={VERSION}",
            json=body,
            headers={"Authorization": f"Bearer {signed_token(self.azure.cloud, 'https://management.azure.com')}"},
            proxies={"https": variables["HTTPS_PROXY"]},
            verify=variables["REQUESTS_CA_BUNDLE"],
            timeout=300,
        )

    def write(self, number: int) -> requests.Response:
        return self("PUT", path(number), {"properties": {"image": "image"}})

    def kept(self, number: int) -> bool:
        return self("GET", path(number)).status_code == 200


def path(number: int) -> str:
    return f"{WORKSPACE}/environments/faulty/versions/{number}"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with StandIn(tmp_path_factory.mktemp("azure")) as azure:
        yield azure
        azure.check()


@pytest.fixture
def call(azure: StandIn) -> Iterator[Caller]:
    yield Caller(azure)
    azure.faults.clear()
    for number in range(1, 5):
        azure.cloud.remove(path(number))


@pytest.mark.parametrize("status", [403, 409, 429, 500, 503])
def test_the_ordered_write_is_refused_and_nothing_else(status: int, azure: StandIn, call: Caller) -> None:
    azure.faults.at(2, refuse(status, retry_after=7))
    assert [call.write(number).status_code for number in (1, 2, 3)] == [201, status, 201]
    assert [call.kept(number) for number in (1, 2, 3)] == [True, False, True]


def test_a_refusal_says_when_to_come_back(azure: StandIn, call: Caller) -> None:
    azure.faults.at(1, refuse(429, retry_after=7))
    assert call.write(1).headers["Retry-After"] == "7"


def test_a_lasting_refusal_lasts(azure: StandIn, call: Caller) -> None:
    azure.faults.at(1, refuse(500), times=3)
    assert [call.write(1).status_code for _ in range(4)] == [500, 500, 500, 201]


@pytest.mark.parametrize(("when", "kept"), [(BEFORE, False), (AFTER, True)])
def test_a_dropped_connection_loses_the_write_or_only_its_reply(
    when: str, kept: bool, azure: StandIn, call: Caller
) -> None:
    azure.faults.at(1, drop, when)
    with pytest.raises(requests.ConnectionError):
        call.write(1)
    assert call.kept(1) == kept


@pytest.mark.parametrize(("when", "kept"), [(BEFORE, False), (AFTER, True)])
def test_a_client_can_be_killed_at_the_very_write(when: str, kept: bool, azure: StandIn, call: Caller) -> None:
    victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    seen = []

    def kill() -> None:
        seen.append(azure.cloud.find(path(1)) is not None)
        victim.kill()
        victim.wait()
        drop()

    azure.faults.at(1, kill, when)
    with pytest.raises(requests.ConnectionError):
        call.write(1)
    assert seen == [kept]
    assert victim.returncode == -9


def test_reads_are_no_writes(azure: StandIn, call: Caller) -> None:
    before = azure.faults.writes
    call.kept(1)
    call("POST", f"{WORKSPACE}/datastores/workspaceblobstore/listSecrets")
    assert azure.faults.writes == before
    call.write(1)
    assert azure.faults.writes == before + 1


@given(ordered=st.dictionaries(st.integers(1, 20), st.sampled_from([429, 500]), max_size=5), writes=st.integers(0, 20))
def test_every_order_is_for_one_write(ordered: dict[int, int], writes: int) -> None:
    faults = Faults()
    for number, status in ordered.items():
        faults.at(number, refuse(status))
    happened = {}
    for _ in range(writes):
        number = faults.count()
        try:
            faults.happen(number, BEFORE)
        except RefusalError as error:
            happened[number] = error.status
    assert happened == {number: status for number, status in ordered.items() if number <= writes}


def test_a_drop_is_no_answer() -> None:
    with pytest.raises(DroppedError):
        drop()


def wait(call: Caller, begun: requests.Response) -> list[dict[str, Any]]:
    """What the operation says of itself until it ends."""
    address = begun.headers["Azure-AsyncOperation"].removeprefix("https://management.azure.com").split("?")[0]
    said = [call("GET", address).json()]
    while said[-1]["status"] == "InProgress":
        said.append(call("GET", address).json())
    return said


def test_a_failed_operation_leaves_a_failed_resource_with_its_reason(azure: StandIn, call: Caller) -> None:
    azure.faults.fail_operation("ImageBuildFailure: no such image")
    *_, last = wait(call, call("PUT", f"{WORKSPACE}/onlineEndpoints/failing", ENDPOINT))
    assert last == {"status": "Failed", "error": {"code": "ImageBuildFailure", "message": "no such image"}}
    failed = call("GET", f"{WORKSPACE}/onlineEndpoints/failing").json()
    assert failed["properties"]["provisioningState"] == "Failed"


def test_an_operation_takes_as_many_polls_as_ordered(azure: StandIn, call: Caller) -> None:
    azure.faults.slow_operation(3)
    said = wait(call, call("PUT", f"{WORKSPACE}/onlineEndpoints/slow", ENDPOINT))
    assert [one["status"] for one in said[-4:]] == ["InProgress"] * 3 + ["Succeeded"]


def test_nobody_writes_to_what_is_being_written(azure: StandIn, call: Caller) -> None:
    name = f"{WORKSPACE}/onlineEndpoints/busy"
    azure.faults.slow_operation(2)
    begun = call("PUT", name, ENDPOINT)
    assert begun.json()["properties"]["provisioningState"] == "Creating"
    assert call("PUT", name, ENDPOINT).status_code == 409
    assert call("DELETE", name).status_code == 409
    wait(call, begun)
    again = call("PUT", name, ENDPOINT)
    assert again.status_code == 200
    wait(call, again)


def test_an_operation_ends_though_nobody_polls_it(azure: StandIn, call: Caller) -> None:
    """As after a client that was killed: whoever looks at the resource next sees the end."""
    name = f"{WORKSPACE}/onlineEndpoints/abandoned"
    azure.faults.slow_operation(2)
    call("PUT", name, ENDPOINT)
    states = [call("GET", name).json()["properties"]["provisioningState"] for _ in range(3)]
    assert states == ["Creating", "Creating", "Succeeded"]


def test_what_is_deleted_is_gone_when_the_operation_has_ended(azure: StandIn, call: Caller) -> None:
    name = f"{WORKSPACE}/onlineEndpoints/leaving"
    wait(call, call("PUT", name, ENDPOINT))
    azure.faults.slow_operation(1)
    begun = call("DELETE", name)
    assert call("GET", name).json()["properties"]["provisioningState"] == "Deleting"
    wait(call, begun)
    assert call("GET", name).status_code == 404
    assert call("DELETE", name).status_code == 204
