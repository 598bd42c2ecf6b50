"""Endpoints in service, with real models. A deployment costs money on Azure: these tests share two."""

import math
import random
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from small_model import REQUEST, ROWS
from waiting import wait_until

from mlops import TakenError, UserError
from mlops.data.model_folder import load_model, payload
from mlops.decide.observed import Deployment, Observed

PAYLOAD = {"input_data": REQUEST}
LIMIT = 60_000.0  # ms, which no answer takes
CRASHES = {"input_data": {**REQUEST, "data": [["2013-01-01T05:00:00", "B6", -1.0]]}}


@dataclass
class Failed:
    """What was to be seen of a deployment that failed."""

    deployed: Deployment
    observed: Observed
    refusal: str
    logs: str


@pytest.fixture(scope="module")
def endpoints(bench):
    """The platform's, with an endpoint of the bench's name."""
    endpoints = bench.platform.endpoints
    try:
        endpoints.create(bench.name, 0)
        yield endpoints
    finally:
        endpoints.delete(bench.name)


@pytest.fixture(scope="module")
def failed(bench, endpoints):
    """A model that cannot be loaded was deployed to green, and taken away again."""
    deployed = endpoints.deploy(bench.name, "green", bench.name, bench.version("broken"))
    with pytest.raises(UserError) as refused:
        endpoints.update(bench.name, {"green": 100}, {}, {})
    seen = Failed(deployed, endpoints.observe(bench.name), str(refused.value), endpoints.logs(bench.name, "green"))
    endpoints.delete_deployment(bench.name, "green")
    return seen


@pytest.fixture(scope="module")
def placed(bench, endpoints, failed):
    """The first model in blue, the second in green: what their deploys returned, and what was there then."""
    kinds = {"blue": "first", "green": "second"}
    deployed = {
        slot: endpoints.deploy(bench.name, slot, bench.name, bench.version(kind)) for slot, kind in kinds.items()
    }
    return deployed, endpoints.observe(bench.name)


@pytest.fixture
def served(bench, endpoints, placed):
    """All traffic on blue."""
    endpoints.update(bench.name, {"blue": 100}, {}, {})
    return endpoints


def test_an_endpoint_is_made_once_and_deleted_once(bench):
    endpoints, name = bench.platform.endpoints, f"{bench.name}-2"
    assert endpoints.observe(name) is None
    try:
        endpoints.create(name, 0)
        url = endpoints.url(name)
        endpoints.create(name, 0)
        assert endpoints.url(name) == url
        assert not any([endpoints.observe(name).deployments, endpoints.observe(name).traffic])
    finally:
        endpoints.delete(name)
    assert endpoints.observe(name) is None
    endpoints.delete(name)


def test_an_endpoint_that_is_not_there_is_said_so(bench, endpoints):
    with pytest.raises(UserError, match=f"there is no endpoint 'nowhere'; there is .*{bench.name}"):
        endpoints.update("nowhere", {}, {}, {})


def test_a_model_that_cannot_be_loaded_fails_and_its_log_says_why(bench, failed):
    for seen in (failed.deployed, failed.observed.deployments["green"]):
        assert (seen.slot, seen.model, seen.version) == ("green", bench.name, bench.version("broken"))
        assert seen.state == "failed"
        assert "UnpicklingError" in seen.reason and len(seen.reason.splitlines()) == 1
    assert "UnpicklingError" in failed.logs
    assert failed.refusal == "traffic: green is not ready to serve; deploy to it first"


def test_a_deployment_is_ready_without_traffic(bench, placed):
    deployed, observed = placed
    first, second = bench.version("first"), bench.version("second")
    assert deployed == {
        "blue": Deployment("blue", bench.name, first, "ready"),
        "green": Deployment("green", bench.name, second, "ready"),
    }
    assert observed.deployments == deployed
    assert observed.traffic == {"blue": 0, "green": 0}


def test_deploying_what_is_there_changes_nothing(bench, served):
    before = served.observe(bench.name)
    assert served.deploy(bench.name, "blue", bench.name, bench.version("first")) == before.deployments["blue"]
    served.create(bench.name, 0)
    assert served.observe(bench.name) == before


def test_scaling_leaves_what_serves_as_it_is(bench, served):
    before = served.observe(bench.name)
    served.scale(bench.name, "blue")
    assert served.observe(bench.name) == before
    assert served.score(bench.name, PAYLOAD).slot == "blue"


def test_each_slot_answers_with_the_scores_of_its_model(bench, served, tmp_path):
    for slot, kind in (("blue", "first"), ("green", "second")):
        model = load_model(bench.platform.models.download(bench.name, bench.version(kind), tmp_path / slot))
        reply = served.score(bench.name, payload(ROWS), slot)
        assert (reply.status, reply.slot) == (200, slot)
        np.testing.assert_allclose(reply.body["scores"], model.predict_proba(ROWS)[:, 1])
        assert reply.milliseconds > 0
    assert served.score(bench.name, PAYLOAD).slot == "blue"


def test_an_update_sets_traffic_mirror_and_tags_in_one_go(bench, served):
    served.update(bench.name, {"blue": 100}, {"green": 10}, {"stable": "blue", "old": "tag"})
    served.update(bench.name, {"blue": 100, "green": 0}, {"green": 50}, {"stable": "blue"})
    observed = served.observe(bench.name)
    assert (observed.traffic, observed.mirror) == ({"blue": 100, "green": 0}, {"green": 50})
    assert observed.tags["stable"] == "blue"
    assert "old" not in observed.tags


@pytest.mark.parametrize(
    ("traffic", "mirror", "message"),
    [
        ({"blue": 60}, {}, "traffic must sum to 0 or 100, got 60"),
        ({"blue": 100, "red": 0}, {}, "there is no deployment 'red'; there is blue, green"),
        ({"blue": 100}, {"green": 51}, "mirror: green must get a whole number from 0 to 50, got 51"),
        ({"blue": 100}, {"blue": 10}, "mirror: blue has live traffic"),
    ],
)
def test_a_refused_update_changes_nothing(bench, served, traffic, mirror, message):
    before = served.observe(bench.name)
    with pytest.raises(UserError, match=message):
        served.update(bench.name, traffic, mirror, {"new": "tag"})
    assert served.observe(bench.name) == before


def test_a_slot_with_traffic_is_neither_replaced_nor_deleted(bench, served):
    served.update(bench.name, {"blue": 100}, {"green": 10}, {})
    before = served.observe(bench.name)
    for slot, other in (("blue", "second"), ("green", "first")):
        with pytest.raises(UserError, match=f"{slot} serves .*; take its traffic away first"):
            served.deploy(bench.name, slot, bench.name, bench.version(other))
        with pytest.raises(UserError, match=f"{slot} has live or mirrored traffic; take it away first"):
            served.delete_deployment(bench.name, slot)
    assert served.observe(bench.name) == before


def test_an_unknown_version_leaves_the_slot_as_it_is(bench, served):
    before = served.observe(bench.name)
    with pytest.raises(UserError, match=bench.name):
        served.deploy(bench.name, "green", bench.name, 99)
    assert served.observe(bench.name) == before


def test_the_split_is_counted_and_measured(bench, served):
    served.update(bench.name, {"blue": 80, "green": 20}, {}, {})
    since, times = time.time(), 200
    replies = [served.score(bench.name, PAYLOAD) for _ in range(times)]
    answered = Counter(reply.slot for reply in replies)
    assert {reply.status for reply in replies} == {200}
    assert answered.keys() == {"blue", "green"}
    assert abs(answered["green"] - 0.2 * times) <= 5 * math.sqrt(times * 0.2 * 0.8)
    wait_until(lambda: covers(served.measure(bench.name, since, LIMIT), answered), bench.patience, bench.pause)
    measured = served.measure(bench.name, since, LIMIT)
    assert all(traffic.errors == 0 and traffic.p95_ms > 0 for traffic in measured.values())
    assert all(traffic.timed and not traffic.slow for traffic in measured.values())
    slow = served.measure(bench.name, since, 0.0)
    assert all(traffic.slow == traffic.timed for traffic in slow.values()), "every answer takes longer than no time"


def test_a_request_that_its_model_fails_on_counts_as_an_error(bench, served):
    since = time.time()
    assert {served.score(bench.name, CRASHES).status for _ in range(5)} == {500}
    wait_until(lambda: covers(served.measure(bench.name, since, LIMIT), {"blue": 5}), bench.patience, bench.pause)
    assert served.measure(bench.name, since, LIMIT)["blue"].errors >= 5


def covers(measured, answered):
    """Whether all that was answered is in the measurement. Other requests may be in it as well."""
    return all(slot in measured and measured[slot].requests >= count for slot, count in answered.items())


def test_what_was_asked_and_answered_is_collected(bench, served):
    since, distance = time.time(), float(random.randrange(10**6))
    asked = {**REQUEST, "data": [["2013-01-01T05:00:00", "B6", distance], ["2013-01-02T10:00:00", "UA", None]]}
    answer = served.score(bench.name, {"input_data": asked})

    def samples():
        return [each for each in served.collected(bench.name, since) if each["inputs"] == asked]

    wait_until(lambda: [each for each in samples() if each["outputs"]["scores"]], bench.patience, bench.pause)
    (sample,) = samples()
    assert (sample["slot"], sample["version"]) == ("blue", bench.version("first"))
    assert since - 60 < sample["time"] < time.time() + 60  # the clock of another machine
    np.testing.assert_allclose(sample["outputs"]["scores"], answer.body["scores"])


def test_a_rollout_holds_the_endpoint_against_every_other(bench, served):
    with served.lease(bench.name, "the first holder"):
        with (
            pytest.raises(TakenError, match="being rolled out by the first holder"),
            served.lease(bench.name, "the second holder"),
        ):
            pass
        served.update(bench.name, {"blue": 100}, {}, {"written": "by the first holder"})
    with served.lease(bench.name, "the third holder"):
        served.update(bench.name, {"blue": 100}, {}, {})


def test_a_slot_without_traffic_is_deleted(bench, served):
    served.delete_deployment(bench.name, "green")
    assert served.observe(bench.name).deployments.keys() == {"blue"}
    served.delete_deployment(bench.name, "green")
