"""What becomes of a batch endpoint, and how two versions' answers are told apart."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rolled import manifest

from mlops.decide.actions import CreateEndpoint, Delete, Deploy, Done, MakeDefault, Probe
from mlops.decide.batch import BatchEvidence, batch_difference, compare, decide
from mlops.decide.observed import Deployment, ObservedBatch
from mlops.settings.environments import BatchSettings

NAME = "flights-batch"


def wanting(version):
    """The manifest that names this version."""
    return manifest(version).model_copy(update={"batch": BatchSettings(endpoint=NAME)})


def placed(slot, version, state="ready"):
    return Deployment(slot, "flights", version, state, "" if state == "ready" else "its files are gone")


def endpoint(default=None, **versions):
    return ObservedBatch({slot: placed(slot, version) for slot, version in versions.items()}, default)


class World:
    """A batch endpoint that does as it is told, and what scored by default, in turn."""

    def __init__(self, observed, answers=""):
        self.observed, self.answers, self.scored = observed, answers, []

    def act(self, action, evidence):
        seen = self.observed
        match action:
            case CreateEndpoint():
                self.observed = ObservedBatch()
            case Delete(slot):
                assert slot != seen.default, "deleted the default"
                left = {name: each for name, each in seen.deployments.items() if name != slot}
                self.observed = replace(seen, deployments=left)
            case Deploy(slot, _, version):
                assert slot not in seen.deployments or seen.deployments[slot].version == version, "replaced another"
                self.observed = replace(seen, deployments={**seen.deployments, slot: placed(slot, version)})
                return replace(evidence, tried={**evidence.tried, slot: ""})
            case Probe(slot):
                assert seen.deployments[slot].state == "ready"
                return replace(evidence, probe=self.answers)
            case MakeDefault(slot):
                assert seen.deployments[slot].state == "ready" and evidence.probe == "", "not probed"
                self.observed = replace(seen, default=slot)
                self.scored.append(seen.deployments[slot].version)
        return evidence


def settle(world, version, most=8):
    """Act until there is nothing left to do."""
    evidence = BatchEvidence()
    for _ in range(most):
        action = decide(wanting(version), world.observed, evidence)
        if isinstance(action, Done):
            return action
        evidence = world.act(action, evidence)
    raise AssertionError("does not end")


def test_the_first_version_comes_to_score():
    world = World(None)
    assert settle(world, 1) == Done(True, "flights:1 scores by default, from blue")
    assert world.observed == endpoint("blue", blue=1)


def test_the_one_before_stays_until_the_next_comes():
    world = World(endpoint("blue", blue=1))
    assert settle(world, 2).promoted and world.observed == endpoint("green", blue=1, green=2)
    assert settle(world, 3).promoted and world.observed == endpoint("blue", blue=3, green=2)


def test_to_go_back_deploys_nothing():
    world = World(endpoint("green", blue=1, green=2))
    evidence = BatchEvidence()
    assert decide(wanting(1), world.observed, evidence) == Probe("blue")
    assert settle(world, 1).promoted and world.observed == endpoint("blue", blue=1, green=2)


def test_what_answers_otherwise_than_it_did_offline_never_scores():
    world = World(endpoint("blue", blue=1), answers="1 of 20 scores differ")
    assert settle(world, 2) == Done(False, "flights:2 does not score: 1 of 20 scores differ")
    assert world.observed.default == "blue" and world.scored == []


def test_without_a_version_there_is_nothing_to_do():
    assert decide(wanting(None), None, BatchEvidence()).promoted


def test_a_default_whose_files_are_gone_is_deployed_anew_once():
    gone = ObservedBatch({"blue": placed("blue", 1, "failed")}, "blue")
    assert decide(wanting(1), gone, BatchEvidence()) == Deploy("blue", "flights", 1)
    failed = decide(wanting(1), gone, BatchEvidence(tried={"blue": "no room"}))
    assert failed == Done(False, "flights:1 cannot be deployed to blue: no room")


def test_a_default_whose_files_are_gone_is_put_back_to_be_compared_with_and_is_not_in_the_way():
    gone = ObservedBatch({"blue": placed("blue", 1, "failed")}, "blue")
    assert decide(wanting(2), gone, BatchEvidence()) == Deploy("blue", "flights", 1)
    assert decide(wanting(2), gone, BatchEvidence(tried={"blue": "not registered"})) == Deploy("green", "flights", 2)


VERSIONS = st.integers(1, 4)


@st.composite
def endpoints(draw):
    """None, or any endpoint that a run which was killed can have left behind."""
    slots = draw(st.dictionaries(st.sampled_from(["blue", "green"]), VERSIONS))
    states = {slot: placed(slot, each, draw(st.sampled_from(["ready", "failed"]))) for slot, each in slots.items()}
    default = draw(st.sampled_from([None, *slots]))
    return draw(st.sampled_from([None, ObservedBatch(states, default)]))


@given(observed=endpoints(), version=VERSIONS)
def test_from_wherever_it_was_left_it_ends_with_the_version_and_keeps_the_one_before(observed, version):
    world = World(observed)
    before = observed.deployments[observed.default] if observed and observed.default else None
    assert settle(world, version).promoted
    assert world.observed.deployments[world.observed.default] == placed(world.observed.default, version)
    if before and before.version != version:
        assert world.observed.deployments[before.slot].version == before.version
    assert batch_difference(wanting(version), world.observed) == []


@given(observed=endpoints(), version=VERSIONS)
def test_a_plan_shows_a_difference_exactly_where_apply_acts(observed, version):
    action = decide(wanting(version), observed, BatchEvidence())
    assert bool(batch_difference(wanting(version), observed)) != isinstance(action, Done)


def test_a_plan_says_what_scores_what_stays_and_what_goes():
    assert batch_difference(wanting(3), endpoint("green", blue=1, green=2)) == [
        "- flights:1 in blue",
        "~ flights:2 stays in green, and scores no more",
        "+ flights:3 scores by default",
    ]
    assert batch_difference(wanting(1), None) == [f"+ batch endpoint {NAME}", "+ flights:1 scores by default"]
    assert batch_difference(manifest(1), endpoint("blue", blue=2)) == []


def test_a_score_has_changed_that_came_to_the_other_side():
    found = compare({"scores": [0.1, 0.6, 0.4, 0.45]}, {"scores": [0.1, 0.4, 0.3, 0.55]}, 0.5)
    assert found.rows == 4 and found.changed == 0.5
    assert found.apart == pytest.approx((0.1, 0.2, 0.2))
    assert str(found) == "50% of 4 answers changed; they are 0.1 apart in the median, 0.2 at 90 %, 0.2 at most"


def test_a_class_has_changed_that_is_another_and_a_value_that_is():
    new = {"classes": ["a", "b"], "labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.4, 0.6]]}
    old = {"classes": ["a", "a"], "labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.6, 0.4]]}
    assert compare(new, old, 0.5).changed == 0.5
    assert compare({"values": [1.0, 2.0]}, {"values": [1.0 + 1e-9, 2.1]}, 0.5).changed == 0.5


@pytest.mark.parametrize("old", [{"scores": [0.1]}, {"values": [0.1, 0.2]}, {"scores": [0.1, None]}, {"scores": []}])
def test_what_is_no_answer_to_the_same_rows_is_not_compared(old):
    assert compare({"scores": [0.1, 0.2]}, old, 0.5) is None


SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(new=SCORES, data=st.data())
def test_a_comparison_is_the_same_from_either_side_and_nothing_with_itself(new, data):
    old = data.draw(st.lists(st.floats(0, 1), min_size=len(new), max_size=len(new)))
    one, other = compare({"scores": new}, {"scores": old}, 0.5), compare({"scores": old}, {"scores": new}, 0.5)
    assert one == other and 0 <= one.apart[0] <= one.apart[1] <= one.apart[2] <= 1
    itself = compare({"scores": new}, {"scores": new}, 0.5)
    assert (itself.changed, math.fsum(itself.apart)) == (0, 0)
