"""`apply` and `plan` against an endpoint in memory: what they print, return, and do when metrics or replies fail."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from test_rollout import GOOD, World, at_rest, manifest, serving

from mlops import UserError
from mlops.decide.actions import CreateEndpoint, Delete, Deploy, Done, Scale, Shift
from mlops.operate.reconcile import Reconciler, disagreement
from mlops.platform import ModelVersion, Platform, Reply


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self, world):
        self.world = world

    def now(self):
        return self.world.now

    def wait(self, seconds):
        self.world.now += seconds


class Registry:
    """A registry of two versions that come with a probe of two rows."""

    def versions(self, name):
        return [ModelVersion(name, version, "run", {}) for version in (1, 2)]

    def download(self, name, version, to):
        to.mkdir()
        (to / "probe.json").write_text(
            '{"request": {"input_data": {"columns": ["a"], "data": [[1], [2]]}}, "scores": [0.1, 0.2]}'
        )
        return to


class Endpoints:
    """The rules of `World` behind the platform's protocol; `fails` is why a write of a deployment does."""

    def __init__(self, world, answers=(0.1, 0.2), lost_readings=0, lost_answers=0, fails=""):
        self.world, self.answers, self.lost_readings, self.scored = world, list(answers), lost_readings, []
        self.lost_answers, self.fails = lost_answers, fails

    def lease(self, endpoint, holder):
        return nullcontext()

    def observe(self, endpoint):
        return self.world.observed

    def create(self, endpoint, port):
        self.world.act(CreateEndpoint())

    def deploy(self, endpoint, slot, model, version):
        self.world.act(Deploy(slot, model, version), starts=not self.fails)
        placed = self.world.observed.deployments[slot]
        return replace(placed, reason=self.fails) if self.fails else placed

    def logs(self, endpoint, slot, lines):
        return ""

    def update(self, endpoint, traffic, mirror, tags):
        self.world.act(Shift(traffic, tags, ""))

    def scale(self, endpoint, slot):
        self.world.act(Scale(slot))

    def delete_deployment(self, endpoint, slot):
        self.world.act(Delete(slot))

    def score(self, endpoint, payload, slot=None):
        self.scored.append(slot)
        if self.lost_answers:
            self.lost_answers -= 1
            raise ConnectionError("cut off")
        return Reply(200, {"scores": self.answers[: len(payload["input_data"]["data"])]}, slot or "blue", 1.0)

    def measure(self, endpoint, since):
        if self.lost_readings:
            self.lost_readings -= 1
            raise OSError("no answer")
        return dict.fromkeys(("blue", "green"), GOOD)


def reconciler(world, version=2, **endpoints):
    platform = Platform("memory", Registry(), Endpoints(world, **endpoints), None)
    return Reconciler(platform, manifest(version), clock=Clock(world))


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


def test_a_lost_reading_is_read_again_and_lost_metrics_roll_back():
    assert reconciler(serving(1), lost_readings=2).run().promoted
    world = serving(1)
    done = reconciler(world, lost_readings=1000).run()
    assert not done.promoted and "metrics could not be read" in done.why
    at_rest(world, 1)


def test_a_lost_answer_is_asked_for_again_and_none_at_all_rolls_back():
    assert reconciler(serving(1), lost_answers=2).run().promoted
    world = serving(1)
    done = reconciler(world, lost_answers=1000).run()
    assert not done.promoted and "the probe failed: no answer: cut off" in done.why
    at_rest(world, 1)


def test_wrong_scores_are_caught_before_any_traffic():
    world = serving(1)
    done = reconciler(world, answers=(0.1, 0.3)).run()
    assert "1 of 2 scores differ" in done.why
    assert not any(share.get("green") for share in world.shares)


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
    assert set(quiet.platform.endpoints.scored) == {"green"}, "the probe alone"
    world = World()
    busy = reconciler(world, version=1)
    busy.manifest = busy.manifest.model_copy(
        update={"rollout": busy.manifest.rollout.model_copy(update={"synthetic_rate": 20.0})}
    )
    busy.run()
    assert busy.platform.endpoints.scored.count(None) >= 20 * 10 * 0.8


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, {"scores": [0.1, 0.2]}, ""),
        (200, {"scores": [0.1, 0.2 + 1e-9]}, ""),
        (200, {"scores": [0.1, 0.21]}, "1 of 2 scores differ"),
        (200, {"scores": [0.1, float("nan")]}, "1 of 2 scores differ"),
        (200, {"scores": [0.1, None]}, "1 of 2 scores differ"),
        (200, {"scores": ["0.1", [0.2]]}, "2 of 2 scores differ"),
        (200, {"scores": [0.1]}, "1 scores for 2 rows"),
        (200, {"predictions": [1]}, "status 200"),
        (200, "text", "status 200, text"),
        (500, {"message": "boom"}, "status 500"),
    ],
)
def test_answers_must_agree_with_the_offline_scores(status, body, problem):
    found = disagreement(status, body, [0.1, 0.2])
    assert found == "" if problem == "" else problem in found
