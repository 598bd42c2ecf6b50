"""A fault at every write of a rollout: one more `apply`, and the endpoint rests on one version."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

import pytest
from forked import KILLED, Applying, Run, killing
from rollouts import BETTER, GOOD, PATH, REJECTED, Bench, open_benches

from conftest import Project
from standin.faults import AFTER, BEFORE, Fault, drop, refuse
from standin.operations import HOST as MANAGEMENT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="`apply` is forked from a warm process: Linux only")

MOST_WRITES = 40  # of a rollout, to Azure Resource Manager
LANES = 2  # faults that are tried at a time
FAULTS: dict[str, tuple[Callable[["Future[Applying]"], Fault], str]] = {
    "killed before": (killing, BEFORE),
    "killed after": (killing, AFTER),
    "409": (lambda applying: refuse(409), BEFORE),
    "429": (lambda applying: refuse(429, retry_after=1), BEFORE),
    "503": (lambda applying: refuse(503, retry_after=1), BEFORE),
    "connection lost": (lambda applying: drop, BEFORE),
    "reply lost": (lambda applying: drop, AFTER),
}


@pytest.fixture(scope="module")
def benches(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    with open_benches(LANES, tmp_path_factory.mktemp("rollouts"), installed.folder) as benches:
        yield benches


@pytest.fixture(scope="module")
def writes(benches: list[Bench]) -> int:
    """How many writes of any kind there are in a rollout of the second version that nothing disturbs."""
    benches[0].back()
    run = benches[0].apply(BETTER)
    assert run.code == 0, run.output
    return len(benches[0].writes())


def test_a_rollout_takes_few_writes(benches: list[Bench], writes: int) -> None:
    first = [entry for entry in benches[0].first_writes if entry.host == MANAGEMENT]
    assert 5 < len(first) <= MOST_WRITES
    assert 15 < writes <= MOST_WRITES


@pytest.mark.parametrize("kind", FAULTS)
def test_one_more_apply_mends_a_fault_at_any_write(
    kind: str, benches: list[Bench], writes: int, subtests: pytest.Subtests
) -> None:
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def on_a_free_one(number: int) -> None:
        bench = free.get()
        try:
            one_fault(bench, kind, number)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(benches)) as lanes:
        cases = [lanes.submit(on_a_free_one, number) for number in range(1, writes + 1)]
        for number, case in enumerate(cases, 1):
            with subtests.test(write=number):
                case.result()


def one_fault(bench: Bench, kind: str, number: int) -> None:
    """Apply with the fault at the n-th write, and once more: the endpoint is at rest, and no client noticed."""
    make, when = FAULTS[kind]
    applying: Future[Applying] = Future()
    bench.back()
    bench.order(number, make(applying), when)
    with bench.asked_meanwhile() as asker:
        applying.set_result(bench.start(BETTER))
        first = applying.result().end()
        struck = bench.writes()[number - 1]
        where = f"{kind} at {struck.method} {struck.host}{struck.path}\n{first.output}"
        check_end(first, kind, where)
        if first.code == KILLED:
            bench.let_lease_go()
        before, asked = len(bench.writes()), len(bench.azure.log)
        again = bench.apply(BETTER)
    where += again.output
    assert again.code == (0 if first.code == 0 else again.code), where
    assert len(bench.writes()) == before or first.code != 0, where
    check_rest(bench, again, where)
    check_traffic(bench, where)
    refused = [entry.path for entry in bench.azure.log[asked:] if entry.host == MANAGEMENT and entry.status == 409]
    assert not refused, f"it is to wait for what the first one left under way\n{where}"
    bench.azure.check()
    assert asker.statuses == {200}, where


def check_end(run: Run, kind: str, where: str) -> None:
    """A killed one was killed; any other has succeeded, or says in one line why not."""
    if kind.startswith("killed"):
        assert run.code == KILLED, where
    else:
        assert run.code == 0 or run.gave_up_in_one_line, where


def check_rest(bench: Bench, run: Run, where: str) -> None:
    """Fully promoted, or fully rolled back with the reason remembered."""
    seen = bench.seen()
    promoted = run.code == 0 and seen.at_rest_on == BETTER
    rolled_back = run.code == 1 and seen.at_rest_on == GOOD and seen.tags.get(f"{REJECTED}{BETTER}")
    assert promoted or rolled_back, f"{seen}\n{where}"


def check_traffic(bench: Bench, where: str) -> None:
    """No write of the endpoint leaves its traffic out, or sends another sum than 100."""
    bodies = [entry.body for entry in bench.writes() if entry.path == PATH and entry.method == "PUT"]
    assert bodies, where
    assert {sum(body["properties"]["traffic"].values()) for body in bodies} == {100}, where
