"""What goes wrong on one machine, done for real: crashes, kills between two writes, taken ports, damaged files."""

import sqlite3
import sys
import time
from contextlib import closing

import pytest
from filelock import FileLock
from local_project import LIMIT, NAME, PAYLOAD, kill, make_endpoints, run_python, scoring_processes, script, steady_load
from waiting import wait_until

from mlops import UserError
from mlops.data.files import write_json
from mlops.platform.local import endpoint_state, hosting, processes
from mlops.platform.local.client import healthy
from mlops.platform.local.endpoint_state import STATE_FILE
from mlops.platform.local.records import RECORDS_FILE
from mlops.platform.local.traffic import statistics

KILLED = 9
DIE_BEFORE_WRITE = """
writes = 0
def dying(folder, new, real=endpoint_state.write_state):
    global writes
    writes += 1
    if writes == {number}:
        os._exit(9)
    real(folder, new)
hosting.write_state = module.write_state = dying
"""


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory):
    """Endpoints whose scoring script needs no model."""
    models = tmp_path_factory.mktemp("models")
    for version in ("1", "2"):
        (models / version).mkdir()
    made = make_endpoints(tmp_path_factory, "faults", models)
    with script(made):
        yield made
    made.stop()


@pytest.fixture
def endpoint(endpoints):
    """All traffic on blue; nothing else there, whatever the test before left behind."""
    endpoints.create(NAME, 0)
    assert endpoints.deploy(NAME, "blue", "flights", 1).state == "ready"
    endpoints.update(NAME, {"blue": 100}, {}, {})
    endpoints.delete_deployment(NAME, "green")
    return endpoints


def router_processes(endpoints):
    return processes.find_marked([hosting.router_marker(endpoints.root / NAME)])


def test_a_crashed_slot_is_reported_and_healed(endpoint):
    endpoint.deploy(NAME, "green", "flights", 2)
    endpoint.update(NAME, {"green": 100}, {}, {})
    since = time.time()
    kill(*scoring_processes(endpoint, "green"))
    reply = endpoint.score(NAME, PAYLOAD)
    assert (reply.status, reply.slot) == (502, "green")
    assert endpoint.measure(NAME, since, LIMIT)["green"].errors == 1
    assert endpoint.score(NAME, PAYLOAD, "blue").status == 200
    crashed = endpoint.observe(NAME).deployments["green"]
    assert crashed.state == "failed"
    assert crashed.reason.startswith("its process ended: ")
    with pytest.raises(UserError, match="green is not ready to serve"):
        endpoint.update(NAME, {"green": 100}, {}, {})
    assert endpoint.deploy(NAME, "green", "flights", 2).state == "ready"
    assert endpoint.observe(NAME).traffic == {"blue": 0, "green": 100}
    assert endpoint.score(NAME, PAYLOAD).status == 200


def test_a_script_that_does_not_start_fails_its_slot_alone(endpoint):
    with script(endpoint, init="raise ValueError('the model is not for this script')"):
        failed = endpoint.deploy(NAME, "green", "flights", 2)
    assert (failed.state, failed.reason) == ("failed", "ValueError: the model is not for this script")
    assert endpoint.observe(NAME).deployments["green"] == failed
    assert "the model is not for this script" in endpoint.logs(NAME, "green")
    assert scoring_processes(endpoint, "green") == []
    assert endpoint.score(NAME, PAYLOAD, "green").status == 502
    assert endpoint.score(NAME, PAYLOAD).slot == "blue"
    assert endpoint.deploy(NAME, "green", "flights", 2).state == "ready"


def test_a_script_that_never_gets_ready_is_ended(endpoint, monkeypatch):
    monkeypatch.setattr(hosting, "START_LIMIT", 1.0)
    monkeypatch.setattr(processes, "GRACE", 0.3)
    with script(endpoint, init="import threading; threading.Event().wait()"):
        failed = endpoint.deploy(NAME, "green", "flights", 2)
    assert (failed.state, failed.reason) == ("failed", "not ready after 1 s")
    assert scoring_processes(endpoint, "green") == []


def test_a_process_that_hangs_is_replaced(endpoint, monkeypatch):
    monkeypatch.setattr(hosting, "HEALTH_LIMIT", 0.3)
    monkeypatch.setattr(processes, "GRACE", 0.3)
    (hanging,) = scoring_processes(endpoint, "blue")
    for process in [hanging, *hanging.children()]:
        process.suspend()
    with steady_load(endpoint, clients=2) as answers:
        wait_until(lambda: statistics(endpoint.state(NAME)).under_way == {"blue": 2})
        assert endpoint.deploy(NAME, "blue", "flights", 1).state == "ready"
        assert not hanging.is_running()
        wait_until(lambda: answers[200, "blue"])
    assert {status for status, _ in answers} == {200, 502}, "nobody waits for a process that hangs"
    assert endpoint.score(NAME, PAYLOAD).status == 200


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_deploy_killed_anywhere_is_done_by_the_next(endpoint, number):
    """Killed before anything is written, before the start is written down, and before it is called ready."""
    code, said = run_python(
        DIE_BEFORE_WRITE.format(number=number) + f"endpoints.deploy({NAME!r}, 'green', 'flights', 2)", endpoint
    )
    assert code == KILLED, said
    wait_until(lambda: len(scoring_processes(endpoint, "green")) == (number > 1))  # it may not have its name at once
    left = endpoint.observe(NAME).deployments.get("green")
    assert (left and left.state) == [None, "failed", "creating"][number - 1]
    assert endpoint.deploy(NAME, "green", "flights", 2).state == "ready"
    assert len(scoring_processes(endpoint, "green")) == 1
    assert endpoint.score(NAME, PAYLOAD, "green").status == 200


@pytest.mark.parametrize("number", [1, 2])
def test_a_create_killed_anywhere_is_done_by_the_next(endpoints, number):
    endpoints.delete(NAME)
    code, said = run_python(DIE_BEFORE_WRITE.format(number=number) + f"endpoints.create({NAME!r}, 0)", endpoints)
    assert code == KILLED, said
    wait_until(lambda: number == 1 or healthy(endpoints.state(NAME).port))
    endpoints.create(NAME, 0)
    assert len(router_processes(endpoints)) == 1
    assert endpoints.measure(NAME, 0, LIMIT) == {}
    assert endpoints.score(NAME, PAYLOAD).body == {"error": "no deployment gets traffic"}
    endpoints.delete(NAME)
    assert router_processes(endpoints) == []


def test_without_its_router_no_deployment_is_ready_until_it_is_deployed_again(endpoint):
    endpoint.deploy(NAME, "blue", "flights", 1)
    kill(*router_processes(endpoint))
    blue = endpoint.observe(NAME).deployments["blue"]
    assert (blue.state, blue.reason) == ("stopped", "the endpoint's router is not running")
    assert endpoint.deploy(NAME, "blue", "flights", 1).state == "ready"
    assert endpoint.observe(NAME).deployments["blue"].state == "ready"


def test_without_its_router_nothing_is_measured_and_the_next_write_brings_it_back(endpoint):
    since = time.time()
    endpoint.score(NAME, PAYLOAD)
    assert (
        endpoint.measure(NAME, since, LIMIT)["blue"].requests == 1
    )  # on disk: what a killed router has not written is lost
    kill(*router_processes(endpoint))
    for ask in (lambda: endpoint.measure(NAME, since, LIMIT), lambda: endpoint.score(NAME, PAYLOAD)):
        with pytest.raises(OSError, match="refused"):
            ask()
    endpoint.update(NAME, {"blue": 100}, {}, {})
    endpoint.score(NAME, PAYLOAD)
    assert endpoint.measure(NAME, since, LIMIT)["blue"].requests == 2


def test_lost_records_are_no_measurement(endpoint):
    record = endpoint.root / NAME / RECORDS_FILE
    kill(*router_processes(endpoint))
    for path in record.parent.glob(f"{RECORDS_FILE}*"):
        path.unlink()
    record.mkdir()
    endpoint.update(NAME, {"blue": 100}, {}, {})
    since = time.time()
    assert endpoint.score(NAME, PAYLOAD).status == 200
    with pytest.raises(OSError, match="not every request was recorded"):
        endpoint.measure(NAME, since, LIMIT)
    record.rmdir()
    later = time.time()
    assert endpoint.score(NAME, PAYLOAD).status == 200
    assert endpoint.measure(NAME, later, LIMIT)["blue"].requests == 1
    with pytest.raises(OSError, match="not every request was recorded"):
        endpoint.measure(NAME, since, LIMIT)
    kill(*router_processes(endpoint))
    for path in record.parent.glob(f"{RECORDS_FILE}*"):
        path.write_bytes(b"no database" * 1000)
    endpoint.update(NAME, {"blue": 100}, {}, {})
    with pytest.raises(OSError, match="not every request was recorded"):
        endpoint.measure(NAME, later, LIMIT)
    assert record.with_name(f"{RECORDS_FILE}-damaged").exists()
    assert served_anew(endpoint)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no file that is open")
def test_records_that_somebody_deletes_begin_anew(endpoint):
    since = time.time()
    assert endpoint.score(NAME, PAYLOAD).status == 200
    assert endpoint.measure(NAME, since, LIMIT)["blue"].requests == 1
    for path in (endpoint.root / NAME).glob(f"{RECORDS_FILE}*"):
        path.unlink()
    with pytest.raises(OSError, match="not every request was recorded"):
        endpoint.measure(NAME, since, LIMIT)
    assert served_anew(endpoint)


def test_what_another_version_served_in_the_slot_is_not_this_ones(endpoint):
    since = time.time()
    assert endpoint.score(NAME, PAYLOAD).status == 200
    assert endpoint.measure(NAME, since, LIMIT)["blue"].requests == 1
    with closing(sqlite3.connect(endpoint.root / NAME / RECORDS_FILE)) as database, database:
        database.execute("UPDATE requests SET version = version + 1")
    assert endpoint.measure(NAME, since, LIMIT)["blue"].requests == 0


def served_anew(endpoint):
    """Whether what is asked from now on is on record, for a rollout and for monitoring."""
    since = time.time()
    assert endpoint.score(NAME, PAYLOAD).status == 200
    measured, collected = endpoint.measure(NAME, since, LIMIT), endpoint.collected(NAME, since)
    return (measured["blue"].requests, len(collected)) == (1, 1)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"port": 8101}', '{"port": "8101", "key": "k"}'])
def test_a_damaged_state_is_named(tmp_path, content):
    (tmp_path / STATE_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=rf"{STATE_FILE}.*; run `stop`, delete .* and apply again"):
        endpoint_state.read_state(tmp_path)


SLOT = {"model": "flights", "version": 1, "port": 8103, "state": "ready", "reason": "", "process": None}
ODD = {
    "key: must be of letters": {"key": ""},
    "key: must be of letters, digits": {"key": "\u2028"},
    "port": {"port": 0},
    "router.pid": {"router": {"pid": -1, "created": 1.0}},
    "traffic.blue": {"traffic": {"blue": 101}},
    "traffic: blue has some, and is no deployment": {"traffic": {"blue": 100}},
    r"deployments.\.\./\.\./x": {"deployments": {"../../x": SLOT}},
    "deployments.blue.state": {"deployments": {"blue": SLOT | {"state": "fine"}}},
}


@pytest.mark.parametrize("key", ODD)
def test_what_cannot_be_in_a_state_is_named(tmp_path, key):
    write_json(tmp_path / STATE_FILE, {"port": 8101, "key": "k"} | ODD[key])
    with pytest.raises(UserError, match=rf"{STATE_FILE}: {key}.*; run `stop`, delete .* and apply again$"):
        endpoint_state.read_state(tmp_path)


def test_a_damaged_state_can_be_cleared_away(endpoint):
    (endpoint.root / NAME / STATE_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="not valid JSON"):
        endpoint.observe(NAME)
    assert endpoint.stop() == [f"{NAME}: router, blue"]
    endpoint.delete(NAME)
    endpoint.create(NAME, 0)
    assert endpoint.observe(NAME).deployments == {}


def test_a_half_written_state_of_a_killed_command_is_no_state(endpoint):
    leftover = endpoint.root / NAME / f".{STATE_FILE}.x7"
    leftover.write_text('{"port": ', encoding="utf-8")
    endpoint.update(NAME, {"blue": 100}, {}, {})
    assert not leftover.exists()


def test_two_commands_do_not_change_an_endpoint_at_once(endpoint, monkeypatch):
    monkeypatch.setattr(endpoint_state, "LOCK_TIMEOUT", 0.1)
    with FileLock(endpoint.root / f"{NAME}.lock"), pytest.raises(UserError, match="another command is changing it"):
        endpoint.update(NAME, {}, {}, {})
    assert endpoint.observe(NAME).traffic == {"blue": 100}


def test_stop_ends_all_and_apply_brings_it_back(endpoint):
    url, key = endpoint.url(NAME), endpoint.key(NAME)
    assert endpoint.stop() == [f"{NAME}: router, blue"]
    assert endpoint.stop() == []
    assert router_processes(endpoint) == scoring_processes(endpoint, "blue") == []
    stopped = endpoint.observe(NAME)
    assert (stopped.deployments["blue"].state, stopped.traffic) == ("stopped", {"blue": 100})
    assert stopped.deployments["blue"].reason == "it was stopped; `apply` starts it again"
    assert endpoint.deploy(NAME, "blue", "flights", 1).state == "ready"
    assert (endpoint.url(NAME), endpoint.key(NAME)) == (url, key)
    assert endpoint.score(NAME, PAYLOAD).slot == "blue"
