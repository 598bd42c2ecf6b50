"""The rollout: one pure decision at a time, from what is and what should be.

No progress is kept outside the endpoint: its deployments, traffic and tags say how far a rollout is. A run that was
killed anywhere is continued by the next one. Tags of ours on the endpoint:

`stable`            the slot that serves when nothing is being rolled out
`candidate`         `name:version` being rolled out, with three moments (seconds since the epoch): `started`, `live`
                    since it has had any traffic, `since` the last shift
`rejected-n-v`      why version v of model n was rolled back; it is refused until told otherwise
`unverified-n-v`    why version v of model n was let in without a verdict of the gate
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from mlops.decide.actions import Action, CreateEndpoint, Delete, Deploy, Done, Move, Probe, Scale, Shift, Wait, Withdraw
from mlops.decide.health import Health, judge
from mlops.decide.observed import Deployment, Observed, Traffic
from mlops.decide.outlook import more_needed
from mlops.settings.environments import EndpointSettings, Manifest, ModelSettings, Rollout

SLOTS = ("blue", "green")
SKEW = 60.0  # seconds that the clocks of two machines may differ


@dataclass(frozen=True)
class Evidence:
    """What is known right now.

    probe: None when not probed yet, "" when the answers agree, else what is wrong with them. probed: the bake in which
    that was asked, by its `since`.
    candidate: its traffic since its first share; bake: of it, since the last shift; stable: its traffic since the
    rollout began; beside: of it, since the last shift. None: not measurable.
    tried: the slots that were deployed or scaled in this run, each with why that failed.
    withdrawn: why this run has taken the candidate's traffic away without rejecting it.
    watched_from: when this run began to watch; the time before it, in which nobody did, is not the candidate's.
    """

    probe: str | None = None
    probed: str = ""
    candidate: Traffic | None = None
    bake: Traffic | None = None
    stable: Traffic | None = None
    beside: Traffic | None = None
    tried: Mapping[str, str] = field(default_factory=dict)
    watched_from: float = 0.0
    withdrawn: str = ""


def decide(manifest: Manifest, observed: Observed | None, evidence: Evidence, now: float) -> Action:
    """The one next action that takes the endpoint from what is towards what the manifest says."""
    if manifest.model.version is None:
        return Done(True, "the manifest names no version yet; nothing to roll out")
    if observed is None or moving(observed, manifest.endpoint):
        return CreateEndpoint() if observed is None else Move()
    stable = stable_slot(observed)
    if stable and observed.deployments[stable].state != "ready":
        broken = observed.deployments[stable]
        if stable not in evidence.tried:
            return Deploy(stable, broken.model, broken.version)
        if runs(broken, manifest.model):
            return Done(False, f"{label(manifest.model)} does not start in {stable}: {cause(broken, evidence)}")
        stable = None  # it cannot be repaired, so the new version is all there is to serve
    if stable and runs(observed.deployments[stable], manifest.model):
        why = f"{label(manifest.model)} serves from {stable}"
        return settle(manifest, observed, stable, evidence, Done(True, why))
    rejection = observed.tags.get(rejection_tag(manifest.model))
    given_up = f"{label(manifest.model)} was rolled back: {rejection}" if rejection else evidence.withdrawn
    if given_up:
        return settle(manifest, observed, stable, evidence, Done(False, given_up))
    begins = beginning(manifest, observed, now)
    if begins:
        return Shift(serving_only(stable), begin(observed.tags, manifest.model, now), begins)
    return advance(manifest, observed, stable, evidence, now)


def settle(manifest: Manifest, observed: Observed, stable: str | None, evidence: Evidence, done: Done) -> Action:
    """Bring the endpoint to rest on stable alone, on as many machines as the manifest says."""
    if live(observed) != serving_only(stable) or "candidate" in observed.tags or observed.mirror:
        return Shift(serving_only(stable), rest(observed.tags), "all traffic on stable")
    leftover = next((slot for slot in sorted(observed.deployments) if slot != stable), None)
    if leftover:
        return Delete(leftover)
    if stable and stable not in evidence.tried and not fits(observed.deployments[stable], manifest.endpoint):
        return Scale(stable)
    return done


def advance(manifest: Manifest, observed: Observed, stable: str | None, evidence: Evidence, now: float) -> Action:
    """The next action of a rollout under way."""
    slot = SLOTS[1] if observed.tags.get("stable") == SLOTS[0] else SLOTS[0]
    occupant, share = observed.deployments.get(slot), live(observed).get(slot, 0)
    if occupant and not runs(occupant, manifest.model):
        return Shift(serving_only(stable), observed.tags, "traffic off the superseded") if share else Delete(slot)
    if share and evidence.candidate is None:
        why = f"{label(manifest.model)} was taken back, but not rejected: its metrics could not be read; apply again"
        return Withdraw(serving_only(stable), rest(observed.tags), why)
    health = assess(manifest.rollout, evidence) if share else None
    if reason := trouble(occupant, share, evidence, health):
        return reject(manifest.model, observed, stable, reason)
    if late(manifest.rollout, observed, evidence, now):
        return at_deadline(manifest, observed, stable, share, health)
    if not occupant or occupant.state != "ready":
        return Deploy(slot, manifest.model.name, manifest.model.version or 0)
    if share == 0:
        return first_shift(manifest.rollout, observed, slot, stable, now) if evidence.probe == "" else Probe(slot)
    assert health is not None  # it has a share
    return watch(manifest.rollout, observed, slot, stable, evidence, health, now)


def beginning(manifest: Manifest, observed: Observed, now: float) -> str:
    """Why the rollout begins, or nothing while one is under way.

    One whose candidate was stopped meanwhile begins again: what it served till then says nothing of it now. So does one
    of a clock that was set back since: neither its bake nor its deadline would ever come.
    """
    if observed.tags.get("candidate") != label(manifest.model):
        return "begin the rollout"
    served = [observed.deployments[slot] for slot in live(observed)]
    if any(each.state == "stopped" and runs(each, manifest.model) for each in served):
        return "begin the rollout again: it was stopped"
    if any(observed.moment(tag) > now + SKEW for tag in {"started", "live", "since"} & observed.tags.keys()):
        return "begin the rollout again: by the clock it has not begun yet"
    return ""


def trouble(occupant: Deployment | None, share: int, evidence: Evidence, health: Health | None) -> str:
    """Why the candidate must go, or nothing."""
    if occupant and occupant.state == "failed" and (share or occupant.slot in evidence.tried):
        return f"the deployment failed: {cause(occupant, evidence)}"
    if evidence.probe:
        return f"the probe failed: {evidence.probe}"
    return health.why if health and health.answer == "sick" else ""


def assess(rules: Rollout, evidence: Evidence) -> Health:
    """How the candidate does, which is measured."""
    assert evidence.candidate is not None  # one that is not was withdrawn before
    return judge(evidence.candidate, evidence.stable, rules, evidence.bake, evidence.beside)


def late(rules: Rollout, observed: Observed, evidence: Evidence, now: float) -> bool:
    """Whether the deadline has passed."""
    return time_left(rules, observed, evidence, now) < 0


def time_left(rules: Rollout, observed: Observed, evidence: Evidence, now: float) -> float:
    """Seconds until the deadline, of time in which somebody watched."""
    watched_from = evidence.watched_from if evidence.watched_from <= now else 0.0  # else the clock was set back since
    return rules.deadline - (now - max(observed.moment("started"), watched_from))


def at_deadline(
    manifest: Manifest, observed: Observed, stable: str | None, share: int, health: Health | None
) -> Shift | Done:
    """Roll back what is not decided, or hold it where the manifest says so and it has live traffic."""
    rules = manifest.rollout
    why = f"not decided within {rules.deadline:g} s" + (f"; {health.why}" if health else "")
    if rules.at_deadline == "hold" and health:
        return Done(False, f"{label(manifest.model)} is held at {share} %: {why}", held=True)
    return reject(manifest.model, observed, stable, why)


def watch(
    rules: Rollout, observed: Observed, slot: str, stable: str | None, evidence: Evidence, health: Health, now: float
) -> Shift | Wait | Probe:
    """Stay at this share, or take the next step once the candidate has answered the sample rows rightly again.

    All traffic is for a candidate that is known to be healthy, and known while stable is there to compare with. To the
    shares before, it is enough that it is not sick.
    """
    share, served = live(observed)[slot], evidence.bake.requests if evidence.bake else 0
    following = next((step for step in steps(rules, stable) if step > share), None)
    lacking = [] if served >= rules.min_requests else [f"{served} of {rules.min_requests} requests in this bake"]
    decides = following == 100 or steps(rules, stable) == [100]
    left = rules.bake - (now - observed.moment("since"))
    lacking += [f"{left:.0f} s of bake left"] if left > 0 else []
    if lacking or (decides and health.answer != "healthy"):
        lacking = lacking or [evidence_to_come(rules, evidence, time_left(rules, observed, evidence, now))]
        return Wait("; ".join([f"{share} % on {slot}: {health.why}", *lacking]))
    if evidence.probe is None or evidence.probed != observed.tags["since"]:
        return Probe(slot)  # what answered rightly before it had traffic may not do so any more
    if following is None:
        tags = rest(observed.tags) | {"stable": slot}
        return Shift({slot: 100}, tags, f"{slot} is stable now")
    return shift(observed, slot, stable, following, now)


def evidence_to_come(rules: Rollout, evidence: Evidence, left: float) -> str:
    """What a candidate waits for that lacks nothing but evidence, and how long it can."""
    assert evidence.candidate is not None  # one that is not measured was withdrawn before
    more = more_needed(evidence.candidate, evidence.stable, rules)
    asked = f"about {more:,.0f} more requests like these tell" if isfinite(more) else "requests like these never tell"
    return f"{asked}; {left:.0f} s until the deadline"


def first_shift(rules: Rollout, observed: Observed, slot: str, stable: str | None, now: float) -> Shift:
    """The first share of live traffic."""
    return shift(observed, slot, stable, steps(rules, stable)[0], now)


def steps(rules: Rollout, stable: str | None) -> list[int]:
    """The shares that the candidate gets, one after another; all at once where nothing else serves, or no more."""
    return rules.steps if stable else [100]


def shift(observed: Observed, slot: str, stable: str | None, share: int, now: float) -> Shift:
    """This share on the slot, the rest on stable; the bake starts anew."""
    rest_of_it = {stable: 100 - share} if stable and share < 100 else {}
    tags = {"live": repr(now), **observed.tags, "since": repr(now)}  # `live` stays what the first shift made it
    return Shift({slot: share} | rest_of_it, tags, f"{share} % of live traffic on {slot}")


def reject(model: ModelSettings, observed: Observed, stable: str | None, reason: str) -> Shift:
    """All traffic back to stable, and the version remembered with the reason, in one write."""
    tags = rest(observed.tags) | {rejection_tag(model): reason[:250]}
    return Shift(serving_only(stable), tags, f"roll back {label(model)}: {reason}")


def cause(failed: Deployment, evidence: Evidence) -> str:
    """Why it failed: the write that made it knows what its log does not, as when an image cannot be built."""
    return evidence.tried.get(failed.slot) or failed.reason


def moving(observed: Observed, endpoint: EndpointSettings) -> list[str]:
    """The line that says on which port it would answer; none when it does, or where endpoints have names alone."""
    if observed.port in {None, endpoint.port}:
        return []
    now, then = (str(port or "any") for port in (observed.port, endpoint.port))
    return [f"~ port {now} -> {then}"]


def stable_slot(observed: Observed) -> str | None:
    """The slot that serves when nothing is being rolled out, if it is still there."""
    slot = observed.tags.get("stable")
    return slot if slot in observed.deployments else None


def live(observed: Observed) -> dict[str, int]:
    """The slots that get live traffic, with their percent."""
    return {slot: share for slot, share in observed.traffic.items() if share}


def serving_only(slot: str | None) -> dict[str, int]:
    """All traffic on the slot; none at all where there is none."""
    return {slot: 100} if slot else {}


def runs(deployment: Deployment, model: ModelSettings) -> bool:
    """Whether the deployment is of exactly this version."""
    return (deployment.model, deployment.version) == (model.name, model.version)


def fits(deployment: Deployment, endpoint: EndpointSettings) -> bool:
    """Whether it runs on as many machines as the manifest says."""
    return deployment.instances in {None, instances(endpoint)}


def instances(endpoint: EndpointSettings) -> tuple[int, int]:
    """The fewest and the most machines that a deployment is to run on."""
    return endpoint.instance_count, max(endpoint.instance_count, endpoint.max_instances)


def label(model: ModelSettings) -> str:
    """`name:version`."""
    return f"{model.name}:{model.version}"


def rejection_tag(model: ModelSettings) -> str:
    """The tag that remembers why this version was rolled back."""
    return f"rejected-{model.name}-{model.version}"


def begin(tags: Mapping[str, str], model: ModelSettings, now: float) -> dict[str, str]:
    """The tags of a rollout that begins now."""
    unverified = {f"unverified-{model.name}-{model.version}": model.unverified[:250]} if model.unverified else {}
    return rest(tags) | {"candidate": label(model), "started": repr(now)} | unverified


def rest(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags without those of a rollout under way."""
    return {key: value for key, value in tags.items() if key not in {"candidate", "started", "live", "since"}}
