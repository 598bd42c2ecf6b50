"""What a rollout can do next: one of these at a time, decided in rollout.py and carried out in reconcile.py."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class CreateEndpoint:
    """Make the endpoint, without traffic."""


@dataclass(frozen=True)
class Move:
    """Let the endpoint answer on the port that the manifest wants now."""


@dataclass(frozen=True)
class Deploy:
    """Put the version into the slot, or restart it there."""

    slot: str
    model: str
    version: int


@dataclass(frozen=True)
class Probe:
    """Ask the slot through the deployment header and compare with the offline scores."""

    slot: str


@dataclass(frozen=True)
class Shift:
    """Set traffic and tags in one write."""

    traffic: Mapping[str, int]
    tags: Mapping[str, str]
    why: str


@dataclass(frozen=True)
class MakeDefault:
    """Let files be scored by the slot's deployment from now on."""

    slot: str


@dataclass(frozen=True)
class Withdraw:
    """Take the candidate's traffic away without a word against it: we do not know how it does."""

    traffic: Mapping[str, int]
    tags: Mapping[str, str]
    why: str


@dataclass(frozen=True)
class Delete:
    """Take the slot away."""

    slot: str


@dataclass(frozen=True)
class Scale:
    """Let the slot run on as many machines as the manifest says, with the traffic that it has."""

    slot: str


@dataclass(frozen=True)
class Wait:
    """Watch on."""

    why: str


@dataclass(frozen=True)
class Done:
    """Nothing left to do: fully promoted, fully rolled back, or held where it is, for people to decide."""

    promoted: bool
    why: str
    held: bool = False


Action = CreateEndpoint | Move | Deploy | Probe | Shift | Withdraw | Delete | Scale | Wait | Done
BatchAction = CreateEndpoint | Deploy | Probe | MakeDefault | Delete | Done
