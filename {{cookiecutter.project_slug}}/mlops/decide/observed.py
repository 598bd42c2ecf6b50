"""What a platform shows of an endpoint: plain data, on which a rollout is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Literal

from mlops import UserError

YEAR_2100 = 4_102_444_800  # seconds since the epoch

State = Literal["creating", "ready", "failed", "stopped"]  # stopped: not by any fault of its own


@dataclass(frozen=True)
class Deployment:
    """What one slot runs. `reason` says why it failed or was stopped, in one line.

    instances: the fewest and the most machines that it runs on; None where it is always this one.
    instance_type, explain: what the manifest's `endpoint` said of them when it was made; None where unknown.
    """

    slot: str
    model: str
    version: int
    state: State
    reason: str = ""
    instances: tuple[int, int] | None = field(default=None, compare=False)  # it stays the same on more of them
    instance_type: str | None = field(default=None, compare=False)
    explain: bool | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Observed:
    """An endpoint as it is. Traffic and mirror are percent by slot; traffic sums to 0 or 100.

    port: what the manifest said of it when it was last applied (0: any); None where endpoints have names alone.
    """

    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None

    def moment(self, tag: str) -> float:
        """When, in seconds since the epoch, says that tag. UserError when it does not: people can edit tags."""
        value = self.tags.get(tag, "")
        try:
            moment = float(value)
        except ValueError:
            moment = nan
        if not 0 <= moment < YEAR_2100:
            mend = "take the tags candidate, started, live and since off the endpoint and apply again"
            raise UserError(f"the endpoint's tag {tag} says {value!r}, which is no time; {mend}")
        return moment


@dataclass(frozen=True)
class ObservedBatch:
    """A batch endpoint as it is. default: the slot that scores; None before the first."""

    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    default: str | None = None


@dataclass(frozen=True)
class Traffic:
    """What a slot served in a window: live requests, those of them that failed (5xx), the 95th percentile latency.

    slow: how many of the `timed` ones were over the limit. by_minute: those are minutes, of which the percentile alone
    is known.
    """

    requests: int
    errors: int
    p95_ms: float
    timed: int = 0
    slow: int = 0
    by_minute: bool = False

    @property
    def adds_up(self) -> bool:
        """Whether no part is larger than the whole, as where one metric is later than another, or counted twice."""
        return 0 <= self.errors <= self.requests and 0 <= self.slow <= self.timed
