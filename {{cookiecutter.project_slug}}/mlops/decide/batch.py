"""A batch endpoint: one pure decision at a time, from what is and what should be; and how two versions' answers differ.

The default deployment is what scores. A new version comes into the other slot, is probed, and becomes the default; the
one before stays in its slot until the next comes, so that to go back is to make it the default again. A default whose
files are gone is put back first, whichever it is: the new version is compared with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlops.decide.actions import BatchAction, CreateEndpoint, Delete, Deploy, Done, MakeDefault, Probe
from mlops.decide.agreement import FORMS, TOLERANCE, gap, points
from mlops.decide.observed import ObservedBatch
from mlops.decide.rollout import SLOTS, label, runs
from mlops.settings.environments import Manifest, ModelSettings


@dataclass(frozen=True)
class BatchEvidence:
    """What this run knows. probe: None before it was made, "" when the answers agree, else what is wrong with them.

    tried: the slots that were deployed to, each with why that failed.
    """

    probe: str | None = None
    tried: Mapping[str, str] = field(default_factory=dict)


def decide(manifest: Manifest, observed: ObservedBatch | None, evidence: BatchEvidence) -> BatchAction:
    """The one next action that takes the batch endpoint from what is towards what the manifest says."""
    model = manifest.model
    if model.version is None:
        return Done(True, "the manifest names no version yet; nothing to score with")
    if observed is None:
        return CreateEndpoint()
    default = observed.default
    if default and observed.deployments[default].state != "ready" and default not in evidence.tried:
        broken = observed.deployments[default]
        return Deploy(default, broken.model, broken.version)
    slot = default if default and runs(observed.deployments[default], model) else other_slot(default)
    there = observed.deployments.get(slot)
    if there and not runs(there, model):
        return Delete(slot)
    if not there or there.state != "ready":
        return deploy(model, slot, evidence)
    if slot == default:
        return Done(True, f"{label(model)} scores by default, from {slot}")
    if evidence.probe:
        return Done(False, f"{label(model)} does not score: {evidence.probe}")
    return MakeDefault(slot) if evidence.probe == "" else Probe(slot)


def deploy(model: ModelSettings, slot: str, evidence: BatchEvidence) -> Deploy | Done:
    """Once a run."""
    if slot in evidence.tried:
        return Done(False, f"{label(model)} cannot be deployed to {slot}: {evidence.tried[slot]}")
    return Deploy(slot, model.name, model.version or 0)


def other_slot(default: str | None) -> str:
    """Where the next version goes."""
    return SLOTS[1] if default == SLOTS[0] else SLOTS[0]


def batch_difference(manifest: Manifest, observed: ObservedBatch | None) -> list[str]:
    """What `apply` would change of the batch endpoint, as the lines of a diff."""
    if manifest.batch is None or manifest.model.version is None:
        return []
    wanted, name = f"+ {label(manifest.model)} scores by default", manifest.batch.endpoint
    if observed is None:
        return [f"+ batch endpoint {name}", wanted]
    present = observed.deployments.get(observed.default or "")
    if present is None:
        return [wanted]
    if runs(present, manifest.model):
        return [] if present.state == "ready" else [f"~ {label(manifest.model)} in {present.slot}: {present.state}"]
    leaving = [
        f"- {each.model}:{each.version} in {slot}"
        for slot, each in sorted(observed.deployments.items())
        if slot != observed.default and not runs(each, manifest.model)
    ]
    return [*leaving, f"~ {present.model}:{present.version} stays in {present.slot}, and scores no more", wanted]


@dataclass(frozen=True)
class Comparison:
    """Two versions' answers to the same rows. changed: share of the rows that are answered otherwise.

    apart: the median, the 90th percentile and the greatest of how far the numbers of an answer are apart.
    """

    rows: int
    changed: float
    apart: tuple[float, float, float]

    def __str__(self) -> str:
        half, most, greatest = self.apart
        numbers = f"they are {half:.3g} apart in the median, {most:.3g} at 90 %, {greatest:.3g} at most"
        return f"{self.changed:.0%} of {self.rows} answers changed; {numbers}"


def compare(new: Mapping[str, Any], old: Mapping[str, Any], threshold: float) -> Comparison | None:
    """The answers to the same rows, as endpoints give them, side by side; None where they cannot be compared.

    A score has changed that came to the other side of the threshold, a class that is another one, a value that is.
    """
    ours, theirs = points(new), points(old)
    if not ours or theirs is None or len(ours) != len(theirs) or form(new) != form(old):
        return None
    apart = sorted(map(gap, ours, theirs))
    decided = (decisions(each, threshold) for each in (new, old))
    changed = sum(map(differs, *decided)) / len(ours)
    return Comparison(len(ours), changed, (quantile(apart, 0.5), quantile(apart, 0.9), apart[-1]))


def form(answer: Mapping[str, Any]) -> str | None:
    return next((name for name in FORMS if name in answer), None)


def decisions(answer: Mapping[str, Any], threshold: float) -> Sequence[Any]:
    """What is decided by it, a row: the class, the side of the threshold, or the value itself."""
    if "scores" in answer:
        return [score > threshold for score in answer["scores"]]
    found: Sequence[Any] = answer["classes" if "classes" in answer else "values"]
    return found


def differs(one: Any, other: Any) -> bool:
    return abs(one - other) > TOLERANCE if isinstance(one, float) else bool(one != other)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed."""
    place = next(at for at in range(len(ordered)) if at + 1 >= share * len(ordered))
    return ordered[place]
