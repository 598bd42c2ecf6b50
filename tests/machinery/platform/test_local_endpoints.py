"""A local endpoint in service: real scoring processes with a real model, a real router, real HTTP."""

import json
import math
import os
import sys
import time

import numpy as np
import psutil
import pytest
from local_project import LIMIT, NAME, PAYLOAD, make_endpoints, run_python, scoring_processes, script, steady_load
from small_model import ROWS, save_model
from waiting import wait_until

from mlops import UserError
from mlops.data.files import write_json
from mlops.data.model_folder import load_model, model_columns, payload
from mlops.data.scoring_script import scoring_script
from mlops.decide.observed import Traffic
from mlops.platform import DEPLOYMENT_HEADER
from mlops.platform.local.client import ask, healthy
from mlops.platform.local.traffic import statistics

NOT_ALLOWED = "explain: this deployment does not; endpoint.explain of its environment says so"


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory):
    """Version 1 in blue, version 2 in green."""
    models = tmp_path_factory.mktemp("models")
    for version in (1, 2):
        save_model(models / str(version), version)
    made = make_endpoints(tmp_path_factory, "project", models)
    made.create(NAME, 0)
    assert made.deploy(NAME, "blue", "flights", 1).state == "ready", made.logs(NAME, "blue")
    assert made.deploy(NAME, "green", "flights", 2).state == "ready", made.logs(NAME, "green")
    yield made
    made.stop()


@pytest.fixture
def endpoint(endpoints):
    """All traffic on blue."""
    endpoints.update(NAME, {"blue": 100}, {}, {})
    return endpoints


def answering(endpoints, times, slot=None):
    return [endpoints.score(NAME, PAYLOAD, slot).slot for _ in range(times)]


def test_each_slot_answers_with_the_scores_of_its_model(endpoint, tmp_path):
    for slot, version in (("blue", 1), ("green", 2)):
        model = load_model(endpoint.models.download("flights", version, tmp_path / slot))
        reply = endpoint.score(NAME, payload(ROWS), slot)
        assert (reply.status, reply.slot) == (200, slot)
        np.testing.assert_allclose(reply.body["scores"], model.predict_proba(ROWS)[:, 1])
        assert reply.milliseconds > 0


def test_where_the_environment_allows_it_a_deployment_says_why(endpoints, tmp_path_factory):
    models = tmp_path_factory.mktemp("explained")
    save_model(models / "1", 1)
    write_json(models / "1" / "probe.json", {"request": payload(ROWS)})
    made = make_endpoints(tmp_path_factory, "explaining", models)
    made.explain = True
    made.create(NAME, 0)
    try:
        assert made.deploy(NAME, "blue", "flights", 1).state == "ready", made.logs(NAME, "blue")
        seen = [each.observe(NAME).deployments["blue"].explain for each in (made, endpoints)]
        assert seen == [True, False]
        asked = payload(ROWS[:1]) | {"explain": True}
        reply = made.score(NAME, asked, "blue")
        assert reply.status == 200, reply.body
        found = reply.body["explanation"]
        assert found["base"] + sum(found["parts"].values()) == pytest.approx(reply.body["scores"][0])
        refused = endpoints.score(NAME, asked, "blue")
        assert (refused.status, refused.body["error"]) == (400, NOT_ALLOWED)
    finally:
        made.stop()


def test_a_mistaken_request_is_the_clients_fault(endpoint):
    since = time.time()
    reply = endpoint.score(NAME, {"input_data": {"columns": ["carrier"], "data": [["B6"]]}})
    assert (reply.status, reply.body) == (400, {"error": "column 'time_hour': missing"})
    assert endpoint.measure(NAME, since, LIMIT)["blue"].errors == 0


def test_the_split_is_measured_as_clients_saw_it(endpoint):
    endpoint.update(NAME, {"blue": 80, "green": 20}, {}, {"stable": "blue"})
    since = time.time()
    slots = answering(endpoint, 300)
    answering(endpoint, 20, "green")
    measured = endpoint.measure(NAME, since, LIMIT)
    assert {slot: traffic.requests for slot, traffic in measured.items()} == {
        "blue": slots.count("blue"),
        "green": slots.count("green"),
    }
    assert abs(slots.count("green") - 60) <= 5 * math.sqrt(300 * 0.2 * 0.8)
    assert all(traffic.errors == 0 and traffic.p95_ms > 0 for traffic in measured.values())
    observed = endpoint.observe(NAME)
    assert (observed.traffic, observed.tags) == ({"blue": 80, "green": 20}, {"stable": "blue"})


def test_nothing_served_is_said_so(endpoint):
    assert {
        slot: (each.requests, each.errors) for slot, each in endpoint.measure(NAME, time.time(), LIMIT).items()
    } == {
        "blue": (0, 0),
        "green": (0, 0),
    }
    assert math.isnan(endpoint.measure(NAME, time.time(), LIMIT)["blue"].p95_ms)


def test_mirrored_requests_are_collected_and_not_counted_as_live(endpoint):
    endpoint.update(NAME, {"blue": 100}, {"green": 50}, {})
    since = time.time()
    assert set(answering(endpoint, 100)) == {"blue"}
    answering(endpoint, 30, "blue")
    wait_until(lambda: len(endpoint.collected(NAME, since)) > 100)
    assert endpoint.measure(NAME, since, LIMIT)["green"] == Traffic(0, 0, pytest.approx(math.nan, nan_ok=True))
    assert endpoint.measure(NAME, since, LIMIT)["blue"].requests == 100
    samples = endpoint.collected(NAME, since)
    mirrored = [sample for sample in samples if sample["slot"] == "green"]
    assert len(samples) - len(mirrored) == 100
    assert abs(len(mirrored) - 50) <= 5 * math.sqrt(100 * 0.25)
    assert {sample["version"] for sample in mirrored} == {2}
    assert mirrored[0]["inputs"] == PAYLOAD["input_data"]
    assert len(mirrored[0]["outputs"]["scores"]) == 2


def test_the_url_and_the_key_are_all_that_a_client_needs(endpoint, tmp_path):
    port = int(endpoint.url(NAME).removeprefix("http://127.0.0.1:").removesuffix("/score"))
    right = {"Authorization": f"Bearer {endpoint.key(NAME)}", DEPLOYMENT_HEADER: "green"}
    assert ask(port, "/score", body=b"{}", headers=right, timeout=300).status == 400
    assert ask(port, "/score", body=b"{}", headers={"Authorization": "Bearer wrong"}, timeout=300).status == 401
    assert ask(port, "/", timeout=300).status == 200
    document = ask(port, "/swagger.json?version=3", headers=right, timeout=300)
    served = model_columns(endpoint.models.download("flights", 2, tmp_path / "model"))
    assert json.loads(document.body) == scoring_script().openapi(served, "binary", None)


def test_nothing_listens_beyond_this_machine(endpoint):
    state = endpoint.state(NAME)
    for started in [state.router, *(placed.process for placed in state.deployments.values())]:
        listening = [each.laddr.ip for each in psutil.Process(started.pid).net_connections() if each.status == "LISTEN"]
        assert listening == ["127.0.0.1"]


def test_deploying_what_is_there_changes_nothing(endpoint):
    before = endpoint.state(NAME)
    assert endpoint.deploy(NAME, "blue", "flights", 1).state == "ready"
    endpoint.create(NAME, 0)
    assert endpoint.state(NAME) == before


def test_a_serving_slot_is_neither_replaced_nor_deleted(endpoint):
    with pytest.raises(UserError, match="blue serves flights:1; take its traffic away first"):
        endpoint.deploy(NAME, "blue", "flights", 2)
    endpoint.update(NAME, {"blue": 100}, {"green": 10}, {})
    for slot in ("blue", "green"):
        with pytest.raises(UserError, match=f"{slot} has live or mirrored traffic; take it away first"):
            endpoint.delete_deployment(NAME, slot)
    assert {slot: each.version for slot, each in endpoint.observe(NAME).deployments.items()} == {"blue": 1, "green": 2}


def test_an_unknown_version_leaves_the_slot_as_it_is(endpoint):
    with pytest.raises(UserError, match="has no version 9"):
        endpoint.deploy(NAME, "green", "flights", 9)
    assert answering(endpoint, 1, "green") == ["green"]
    assert endpoint.observe(NAME).deployments["green"].version == 2


def test_no_client_fails_while_traffic_flips_and_a_slot_comes_and_goes(endpoint):
    with steady_load(endpoint) as answers:
        for share in (0, 50, 100, 30, 0, 100, 0):
            before = sum(answers.values())
            endpoint.update(NAME, {"blue": 100 - share, "green": share}, {}, {})
            wait_until(lambda before=before: sum(answers.values()) > before + 10)
        endpoint.delete_deployment(NAME, "green")
        assert scoring_processes(endpoint, "green") == []
        endpoint.deploy(NAME, "green", "flights", 2)
        endpoint.update(NAME, {"blue": 0, "green": 100}, {}, {})
    assert {status for status, _ in answers} == {200}, answers
    assert answers[200, "blue"] > 10
    assert answers[200, "green"] > 10


def test_a_slot_is_deleted_only_when_its_last_answer_is_out(endpoint, tmp_path):
    asked, go = tmp_path / "asked", tmp_path / "go"
    wait = (
        "import pathlib, time\n"
        f"    pathlib.Path({str(asked)!r}).touch()\n"
        f"    while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)"
    )
    with script(endpoint, run=wait):
        endpoint.deploy(NAME, "slow", "flights", 1)
    endpoint.update(NAME, {"slow": 100}, {}, {})
    with steady_load(endpoint, clients=3) as answers:  # one is being answered, two wait in line
        wait_until(lambda: statistics(endpoint.state(NAME)).under_way.get("slow") == 3 and asked.exists())
        endpoint.update(NAME, {"blue": 100}, {}, {})
        code, said = run_python(
            f"import threading; threading.Timer(0.3, Path({str(go)!r}).touch).start()\n"
            f"endpoints.delete_deployment({NAME!r}, 'slow')",
            endpoint,
        )
        assert code == 0, said
    assert answers[200, "slow"] == 3, answers
    assert {status for status, _ in answers} == {200}, answers
    assert "slow" not in endpoint.observe(NAME).deployments


def test_a_router_outlives_its_maker(endpoint):
    code, said = run_python("endpoints.create('by-another', 0)", endpoint)
    assert code == 0, said
    assert endpoint.names() == ["by-another", NAME]
    assert healthy(endpoint.state("by-another").port)
    if sys.platform != "win32":
        assert os.getpgid(endpoint.state("by-another").router.pid) != os.getpgid(0), "Ctrl-C would end it"
    endpoint.delete("by-another")
    assert endpoint.observe("by-another") is None
    assert endpoint.names() == [NAME]


def test_refused_traffic_changes_nothing(endpoint):
    before = endpoint.observe(NAME)
    with pytest.raises(UserError, match="traffic must sum to 0 or 100, got 60"):
        endpoint.update(NAME, {"blue": 60}, {}, {"new": "tag"})
    assert endpoint.observe(NAME) == before


def test_an_endpoint_that_is_not_there_is_said_so(endpoint):
    assert endpoint.observe("nowhere") is None
    with pytest.raises(UserError, match=f"there is no endpoint 'nowhere'; there is {NAME}"):
        endpoint.update("nowhere", {}, {}, {})
    endpoint.delete("nowhere")
