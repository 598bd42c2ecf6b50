"""What `decide` makes of an endpoint that is not as the manifest says, rollout or not, and how the plan says it."""

from dataclasses import replace

import pytest
from rolled import (
    World,
    at_rest,
    broken_stable,
    manifest,
    roll,
    serving,
)

from mlops.decide.actions import Deploy, Done, Move, Scale, Shift
from mlops.decide.difference import difference, kept
from mlops.decide.observed import Deployment, Observed
from mlops.decide.rollout import Evidence, decide, instances


@pytest.mark.parametrize(
    ("now", "wanted", "line"),
    [
        ((1, 1), (2, 4), "~ blue: instances 1 -> 2 to 4"),
        ((1, 3), (1, 1), "~ blue: instances 1 to 3 -> 1"),
        ((2, 2), (2, 2), None),
        (None, (2, 2), None),  # where a deployment is always one process
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_what_serves_at_rest_runs_on_as_many_machines_as_the_manifest_says(now, wanted, line, version):
    world = serving(1, instances=now, scales_to=wanted)
    world.observed.tags["rejected-flights-2"] = "it was sick"
    assert difference(manifest(1, wanted), world.observed) == ([line] if line else [])
    assert roll(world, version, instances=wanted).promoted == (version == 1)
    at_rest(world, 1)
    assert world.observed.deployments["blue"].instances == (wanted if line else now)
    assert difference(manifest(1, wanted), world.observed) == []


@pytest.mark.parametrize(
    ("had", "wanted", "line"),
    [(8101, 9001, "~ port 8101 -> 9001"), (0, 9001, "~ port any -> 9001"), (8101, 0, "~ port 8101 -> any")],
)
@pytest.mark.parametrize("version", [1, 2])
def test_another_port_in_the_manifest_comes_before_all_else_and_the_plan_says_so(had, wanted, line, version):
    observed = replace(serving(1).observed, port=had)
    assert decide(manifest(version, port=wanted), observed, Evidence(), 0) == Move()
    assert difference(manifest(version, port=wanted), observed)[0] == line
    moved = replace(observed, port=wanted)
    assert decide(manifest(version, port=wanted), moved, Evidence(), 0) != Move()
    assert line not in difference(manifest(version, port=wanted), moved)


def test_where_endpoints_have_names_alone_a_port_is_no_wish():
    assert difference(manifest(1, port=9001), serving(1).observed) == []


def test_a_maximum_below_the_count_is_no_wish_to_scale():
    assert instances(manifest(1, (3, 1)).endpoint) == (3, 3)


@pytest.mark.parametrize(
    ("has", "lines"),
    [
        ({"explain": False}, ["! endpoint.explain: blue serves with false, and true is set"]),
        ({"explain": True}, []),
        ({"instance_type": "small"}, ["! endpoint.instance_type: blue serves with small, and any is set"]),
        ({"instance_type": "Any"}, []),
        ({}, []),  # where it cannot be told
    ],
)
def test_what_only_the_next_version_takes_is_said_and_is_no_difference(has, lines):
    observed = serving(1).observed
    observed = replace(observed, deployments={"blue": replace(observed.deployments["blue"], **has)})
    settings = manifest(1).endpoint.model_copy(update={"explain": True})
    wanted = manifest(1).model_copy(update={"endpoint": settings})
    later = "; that comes with the next version (sooner: docs/rollouts.md)"
    assert kept(wanted, observed) == [line + later for line in lines]
    assert difference(wanted, observed) == []
    assert isinstance(decide(wanted, observed, Evidence(), 0.0), Done)
    assert kept(manifest(2), observed) == kept(wanted, None) == [], "another version takes them"


def test_what_is_deployed_again_takes_all_settings():
    broken = broken_stable()
    stopped = replace(broken.deployments["blue"], state="stopped", explain=True)
    assert kept(manifest(1), replace(broken, deployments={"blue": stopped})) == []


def test_scaling_is_tried_once_in_a_run():
    observed = serving(1, instances=(1, 1)).observed
    assert decide(manifest(1, (5, 5)), observed, Evidence(), 0.0) == Scale("blue")
    assert isinstance(decide(manifest(1, (5, 5)), observed, Evidence(tried={"blue": ""}), 0.0), Done)


def test_a_crashed_stable_is_restarted():
    world = serving(1)
    broken = replace(world.observed.deployments["blue"], state="failed")
    world.observed = replace(world.observed, deployments={"blue": broken})
    assert roll(world, 1).promoted
    at_rest(world, 1)


def test_a_stable_that_does_not_start_ends_the_run_or_gives_way_to_another_version():
    tried = Evidence(tried={"blue": ""})
    assert decide(manifest(1), broken_stable(), tried, 0.0) == Done(
        False, "flights:1 does not start in blue: no such module"
    )
    assert isinstance(decide(manifest(2), broken_stable(), tried, 0.0), Shift)
    told = Evidence(tried={"blue": "no such image"})
    assert decide(manifest(1), broken_stable(), told, 0.0).why.endswith(": no such image"), (
        "what the write says comes first"
    )


@pytest.mark.parametrize("state", ["failed", "creating"])
def test_a_stable_that_is_not_ready_is_deployed_again_and_the_plan_says_so(state):
    broken = broken_stable()
    observed = replace(broken, deployments={"blue": replace(broken.deployments["blue"], state=state)})
    assert decide(manifest(1), observed, Evidence(), 0.0) == Deploy("blue", "flights", 1)
    assert difference(manifest(1), observed) == [f"- flights:1 in blue at 100 % ({state})", "+ flights:1 at 100 %"]


def test_traffic_that_a_hand_put_on_a_leftover_is_taken_off_before_it_is_deleted():
    world = serving(1)
    roll(world, 2, stop_after=4)
    tags = {**world.observed.tags, "candidate": "flights:3"}
    world.observed = replace(world.observed, tags=tags)
    assert roll(world, 3).promoted
    at_rest(world, 3)


def test_a_hand_edit_of_traffic_is_repaired():
    world = serving(1)
    world.observed = replace(world.observed, traffic={})
    assert difference(manifest(1), world.observed)
    assert roll(world, 1).promoted
    at_rest(world, 1)


def test_traffic_that_is_mirrored_at_rest_is_taken_off():
    observed = replace(serving(1).observed, mirror={"blue": 10})
    assert decide(manifest(1), observed, Evidence(), 0.0) == Shift(
        {"blue": 100}, {"stable": "blue"}, "all traffic on stable"
    )


def test_a_stable_that_is_gone_does_not_serve():
    world = World(Observed(tags={"stable": "blue"}))
    assert difference(manifest(1), world.observed) == ["+ flights:1 at 100 %"]
    assert roll(world, 1).promoted
    at_rest(world, 1)


def test_no_version_means_nothing_to_do():
    world = serving(1)
    before = world.observed
    assert roll(world, None, stop_after=0).promoted
    assert world.observed == before
    assert difference(manifest(None), None) == difference(manifest(None), before) == []


def test_without_a_version_not_even_an_endpoint_is_made():
    world = World()
    assert roll(world, None, stop_after=0) == Done(True, "the manifest names no version yet; nothing to roll out")
    assert world.observed is None


def test_a_slot_without_traffic_is_not_live_and_what_a_hand_gave_another_slot_is_shown():
    observed = serving(1).observed
    assert difference(manifest(1), replace(observed, traffic={"blue": 100, "green": 0})) == []
    both = {**observed.deployments, "green": Deployment("green", "flights", 2, "ready")}
    assert difference(manifest(1), replace(observed, deployments=both, traffic={"green": 100})) == [
        "- flights:1 in blue at 0 % (ready)",
        "- flights:2 in green at 100 % (ready)",
        "+ flights:1 at 100 %",
    ]


def test_difference_is_empty_exactly_when_a_run_would_change_nothing():
    world = serving(1)
    assert difference(manifest(1), world.observed) == []
    assert "+ flights:2 at 100 %" in difference(manifest(2), world.observed)
    assert difference(manifest(1), None) == ["+ endpoint flights-production", "+ flights:1 at 100 %"]


def test_what_a_rollout_left_on_an_endpoint_at_rest_is_taken_off():
    world = serving(1)
    world.observed.tags.update({"candidate": "flights:2", "started": "990.0", "since": "995.0", "team": "ours"})
    tidied = decide(manifest(1), world.observed, Evidence(), 1000.0)
    assert tidied == Shift({"blue": 100}, {"stable": "blue", "team": "ours"}, "all traffic on stable")
