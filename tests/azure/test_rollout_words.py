"""What `apply` says when Azure refuses it, when a version fails, and when another run is at work."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from forked import KILLED, PATIENCE, Applying, killing
from rollouts import BETTER, BROKEN, ENDPOINT, GOOD, PATH, REJECTED, WORKSPACE, WRONG, Bench, open_benches

from conftest import Project
from standin.arm import AUTOSCALE
from standin.faults import AFTER, BEFORE, refuse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="`apply` is forked from a warm process: Linux only")

PROJECTS_CLIENT = "python-requests/"  # the SDK's `invoke` calls itself azure-ai-ml
NEVER = 500  # more writes than a rollout has


@pytest.fixture(scope="module")
def opened(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with open_benches(1, tmp_path_factory.mktemp("rollout"), installed.folder) as benches:
        yield benches[0]


@pytest.fixture
def bench(opened: Bench) -> Iterator[Bench]:
    """At rest on the first version; what it is asked keeps to Azure's contracts."""
    opened.back()
    yield opened
    opened.azure.check()


def test_the_public_address_is_asked_past_the_sdk(bench: Bench) -> None:
    """Its `invoke` would send all later requests to the deployment that it was once asked for."""
    assert bench.apply(BETTER).code == 0
    asked = [entry for entry in bench.azure.log if ".inference." in entry.host]
    assert len(asked) > 3
    assert all(entry.user_agent.startswith(PROJECTS_CLIENT) for entry in asked)


def test_a_version_that_answers_wrongly_is_rolled_back_and_remembered(bench: Bench) -> None:
    first, again = bench.apply(WRONG), bench.apply(WRONG)
    assert first.code == again.code == 1
    seen = bench.seen()
    assert seen.at_rest_on == GOOD
    assert seen.tags[f"{REJECTED}{WRONG}"] == "the probe failed: 10 of 10 scores differ from the offline ones"
    assert f"roll back flight-delays:{WRONG}: {seen.tags[f'{REJECTED}{WRONG}']}" in first.output


def test_a_version_that_does_not_start_is_rolled_back_with_the_end_of_its_log(bench: Bench) -> None:
    run = bench.apply(BROKEN)
    assert run.code == 1, run.output
    assert "green failed: FileNotFoundError: no scores.json; its log ends:" in run.output
    assert "  loading the model\n  FileNotFoundError: no scores.json\n" in run.output
    assert bench.seen().at_rest_on == GOOD


def test_a_quota_that_is_used_up_is_one_line_that_says_how_to_mend_it(bench: Bench) -> None:
    bench.azure.cloud.instances = 1
    run = bench.apply(BETTER)
    assert run.gave_up_in_one_line, run.output
    assert "Not enough quota available for Standard_DS3_v2" in run.output
    assert run.output.endswith("; ask for more quota for this instance type, or set another endpoint.instance_type\n")


def test_the_number_of_instances_follows_the_manifest_and_nothing_else_of_what_serves(bench: Bench) -> None:
    deployment = f"{PATH}/deployments/blue"
    setting = f"{WORKSPACE.partition('/providers/')[0]}/providers/{AUTOSCALE}/{ENDPOINT}-blue"
    served = bench.azure.cloud.get(deployment)["properties"]
    for least, most, there in ((2, 2, 2), (1, 3, 2), (2, 4, 2), (1, 1, 1)):  # with room, Azure moves the instances
        with bench.asked_meanwhile() as asker:
            run = bench.apply(GOOD, (least, most))
        assert run.code == 0 and "scale blue to what the manifest says" in run.output, run.output
        assert asker.statuses == {200}
        now = bench.azure.cloud.get(deployment)
        assert now["properties"] == served, "what was changed in serving/ since comes with the next version"
        assert now["sku"]["capacity"] == there
        found = bench.azure.cloud.find(setting)
        capacity = found["properties"]["profiles"][0]["capacity"] if found else None
        assert capacity == (
            {"minimum": str(least), "maximum": str(most), "default": str(least)} if most > least else None
        )
        writes = len(bench.writes())
        assert bench.apply(GOOD, (least, most)).code == 0
        assert len(bench.writes()) == writes, "a second apply writes nothing"


def test_who_never_scales_needs_no_role_for_it(bench: Bench) -> None:
    bench.azure.faults.forbid(AUTOSCALE)
    run = bench.apply(BETTER)
    assert run.code == 0, run.output
    refused = [entry.method for entry in bench.azure.log if AUTOSCALE in entry.path.lower()]
    assert {"GET", "DELETE"} <= set(refused), "they were asked for"
    run = bench.apply(BETTER, (1, 2))
    assert run.gave_up_in_one_line and "; give the identity its role (infra/README.md lists them)" in run.output


@pytest.mark.parametrize("number", [1, 4])
def test_a_missing_role_is_one_line_that_names_the_page_with_all_roles(number: int, bench: Bench) -> None:
    """On the blobs, where the lease is, as well as on the endpoint."""
    bench.azure.faults.at(number, refuse(403, "The client does not have authorization"), BEFORE, times=NEVER)
    run = bench.apply(BETTER)
    assert run.gave_up_in_one_line, run.output
    assert "Azure answered 403: " in run.output
    assert run.output.endswith("; give the identity its role (infra/README.md lists them)\n")


def test_of_two_runs_the_second_is_told_who_holds_the_endpoint(bench: Bench) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    bench.order(5, hold, BEFORE)
    first = bench.start(BETTER, LOGNAME="somebody-else")
    assert begun.wait(PATIENCE)
    second = bench.apply(BETTER)
    go_on.set()
    assert second.code == 3, second.output
    assert second.output.startswith(f"error: {ENDPOINT} is being rolled out by somebody-else on ")
    assert second.output.endswith("; try again when that has ended\n")
    assert first.end().code == 0
    assert bench.seen().at_rest_on == BETTER


def test_the_lease_of_a_run_that_was_killed_is_waited_for(bench: Bench) -> None:
    applying: Future[Applying] = Future()
    bench.order(4, killing(applying), AFTER)
    applying.set_result(bench.start(BETTER))
    assert applying.result().end().code == KILLED
    assert bench.is_held()
    assert bench.apply(BETTER).code == 0
    assert bench.seen().at_rest_on == BETTER
