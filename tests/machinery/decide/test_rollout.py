"""`decide` on an endpoint in memory that enforces Azure's rules: every run ends, traffic is always legal."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops import UserError
from mlops.decide.actions import CreateEndpoint, Delete, Deploy, Done, Move, Probe, Scale, Shift, Wait, Withdraw
from mlops.decide.observed import Deployment, Observed, Traffic
from mlops.decide.rollout import Evidence, decide, difference, instances, live, stable_slot
from mlops.settings.environments import EndpointSettings, Manifest, ModelSettings, Rollout, Workspace

RULES = Rollout.model_validate(
    {
        "steps": [10, 50, 100],
        "bake": "10s",
        "deadline": "5m",
        "min_requests": 30,
        "max_error_rate_increase": 0.01,
        "max_p95_latency_ms": 100.0,
        "synthetic_rate": 0.0,
    }
)
GOOD = Traffic(requests=1000, errors=0, p95_ms=5.0, timed=1000)
FAILING = Traffic(requests=500, errors=400, p95_ms=5.0, timed=500)
SLOW = Traffic(requests=500, errors=0, p95_ms=900.0, timed=500, slow=400)
UNSURE = Traffic(requests=500, errors=0, p95_ms=5.0, timed=500)  # too few to rule a rise out
FEW = Traffic(requests=3, errors=0, p95_ms=5.0, timed=3)
NONE = Traffic(requests=0, errors=0, p95_ms=math.nan)
STEP = 2.0  # seconds that pass between two looks


def manifest(version, instances=(1, 1), port=0, **rules):
    least, most = instances
    endpoint = EndpointSettings(
        name="flights-production", instance_type="any", instance_count=least, max_instances=most, auth="key", port=port
    )
    workspace = Workspace(subscription=None, resource_group="any", name="any", region="any", registry=None)
    model = ModelSettings(name="flights", version=version)
    return Manifest(
        platform="local", workspace=workspace, endpoint=endpoint, model=model, rollout=RULES.model_copy(update=rules)
    )


class World:
    """An endpoint, a clock, and how the candidate behaves. Refuses what Azure refuses."""

    def __init__(self, observed=None, scales_to=None):
        self.observed, self.now, self.shares, self.scales_to = observed, 1000.0, [], scales_to

    def act(self, action, *, starts=True):
        seen = self.observed
        match action:
            case CreateEndpoint():
                self.observed = Observed()
            case Deploy(slot, model, version):
                state = "ready" if starts or slot == seen.tags.get("stable") else "failed"
                made = Deployment(slot, model, version, state, "" if state == "ready" else "it crashed")
                self.observed = replace(seen, deployments={**seen.deployments, slot: made})
            case Shift(traffic, tags, _) | Withdraw(traffic, tags, _):
                assert sum(traffic.values()) in (0, 100)
                assert all(seen.deployments[slot].state == "ready" for slot, share in traffic.items() if share)
                self.observed = replace(seen, traffic=dict(traffic), tags=dict(tags))
                self.shares.append(dict(traffic))
            case Delete(slot):
                assert not live(seen).get(slot), "deleted while it serves"
                assert slot != stable_slot(seen), "deleted stable"
                kept = {name: each for name, each in seen.deployments.items() if name != slot}
                self.observed = replace(seen, deployments=kept)
            case Scale(slot):
                scaled = replace(seen.deployments[slot], instances=self.scales_to)
                self.observed = replace(seen, deployments={**seen.deployments, slot: scaled})
            case Wait():
                self.now += STEP


def roll(
    world, version, *, behaviour=lambda looks: GOOD, probe="", starts=True, stop_after=None, instances=(1, 1), **rules
):
    """Drive decide() to the end; stop_after kills the run after that many actions and returns None."""
    evidence, looks, count = Evidence(), 0, 0
    while True:
        if world.observed and "since" in world.observed.tags:
            evidence = replace(evidence, candidate=behaviour(looks), bake=behaviour(looks), stable=GOOD)
        action = decide(manifest(version, instances, **rules), world.observed, evidence, world.now)
        if isinstance(action, Done):
            return action
        if count == stop_after:
            return None
        count, looks = count + 1, looks + isinstance(action, Wait)
        assert count < 1000, "does not end"
        world.act(action, starts=starts)
        if isinstance(action, Withdraw):
            evidence = replace(evidence, withdrawn=action.why)
        if isinstance(action, Probe):
            evidence = replace(evidence, probe=probe, probed=world.observed.tags.get("since", ""))
        if isinstance(action, Deploy | Scale):
            evidence = replace(evidence, tried={**evidence.tried, action.slot: ""})


def serving(version, slot="blue", instances=None, scales_to=None):
    """A world in which the version is stable."""
    deployment = Deployment(slot, "flights", version, "ready", instances=instances)
    return World(Observed({slot: deployment}, {slot: 100}, {}, {"stable": slot}), scales_to)


def at_rest(world, version):
    """Fully on that version: one deployment, all traffic, no rollout tags."""
    [deployment] = world.observed.deployments.values()
    assert (deployment.version, deployment.state) == (version, "ready")
    assert live(world.observed) == {deployment.slot: 100}
    assert not {"candidate", "started", "live", "since"} & world.observed.tags.keys()


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


def test_scaling_is_tried_once_in_a_run():
    observed = serving(1, instances=(1, 1)).observed
    assert decide(manifest(1, (5, 5)), observed, Evidence(), 0.0) == Scale("blue")
    assert isinstance(decide(manifest(1, (5, 5)), observed, Evidence(tried={"blue": ""}), 0.0), Done)


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


def test_a_candidate_that_does_not_start_gets_no_traffic():
    world = serving(1)
    assert "it crashed" in roll(world, 2, starts=False).why
    at_rest(world, 1)
    assert not any(share.get("green") for share in world.shares)


def test_a_crash_of_the_candidate_under_traffic_rolls_back_at_once():
    world = serving(1)
    roll(world, 2, stop_after=4)
    assert live(world.observed)["green"] == 10
    broken = replace(world.observed.deployments["green"], state="failed", reason="process ended")
    world.observed = replace(world.observed, deployments={**world.observed.deployments, "green": broken})
    assert "process ended" in roll(world, 2).why
    at_rest(world, 1)


def test_a_crashed_stable_is_restarted():
    world = serving(1)
    broken = replace(world.observed.deployments["blue"], state="failed")
    world.observed = replace(world.observed, deployments={"blue": broken})
    assert roll(world, 1).promoted
    at_rest(world, 1)


def broken_stable():
    world = serving(1)
    broken = replace(world.observed.deployments["blue"], state="failed", reason="no such module")
    world.observed = replace(world.observed, deployments={"blue": broken})
    return world.observed


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


def test_a_hand_edit_of_traffic_is_repaired():
    world = serving(1)
    world.observed = replace(world.observed, traffic={})
    assert difference(manifest(1), world.observed)
    assert roll(world, 1).promoted
    at_rest(world, 1)


def test_each_version_takes_the_slot_that_the_one_before_does_not_have():
    world, slots = World(), []
    for version in (1, 2, 3):
        assert roll(world, version).promoted
        slots += world.observed.deployments
    assert slots == ["blue", "green", "blue"]


def test_traffic_that_is_mirrored_at_rest_is_taken_off():
    observed = replace(serving(1).observed, mirror={"blue": 10})
    assert decide(manifest(1), observed, Evidence(), 0.0) == Shift(
        {"blue": 100}, {"stable": "blue"}, "all traffic on stable"
    )


def test_another_models_version_of_the_same_number_is_another_version():
    world = serving(2)
    other = replace(world.observed.deployments["blue"], model="weather")
    world.observed = replace(world.observed, deployments={"blue": other})
    assert "+ flights:2 at 100 %" in difference(manifest(2), world.observed)
    assert roll(world, 2).promoted
    assert world.observed.deployments["green"].model == "flights"


def at_ten_percent(**evidence):
    """A world whose candidate has had its first share since second 1000, and what is known of it."""
    world = serving(1)
    roll(world, 2, stop_after=4)
    assert live(world.observed) == {"green": 10, "blue": 90}
    known = {"probe": "", "probed": world.observed.tags["since"], "candidate": GOOD, "stable": GOOD, **evidence}
    return world.observed, Evidence(**{"bake": known["candidate"], **known})


@pytest.mark.parametrize(("after", "share"), [(9.5, None), (10, 50)])
def test_the_next_step_is_taken_when_the_bake_is_over_and_not_before(after, share):
    action = decide(manifest(2), *at_ten_percent(), 1000 + after)
    assert isinstance(action, Shift) == bool(share)
    if share:
        assert (action.traffic, float(action.tags["since"])) == ({"green": share, "blue": 50}, 1000 + after)
    else:
        seen = "0 of 1000 requests failed (stable: 0 of 1000), p95 5 ms"
        assert action == Wait(f"10 % on green: {seen}; 0 s of bake left")


def at(share, **evidence):
    """The same with that share on the candidate, in a bake that is over."""
    observed, known = at_ten_percent(**evidence)
    return replace(observed, traffic={"green": share, "blue": 100 - share}), known, 1010


def test_only_a_healthy_candidate_gets_all_traffic_and_any_that_is_not_sick_the_shares_before():
    assert decide(manifest(2), *at(10, candidate=UNSURE)).traffic == {"green": 50, "blue": 50}
    waits = decide(manifest(2), *at(50, candidate=UNSURE))
    assert isinstance(waits, Wait) and waits.why.endswith("cannot rule out 1.0% more failures yet")
    assert decide(manifest(2), *at(50)).traffic == {"green": 100}
    assert decide(manifest(2), *at(100, candidate=UNSURE)).tags == {"stable": "green"}, "it was healthy before"


@pytest.mark.parametrize("unsure", [UNSURE, NONE])
def test_where_there_was_nothing_to_compare_with_the_last_bake_has_to_tell(unsure):
    known = at(100, candidate=unsure, stable=NONE)
    assert isinstance(decide(manifest(2, steps=[100]), *known), Wait) == (unsure is NONE), "500 without stable do"
    assert isinstance(decide(manifest(2, steps=[100]), *at(100, candidate=FEW)), Wait)
    observed, evidence, now = at(100, candidate=UNSURE, stable=None)
    first = replace(serving(2).observed, tags={key: value for key, value in observed.tags.items() if key != "stable"})
    assert decide(manifest(2), first, evidence, now).why == "blue is stable now"
    few = Traffic(requests=400, errors=0, p95_ms=5.0, timed=400)
    assert isinstance(decide(manifest(2), first, replace(evidence, candidate=few), now), Wait)


@pytest.mark.parametrize("share", [10, 50, 100])
def test_every_bake_needs_requests_of_its_own(share):
    action = decide(manifest(2), *at(share, bake=FEW))
    assert isinstance(action, Wait) and action.why.endswith("; 3 of 30 requests in this bake")


def test_what_a_bake_shows_is_not_hidden_by_what_went_before():
    assert decide(manifest(2), *at(50, bake=FAILING)).why.startswith("roll back flights:2: 400 of 500 requests failed")


def test_at_the_deadline_it_is_held_where_the_manifest_says_so_and_watched_on_by_the_next_run():
    world = serving(1)
    done = roll(world, 2, behaviour=lambda _: UNSURE, at_deadline="hold")
    assert (done.promoted, done.held) == (False, True)
    assert done.why == (
        "flights:2 is held at 50 %: not decided within 300 s; 0 of 500 requests failed (stable: 0 of 1000), p95 5 ms;"
        " cannot rule out 1.0% more failures yet"
    )
    assert live(world.observed) == {"green": 50, "blue": 50}
    watched = Evidence(probe="", candidate=UNSURE, bake=UNSURE, stable=GOOD, watched_from=world.now)
    assert isinstance(decide(manifest(2, at_deadline="hold"), world.observed, watched, world.now), Wait)
    assert roll(world, 2, at_deadline="hold").held, "this run watches no longer than that one did"
    sick = replace(watched, candidate=FAILING)
    assert "rejected-flights-2" in decide(manifest(2, at_deadline="hold"), world.observed, sick, world.now).tags


def test_what_has_no_traffic_at_the_deadline_is_rolled_back_and_not_held():
    observed, evidence = at_ten_percent()
    without = replace(observed, traffic={"blue": 100})
    late = decide(manifest(2, at_deadline="hold"), without, evidence, 1300.5)
    assert late.why == "roll back flights:2: not decided within 300 s"


@pytest.mark.parametrize("share", [10, 50, 100])
@pytest.mark.parametrize("probed", [{"probe": None}, {"probed": "900.0"}], ids=["by no one", "before the last shift"])
def test_before_every_step_it_is_asked_the_sample_rows_again(share, probed):
    assert decide(manifest(2), *at(share, **probed)) == Probe("green")
    observed, evidence, now = at(share, probe="1 of 2 scores differ")
    assert "1 of 2 scores differ" in decide(manifest(2), observed, evidence, now).why
    assert isinstance(decide(manifest(2), observed, replace(evidence, probe="", probed=""), 1005), Wait), (
        "not all the time"
    )


def test_since_when_it_is_live_is_written_once_and_forgotten_at_rest():
    world = serving(1)
    roll(world, 2, stop_after=4)
    began = world.observed.tags["live"]
    assert began == world.observed.tags["since"]
    later = decide(manifest(2), *at(10)).tags
    assert (later["live"], later["since"]) == (began, "1010")
    assert roll(world, 2).promoted
    at_rest(world, 2)


def test_a_rollout_that_an_older_version_began_goes_on_without_that_tag():
    observed, evidence, now = at(10)
    older = replace(observed, tags={key: value for key, value in observed.tags.items() if key != "live"})
    assert decide(manifest(2), older, evidence, now).tags["live"] == "1010"


@pytest.mark.parametrize(("after", "late"), [(300, False), (300.5, True)])
def test_the_deadline_counts_from_the_begin_and_is_said_with_what_is_missing(after, late):
    action = decide(manifest(2), *at_ten_percent(candidate=FEW), 1000 + after)
    assert isinstance(action, Shift) == late
    if late:
        assert action.why == (
            "roll back flights:2: not decided within 300 s; 0 of 3 requests failed (stable: 0 of 1000), p95 5 ms;"
            " cannot rule out 1.0% more failures yet"
        )


@pytest.mark.parametrize("tag", ["started", "live", "since"])
def test_a_rollout_that_has_not_begun_yet_by_the_clock_begins_again(tag):
    """The clock was set back by an hour, which would pass before the deadline, or the bake, begins to count."""
    observed, evidence = at_ten_percent()
    ahead = replace(observed, tags={**observed.tags, tag: "4600.0"})
    action = decide(manifest(2), ahead, evidence, 1000)
    assert (action.traffic, action.why) == (
        {"blue": 100},
        "begin the rollout again: by the clock it has not begun yet",
    )
    assert action.tags == {"stable": "blue", "candidate": "flights:2", "started": "1000"}
    near = replace(observed, tags={**observed.tags, tag: "1050.0"})
    assert isinstance(decide(manifest(2), near, evidence, 1000), Wait), "another machine's clock"


def test_a_clock_that_is_set_back_while_it_is_watched_does_not_move_the_deadline():
    observed, evidence = at_ten_percent(candidate=FEW)
    watched = replace(evidence, watched_from=5000.0)
    late = decide(manifest(2), observed, watched, 1300.5)
    assert late.why.startswith("roll back flights:2: not decided within 300 s")


@pytest.mark.parametrize("tag", ["started", "since"])  # and `live`, which is read where it is measured
@pytest.mark.parametrize("text", ["x", "", "nan", "-1", "9e99", None])
def test_a_tag_that_somebody_has_edited_is_one_line(tag, text):
    observed, evidence = at_ten_percent()
    tags = {name: value for name, value in {**observed.tags, tag: text}.items() if value is not None}
    with pytest.raises(UserError, match=f"^the endpoint's tag {tag} says '.*', which is no time; take the tags "):
        decide(manifest(2), replace(observed, tags=tags), evidence, 1005.0)


def test_the_time_in_which_nobody_watched_is_not_held_against_the_candidate():
    observed, evidence = at_ten_percent(candidate=FEW)
    continued = replace(evidence, watched_from=5000)
    assert isinstance(decide(manifest(2), observed, continued, 5300), Wait)
    assert isinstance(decide(manifest(2), observed, continued, 5300.5), Shift)


def test_a_rollout_begins_without_the_times_of_the_one_before():
    observed, evidence = at_ten_percent()
    action = decide(manifest(3), observed, evidence, 1005.0)
    assert action == Shift(
        {"blue": 100}, {"stable": "blue", "candidate": "flights:3", "started": "1005.0"}, "begin the rollout"
    )


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


def test_difference_is_empty_exactly_when_a_run_would_change_nothing():
    world = serving(1)
    assert difference(manifest(1), world.observed) == []
    assert "+ flights:2 at 100 %" in difference(manifest(2), world.observed)
    assert difference(manifest(1), None) == ["+ endpoint flights-production", "+ flights:1 at 100 %"]


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
