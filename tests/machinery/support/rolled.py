"""An endpoint in memory that enforces Azure's rules, rollouts on it, and the traffic of candidates of every kind."""

import math
from dataclasses import replace

from mlops.decide.actions import CreateEndpoint, Delete, Deploy, Done, Probe, Scale, Shift, Wait, Withdraw
from mlops.decide.observed import Deployment, Observed, Traffic
from mlops.decide.rollout import Evidence, decide, live, stable_slot
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


def broken_stable():
    world = serving(1)
    broken = replace(world.observed.deployments["blue"], state="failed", reason="no such module")
    world.observed = replace(world.observed, deployments={"blue": broken})
    return world.observed


def at_ten_percent(**evidence):
    """A world whose candidate has had its first share since second 1000, and what is known of it."""
    world = serving(1)
    roll(world, 2, stop_after=4)
    assert live(world.observed) == {"green": 10, "blue": 90}
    known = {"probe": "", "probed": world.observed.tags["since"], "candidate": GOOD, "stable": GOOD, **evidence}
    return world.observed, Evidence(**{"bake": known["candidate"], **known})


def at(share, **evidence):
    """The same with that share on the candidate, in a bake that is over."""
    observed, known = at_ten_percent(**evidence)
    return replace(observed, traffic={"green": share, "blue": 100 - share}), known, 1010
