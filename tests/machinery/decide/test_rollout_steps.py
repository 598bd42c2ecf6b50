"""When a rollout takes its next step, and when it is over: bakes, evidence, the deadline, and clocks that jump."""

import re
from dataclasses import replace

import pytest
from rolled import (
    FAILING,
    FEW,
    GOOD,
    NONE,
    UNSURE,
    at,
    at_rest,
    at_ten_percent,
    manifest,
    roll,
    serving,
)

from mlops import UserError
from mlops.decide.actions import Probe, Shift, Wait
from mlops.decide.observed import Traffic
from mlops.decide.rollout import Evidence, decide, live


@pytest.mark.parametrize(("after", "share"), [(9.5, None), (10, 50)])
def test_the_next_step_is_taken_when_the_bake_is_over_and_not_before(after, share):
    action = decide(manifest(2), *at_ten_percent(), 1000 + after)
    assert isinstance(action, Shift) == bool(share)
    if share:
        assert (action.traffic, float(action.tags["since"])) == ({"green": share, "blue": 50}, 1000 + after)
    else:
        seen = "0 of 1000 requests failed (stable: 0 of 1000), p95 5 ms"
        assert action == Wait(f"10 % on green: {seen}; 0 s of bake left")


def test_only_a_healthy_candidate_gets_all_traffic_and_any_that_is_not_sick_the_shares_before():
    assert decide(manifest(2), *at(10, candidate=UNSURE)).traffic == {"green": 50, "blue": 50}
    waits = decide(manifest(2), *at(50, candidate=UNSURE))
    assert isinstance(waits, Wait) and "; cannot rule out 1.0% more failures yet; " in waits.why
    assert decide(manifest(2), *at(50)).traffic == {"green": 100}
    assert decide(manifest(2), *at(100, candidate=UNSURE)).tags == {"stable": "green"}, "it was healthy before"


@pytest.mark.parametrize("after", [10, 299])
def test_a_wait_for_evidence_says_how_many_requests_it_takes_and_how_long_it_can(after):
    observed, evidence, _ = at(50, candidate=UNSURE)
    said = decide(manifest(2), observed, evidence, 1000 + after).why
    told = re.search(r"; about (\d+) more requests like these tell; (\d+) s until the deadline$", said)
    more, left = map(int, told.groups())
    assert left == 300 - after
    seen = {count: replace(UNSURE, requests=500 + count, timed=500 + count) for count in (more, more // 2)}
    actions = [decide(manifest(2), *at(50, candidate=each)) for each in seen.values()]
    assert [type(action) for action in actions] == [Shift, Wait], "so many do, half of them do not"


def test_what_no_number_of_requests_would_tell_is_said():
    at_the_margin = replace(UNSURE, requests=1000, errors=10, timed=1000)
    said = decide(manifest(2), *at(50, candidate=at_the_margin)).why
    assert said.endswith("; requests like these never tell; 290 s until the deadline")


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


@pytest.mark.parametrize("state", ["failed", "stopped"])
@pytest.mark.parametrize(("seen", "goes_on"), [(GOOD, True), (UNSURE, False)])
def test_where_stable_serves_no_more_a_healthy_candidate_gets_all_traffic_next(seen, goes_on, state):
    observed, evidence, now = at(10, candidate=seen, tried={"blue": "no such image"})
    lost = replace(observed.deployments["blue"], state=state)
    observed = replace(observed, deployments={**observed.deployments, "blue": lost})
    action = decide(manifest(2), observed, evidence, now)
    assert action.traffic == {"green": 100} if goes_on else isinstance(action, Wait), "Azure refuses less than all"


@pytest.mark.parametrize("share", [10, 50, 100])
def test_every_bake_needs_requests_of_its_own(share):
    action = decide(manifest(2), *at(share, bake=FEW))
    assert isinstance(action, Wait) and action.why.endswith("; 3 of 30 requests in this bake")
    assert isinstance(decide(manifest(2), *at(share, bake=replace(FEW, requests=30, timed=30))), Shift)
    assert decide(manifest(2), *at(share, bake=None)).why.endswith("; 0 of 30 requests in this bake")


def test_what_a_bake_shows_is_not_hidden_by_what_went_before():
    assert decide(manifest(2), *at(50, bake=FAILING)).why.startswith("roll back flights:2: 400 of 500 requests failed")


def test_what_befalls_both_in_a_bake_rolls_nothing_back():
    whole, bake = replace(GOOD, requests=100_000), Traffic(requests=1000, errors=100, p95_ms=5.0, timed=1000)
    seen = {"candidate": whole, "stable": replace(GOOD, requests=900_000), "bake": bake}
    assert decide(manifest(2), *at(50, **seen)).why.startswith("roll back flights:2")
    assert decide(manifest(2), *at(50, **seen, beside=bake)).traffic == {"green": 100}


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
    near = replace(observed, tags={**observed.tags, tag: "1060.0"})
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


@pytest.mark.parametrize(("text", "moment"), [("0", 0.0), ("4102444799.5", 4102444799.5)])
def test_a_moment_is_read_as_it_stands(text, moment):
    assert replace(serving(1).observed, tags={"since": text}).moment("since") == moment


def test_a_moment_of_the_next_century_is_none():
    with pytest.raises(UserError, match="is no time"):
        replace(serving(1).observed, tags={"since": "4102444800"}).moment("since")
