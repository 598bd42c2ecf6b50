"""`decide` on an endpoint in memory: every run ends, traffic is always legal, and no sick candidate stays."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rolled import (
    FAILING,
    FEW,
    GOOD,
    NONE,
    SLOW,
    UNSURE,
    World,
    at_rest,
    manifest,
    roll,
    serving,
)

from mlops.decide.actions import Deploy
from mlops.decide.difference import difference
from mlops.decide.rollout import Evidence, decide, live


def test_a_first_version_is_probed_before_it_gets_all_traffic():
    world = World()
    assert roll(world, 1).promoted
    at_rest(world, 1)
    assert world.shares == [{}, {"blue": 100}, {"blue": 100}]


def test_a_second_version_climbs_the_steps_and_replaces_the_first():
    world = serving(1)
    assert roll(world, 2).promoted
    at_rest(world, 2)
    shares = [share.get("green", 0) for share in world.shares]
    assert shares == [0, 10, 50, 100, 100]
    assert world.now - 1000 >= 3 * 10, "each step is baked"


@pytest.mark.parametrize("sick", [FAILING, SLOW], ids=["failing", "slow"])
@pytest.mark.parametrize("look", [0, 3, 8, 12], ids=lambda look: f"from look {look}")
def test_a_sick_candidate_is_rolled_back_at_whatever_step_it_turns_sick(sick, look):
    world = serving(1)
    done = roll(world, 2, behaviour=lambda looks: sick if looks >= look else GOOD)
    assert not done.promoted
    at_rest(world, 1)
    again = roll(world, 2)
    assert not again.promoted and "rolled back" in again.why, "a rejected version is refused on a second run"
    assert roll(world, 3).promoted, "another version is not"


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [(None, "could not be read"), (FEW, "not decided"), (NONE, "not decided")],
    ids=["unreachable", "few requests", "no requests"],
)
def test_what_cannot_be_told_is_never_promoted(evidence, reason):
    world = serving(1)
    done = roll(world, 2, behaviour=lambda _: evidence)
    assert not done.promoted and reason in done.why
    at_rest(world, 1)


def test_a_candidate_that_disagrees_with_its_offline_scores_gets_no_traffic():
    world = serving(1)
    assert "scores differ" in roll(world, 2, probe="scores differ").why
    at_rest(world, 1)
    assert not any(share.get("green") for share in world.shares)


def test_a_first_version_that_is_refused_leaves_an_endpoint_that_serves_nothing():
    world = World()
    assert "scores differ" in roll(world, 1, probe="scores differ").why
    assert (world.observed.deployments, live(world.observed)) == ({}, {})


def test_a_candidate_that_does_not_start_gets_no_traffic():
    world = serving(1)
    assert "it crashed" in roll(world, 2, starts=False).why
    at_rest(world, 1)
    assert not any(share.get("green") for share in world.shares)


def test_a_candidate_that_failed_in_a_run_before_is_deployed_again_while_it_has_no_traffic():
    world = serving(1)
    roll(world, 2, stop_after=2)
    broken = replace(world.observed.deployments["green"], state="failed", reason="the machine was restarted")
    observed = replace(world.observed, deployments={**world.observed.deployments, "green": broken})
    assert decide(manifest(2), observed, Evidence(), world.now) == Deploy("green", "flights", 2)
    assert "the machine was restarted" in decide(manifest(2), observed, Evidence(tried={"green": ""}), world.now).why


def test_a_crash_of_the_candidate_under_traffic_rolls_back_at_once():
    world = serving(1)
    roll(world, 2, stop_after=4)
    assert live(world.observed)["green"] == 10
    broken = replace(world.observed.deployments["green"], state="failed", reason="process ended")
    world.observed = replace(world.observed, deployments={**world.observed.deployments, "green": broken})
    assert "process ended" in roll(world, 2).why
    at_rest(world, 1)


def test_a_new_version_takes_over_a_rollout_under_way():
    world = serving(1)
    roll(world, 2, stop_after=12)
    assert live(world.observed)["green"] > 0
    assert roll(world, 3).promoted
    at_rest(world, 3)


def test_a_revert_during_a_rollout_sends_all_traffic_back_at_once():
    world = serving(1)
    roll(world, 2, stop_after=12)
    before = len(world.shares)
    assert roll(world, 1).promoted
    at_rest(world, 1)
    assert world.shares[before:] == [{"blue": 100}]


def test_each_version_takes_the_slot_that_the_one_before_does_not_have():
    world, slots = World(), []
    for version in (1, 2, 3):
        assert roll(world, version).promoted
        slots += world.observed.deployments
    assert slots == ["blue", "green", "blue"]


def test_another_models_version_of_the_same_number_is_another_version():
    world = serving(2)
    other = replace(world.observed.deployments["blue"], model="weather")
    world.observed = replace(world.observed, deployments={"blue": other})
    assert "+ flights:2 at 100 %" in difference(manifest(2), world.observed)
    assert roll(world, 2).promoted
    assert world.observed.deployments["green"].model == "flights"


def test_the_reason_of_a_rollback_is_remembered_as_far_as_a_tag_of_azures_holds_it():
    world = serving(1)
    roll(world, 2, probe="scores differ, " * 100)
    remembered = world.observed.tags["rejected-flights-2"]
    assert 100 < len(remembered) <= 256 and remembered.startswith("the probe failed: scores differ")


def test_each_rejected_version_is_remembered():
    world = serving(1)
    for version in (2, 3):
        roll(world, version, probe="scores differ")
    for version in (2, 3):
        assert "was rolled back: the probe failed" in roll(world, version).why


looks = st.sampled_from([GOOD, GOOD, GOOD, FAILING, SLOW, UNSURE, FEW, NONE, None])


@settings(max_examples=300, deadline=None)
@given(
    seen=st.lists(looks, min_size=1, max_size=30),
    kills=st.lists(st.integers(min_value=0, max_value=40), max_size=4),
    versions=st.lists(st.integers(min_value=1, max_value=4), min_size=1, max_size=3),
    probe=st.sampled_from(["", "", "wrong"]),
    starts=st.booleans(),
)
def test_whatever_happens_a_run_ends_at_rest_on_the_old_or_the_new_version(seen, kills, versions, probe, starts):
    world, last = serving(9), {9}

    def behaviour(look):
        return seen[look % len(seen)]

    for version in versions:
        for kill in kills:
            roll(world, version, behaviour=behaviour, probe=probe, starts=starts, stop_after=kill)
        done = roll(world, version, behaviour=behaviour, probe=probe, starts=starts)
        served = {version} if done.promoted else last
        [deployment] = world.observed.deployments.values()
        assert deployment.version in served | last
        at_rest(world, version if done.promoted else deployment.version)
        assert done.promoted or deployment.version != version
        last = {deployment.version}
