"""A decision with all that it rests on, as plain data, and the same decision made once more from that."""

from collections.abc import Mapping
from dataclasses import asdict
from math import nan
from typing import Any

from pydantic import Field, TypeAdapter

from mlops.data.artefacts import Artefact
from mlops.data.files import without_nan
from mlops.decide.actions import Action
from mlops.decide.observed import YEAR_2100, Observed
from mlops.decide.rollout import Evidence, decide
from mlops.settings.environments import Manifest

TRAFFIC = ("candidate", "bake", "stable", "beside")
DURATIONS = ("bake", "deadline")  # in seconds, and in the file with a unit


class Named(Artefact):
    name: str
    version: int | None


class OfManifest(Artefact):
    model: Named


class Placed(Artefact):
    model: str
    version: int


class Endpoint(Artefact):
    deployments: dict[str, Placed]
    traffic: dict[str, int]


class Served(Artefact):
    requests: int = Field(ge=0)
    errors: int = Field(ge=0)


class Known(Artefact):
    candidate: Served | None
    stable: Served | None


class Decided(Artefact):
    kind: str
    tags: dict[str, str] = Field(default_factory=dict)


class Decision(Artefact):
    """One line of a record: at what time, by the manifest of which commit, on which facts what was decided."""

    time: float = Field(ge=0, lt=YEAR_2100)
    commit: str
    manifest: OfManifest
    observed: Endpoint | None
    evidence: Known
    action: Decided


def decision(
    commit: str, manifest: Manifest, observed: Observed | None, evidence: Evidence, now: float, action: Action
) -> dict[str, Any]:
    """The decision as a `Decision`."""
    line = {
        "time": now,
        "commit": commit,
        "manifest": manifest.model_dump(mode="json"),
        "observed": asdict(observed) if observed else None,
        "evidence": asdict(evidence),
        "action": plain(action),
    }
    return dict(without_nan(line))


def begins(line: Mapping[str, Any]) -> bool:
    """Whether a rollout begins with that decision."""
    tags = line["action"].get("tags", {})
    return "since" not in tags and tags.get("started") == repr(line["time"])


def plain(action: Action) -> dict[str, Any]:
    """The action with its name."""
    return dict(without_nan({"kind": type(action).__name__, **asdict(action)}))


def again(line: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is decided today on the facts of that line; None when they cannot be read."""
    try:
        rollout = line["manifest"]["rollout"]
        with_units = {key: f"{rollout[key]:f}s" for key in DURATIONS}
        manifest = Manifest.model_validate({**line["manifest"], "rollout": {**rollout, **with_units}})
        observed = TypeAdapter(Observed).validate_python(line["observed"]) if line["observed"] else None
        return plain(decide(manifest, observed, evidence_of(line), line["time"]))
    except Exception:  # whatever a damaged line makes of it: it cannot be decided again
        return None


def evidence_of(line: Mapping[str, Any]) -> Evidence:
    """The evidence of that line."""
    traffic = {name: line["evidence"].get(name) for name in TRAFFIC}
    measured = {name: {**each, "p95_ms": unless_null(each)} for name, each in traffic.items() if isinstance(each, dict)}
    return TypeAdapter(Evidence).validate_python({**line["evidence"], **measured})


def unless_null(traffic: Mapping[str, Any]) -> Any:
    """The latency, of which JSON has null for NaN."""
    return nan if traffic.get("p95_ms") is None else traffic["p95_ms"]
