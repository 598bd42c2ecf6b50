"""`apply` against an endpoint in memory: what it prints, returns, and does when metrics or replies fail."""

from dataclasses import replace

import pytest
from hosted import PASSED
from reconciled import reconciler, with_model
from rolled import FAILING, GOOD, World, at_rest, live, serving

from mlops import TamperedError, UserError
from mlops.decide.actions import CreateEndpoint, Deploy, Done, Move, Shift
from mlops.decide.observed import Traffic
from mlops.decide.rollout import Evidence


@pytest.mark.parametrize("missing", ["verdict", "run_id", "commit", "data_hash", "model_hash"])
def test_a_version_without_a_verdict_or_lineage_is_refused_before_anything_is_changed(missing):
    refused = reconciler(serving(1))
    refused.platform.models.tags = {key: value for key, value in PASSED.items() if key != missing}
    with pytest.raises(TamperedError, match=r"^model flights:2: it.*--unverified"):
        refused.run()
    assert (refused.platform.endpoints.holders, refused.platform.endpoints.written) == ([], 0)


def test_a_version_that_is_not_what_the_manifest_names_is_refused():
    refused = reconciler(serving(1))
    refused.manifest = with_model(refused.manifest, hash="b" * 64)
    with pytest.raises(TamperedError, match=r"another content than model\.hash of the manifest"):
        refused.run()
    assert refused.platform.endpoints.written == 0


def test_the_way_round_is_said_and_kept_at_the_endpoint(capsys):
    world = serving(1)
    let_in = reconciler(world)
    let_in.platform.models.tags = {}
    let_in.manifest = with_model(let_in.manifest, unverified="a hotfix of the vendor")
    assert let_in.run().promoted
    assert world.observed.tags["unverified-flights-2"] == "a hotfix of the vendor"
    assert "flights:2 is unverified: a hotfix of the vendor" in capsys.readouterr().out


@pytest.mark.parametrize(("poisoned", "stable_is"), [(2, "ready"), (1, "failed")], ids=["deploy", "restart"])
def test_content_that_did_not_pass_is_not_deployed_nor_restarted(poisoned, stable_is):
    world = serving(1)
    blue = replace(world.observed.deployments["blue"], state=stable_is)
    world.observed = replace(world.observed, deployments={"blue": blue})
    refused = reconciler(world)
    refused.platform.models.poisoned = (poisoned,)
    with pytest.raises(TamperedError, match=f"flights:{poisoned}: its content is not what passed"):
        refused.run()
    assert refused.platform.endpoints.written == 0


@pytest.mark.parametrize(("state", "downloaded"), [("ready", [2]), ("failed", [2, 1])])
def test_each_version_is_fetched_once_to_be_compared_with_its_hash(state, downloaded):
    world = serving(1)
    blue = replace(world.observed.deployments["blue"], state=state)
    world.observed = replace(world.observed, deployments={"blue": blue})
    once = reconciler(world)
    assert once.run().promoted and once.platform.models.downloaded == downloaded


@pytest.mark.parametrize(
    ("action", "why"), [(CreateEndpoint(), "create the endpoint"), (Move(), "another port is wanted")]
)
def test_why_an_endpoint_is_made_is_said(capsys, action, why):
    making = reconciler(World(), version=1)
    with making.platform.endpoints.lease("any", "the test"):
        making.change(action)
    assert capsys.readouterr().out.endswith(f": {why}\n")


def test_a_rollout_says_each_change_once(capsys):
    world = serving(1)
    assert reconciler(world).run() == Done(True, "flights:2 serves from green")
    at_rest(world, 2)
    said = [line.split(": ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert said[:4] == [
        "begin the rollout",
        "deploy flights:2 to green at 0 %",
        "probe green: the answers agree with the offline scores",
        "10 % of live traffic on green",
    ]
    assert said[-2:] == ["green is stable now", "delete blue"]
    assert len(said) == len(set(said))


def test_a_lost_reading_is_read_again_and_lost_metrics_take_back_without_a_rejection():
    assert reconciler(serving(1), lost_readings=2).run().promoted
    world = serving(1)
    done = reconciler(world, lost_readings=1000).run()
    assert not done.promoted and "not rejected: its metrics could not be read" in done.why
    at_rest(world, 1)
    assert "rejected-flights-2" not in world.observed.tags
    assert reconciler(world).run().promoted, "another run tries again"


def test_a_rollout_that_nobody_watched_until_the_deadline_goes_on():
    world = serving(1)
    tags = {"stable": "blue", "candidate": "flights:2", "started": "1.0", "since": "2.0"}
    world.act(Deploy("green", "flights", 2))
    world.act(Shift({"blue": 90, "green": 10}, tags, ""))
    world.now = 10_000_000.0
    assert reconciler(world).run().promoted
    at_rest(world, 2)


def test_a_candidate_that_was_stopped_is_started_again_and_not_rejected():
    world = serving(1)
    tags = {"stable": "blue", "candidate": "flights:2", "started": "990.0", "since": "995.0"}
    world.act(Deploy("green", "flights", 2))
    world.act(Shift({"blue": 90, "green": 10}, tags, ""))
    stopped = {slot: replace(each, state="stopped") for slot, each in world.observed.deployments.items()}
    world.observed = replace(world.observed, deployments=stopped)

    def measured(since):
        return {"blue": GOOD, "green": GOOD if since >= 1000.0 else FAILING}  # it was now 1000.0 when this run began

    assert reconciler(world, measured=measured).run().promoted, "how it ended says nothing of how it does now"
    at_rest(world, 2)
    assert "rejected-flights-2" not in world.observed.tags


def test_metrics_that_are_lost_later_take_back_as_well():
    world = serving(1)

    def measured(since):
        if live(world.observed).get("green") == 50:
            raise OSError("no answer")
        return {"green": GOOD, "blue": GOOD}

    done = reconciler(world, measured=measured).run()
    assert {"green": 50, "blue": 50} in world.shares
    assert not done.promoted and "metrics could not be read" in done.why
    at_rest(world, 1)


@pytest.mark.parametrize(("live_since", "whole"), [({"live": "150.0"}, 150), ({}, 200)], ids=["now", "before 0.2"])
def test_the_candidate_is_measured_since_its_first_share_and_stable_since_the_rollout_began(live_since, whole):
    world = serving(1)
    world.act(Deploy("green", "flights", 2))
    tags = {"stable": "blue", "candidate": "flights:2", "started": "100.0", "since": "200.0", **live_since}
    world.act(Shift({"blue": 90, "green": 10}, tags, ""))

    def measured(since):
        return {"green": Traffic(int(since), 0, 1.0), "blue": Traffic(int(since), 0, 2.0)}

    seen = reconciler(world, measured=measured).look(world.observed, Evidence())
    assert (seen.candidate, seen.bake) == (Traffic(whole, 0, 1.0), Traffic(200, 0, 1.0))
    assert (seen.stable, seen.beside) == (Traffic(100, 0, 2.0), Traffic(200, 0, 2.0))


def test_a_rollout_that_was_cut_off_long_ago_is_continued():
    world = serving(1)
    world.act(Deploy("green", "flights", 2))
    tags = {"stable": "blue", "candidate": "flights:2", "started": repr(world.now), "since": repr(world.now)}
    world.act(Shift({"blue": 90, "green": 10}, tags, ""))
    world.now += 1_000_000
    assert reconciler(world).run() == Done(True, "flights:2 serves from green")


def test_a_candidate_that_nothing_is_known_of_has_served_nothing():
    done = reconciler(serving(1), measured=lambda since: {}).run()
    assert not done.promoted and "0 of 0 requests failed" in done.why


def test_the_lease_is_held_by_name_and_only_where_there_is_something_to_change():
    changing = reconciler(serving(1))
    changing.run()
    assert changing.platform.endpoints.holders == ["the test"] and not changing.platform.endpoints.held
    resting = reconciler(serving(1), version=1)
    assert resting.run().promoted
    assert (resting.platform.endpoints.holders, resting.platform.endpoints.written) == ([], 0)


def test_what_is_mirrored_by_hand_is_taken_off():
    world = serving(1)
    world.observed = replace(world.observed, mirror={"blue": 10})
    assert reconciler(world, version=1).run().promoted
    assert world.observed.mirror == {}


def test_scaling_that_shows_no_effect_is_tried_once():
    once = reconciler(serving(1, instances=(1, 1), scales_to=(1, 1)), version=1, instances=(5, 5))
    assert once.run().promoted
    assert once.platform.endpoints.written == 1


def test_a_lost_answer_is_asked_for_again_and_none_at_all_rolls_back():
    assert reconciler(serving(1), lost_answers=2).run().promoted
    world = serving(1)
    done = reconciler(world, lost_answers=1000).run()
    assert not done.promoted and "the probe failed: no answer: cut off" in done.why
    at_rest(world, 1)


@pytest.mark.parametrize(
    ("statuses", "asked", "problem"),
    [((), 1, ""), ((503, 500), 3, ""), ((503, 500, 503), 3, "status 503"), ((401,), 1, "status 401")],
)
def test_a_server_that_fails_is_asked_again_and_one_that_refuses_is_not(statuses, asked, problem):
    world = serving(1)
    before, asking = world.now, reconciler(world, statuses=statuses)
    found = asking.probe("green")
    assert found.startswith(problem) if problem else found == ""
    assert len(asking.platform.endpoints.scored) == asked
    assert (world.now > before) == (asked > 1), "time passes between two attempts alone"


def test_the_sample_is_of_the_version_that_the_manifest_names():
    asking = reconciler(serving(2))
    asking.platform.models.poisoned = (0, 1)
    assert asking.probe("green") == ""


def test_wrong_scores_are_caught_before_any_traffic(capsys):
    world = serving(1)
    done = reconciler(world, answers=(0.1, 0.3)).run()
    assert "1 of 2 scores differ" in done.why and "probe green: 1 of 2 scores differ" in capsys.readouterr().out
    assert not any(share.get("green") for share in world.shares)


def test_wrong_scores_that_begin_under_traffic_are_caught_before_the_next_step():
    world = serving(1)
    turned = reconciler(world)

    def measured(since):
        if live(world.observed).get("green") == 50:
            turned.platform.endpoints.answers = (0.1, 0.3)
        return {"blue": GOOD, "green": GOOD}

    turned.platform.endpoints.measured = measured
    assert "the probe failed: 1 of 2 scores differ" in turned.run().why
    at_rest(world, 1)
    assert not any(share.get("green") == 100 for share in world.shares)


@pytest.mark.parametrize(
    ("of_stable", "why"),
    [
        ((0.1, 0.25), ""),
        ((0.6, 0.61), "are 45.50 apart from stable's; 2 may be"),
        ((0.1, 9.0), "hardly differ from row"),
    ],
)
def test_answers_that_are_odd_beside_stables_get_no_traffic(of_stable, why):
    world = serving(1)
    done = reconciler(world, of_stable=of_stable).run()
    assert done.promoted == (not why) and why in done.why
    assert any(share.get("green") for share in world.shares) == (not why)


def test_a_stable_that_cannot_answer_the_rows_is_not_compared_with(capsys):
    assert reconciler(serving(1), statuses=(200, 400)).run().promoted
    assert "could not be compared with those of blue: status 400" in capsys.readouterr().out
    cut_off = reconciler(serving(1), lost_answers=1)
    assert cut_off.compare("blue") == ""
    assert "could not be compared with those of blue: cut off" in capsys.readouterr().out
    assert reconciler(serving(1), of_stable="a page of the proxy").run().promoted
    assert "could not be compared with those of blue: status 200" in capsys.readouterr().out


def test_a_first_version_is_compared_with_nothing():
    first = reconciler(World(), version=1)
    assert first.run().promoted
    assert set(first.platform.endpoints.scored) == {"blue"}, "not the public route, where it may be that nothing serves"


def test_a_version_that_is_not_registered_changes_nothing():
    world = serving(1)
    before = world.observed
    with pytest.raises(UserError, match="model flights has no version 7; there is 1, 2"):
        reconciler(world, version=7).run()
    assert world.observed == before


def test_what_the_write_says_of_a_failure_is_remembered_where_the_log_says_nothing(capsys):
    world = serving(1)
    done = reconciler(world, fails="no such image").run()
    assert "green failed: no such image\n" in capsys.readouterr().out
    assert not done.promoted and done.why.endswith("the deployment failed: no such image")
    assert world.observed.tags["rejected-flights-2"] == "the deployment failed: no such image"


@pytest.mark.parametrize("log", ["", "importing\nno such module"])
def test_the_log_of_what_did_not_start_is_shown_where_there_is_one(capsys, log):
    reconciler(serving(1), fails="no such module", log=log).run()
    said = capsys.readouterr().out
    assert ("its log ends:\n  importing\n  no such module\n" in said) == bool(log)
    assert "\n\n" not in said
    assert "roll back flights:2: the deployment failed: no such module\n" in said


def test_forgetting_changes_nothing_but_the_rejection():
    world = serving(1)
    tags = {**world.observed.tags, "rejected-flights-2": "sick", "rejected-flights-3": "sick", "team": "ours"}
    world.observed = replace(world.observed, mirror={"blue": 10}, tags=tags)
    before = world.observed
    reconciler(world).forget_rejection()
    del tags["rejected-flights-2"]
    assert world.observed == replace(before, tags=tags)
    for nothing in (reconciler(world, version=9), reconciler(World())):
        nothing.forget_rejection()
        assert nothing.platform.endpoints.written == 0


def test_a_rejected_version_is_refused_until_it_is_forgotten():
    world = serving(1)
    reconciler(world, answers=(0.1, 0.3)).run()
    assert not reconciler(world).run().promoted
    again = reconciler(world)
    again.forget_rejection()
    assert again.run().promoted


def test_sample_requests_go_over_the_public_route_only_when_asked_for():
    world = serving(1)
    quiet = reconciler(world)
    quiet.run()
    assert quiet.platform.endpoints.scored == ["green", "blue"] * 4, "the probe alone: before each step and at its end"
    world = World()
    busy = reconciler(world, version=1)
    busy.manifest = busy.manifest.model_copy(
        update={"rollout": busy.manifest.rollout.model_copy(update={"synthetic_rate": 20.0})}
    )
    busy.run()
    assert busy.platform.endpoints.scored.count(None) >= 20 * 10 * 0.8
    rows = [row for row in busy.platform.endpoints.rows if len(row) == 1]
    assert rows.count([[1]]) == pytest.approx(rows.count([[2]]), rel=0.2), "the sample's rows take turns"
