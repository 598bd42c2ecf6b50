"""What a rollout will take: the requests, and the time at the traffic that there is, if the candidate is as good."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, nan

from mlops.decide.health import judge
from mlops.decide.observed import Traffic
from mlops.settings.environments import Rollout

LONGEST = 30 * 24 * 3600.0  # seconds; what takes longer is taken for never
CLOSE = 0.01  # of the time


@dataclass(frozen=True)
class Outlook:
    """requests: on the candidate until it is known to be healthy. seconds: until it serves alone. Infinite: never."""

    requests: float
    seconds: float


def outlook(rules: Rollout, traffic: float, failing: float | None) -> Outlook:
    """By the requests a second, and the share of them that stable fails; None: nothing serves yet."""
    if traffic <= 0:
        return Outlook(inf, inf)
    alone = failing is None or rules.steps == [100]
    shares = [1.0] if alone else [step / 100 for step in rules.steps[:-1]]
    bakes = [max(rules.bake, rules.min_requests / (share * traffic)) for share in shares]
    served = traffic * sum(share * bake for share, bake in zip(shares, bakes, strict=True))
    compared, rate = traffic * sum(bakes) - served, traffic * shares[-1]

    def known(seconds: float) -> bool:
        """Whether it is known to be healthy so long after the last of these bakes."""
        candidate = seen(served + rate * seconds, failing)
        stable = seen(compared + (traffic - rate) * seconds, failing)
        return judge(candidate, stable, rules).answer == "healthy"

    longer, last = first(known), 0.0 if alone else max(rules.bake, rules.min_requests / traffic)
    return Outlook(served + rate * longer, sum(bakes) + longer + last)


def more_needed(candidate: Traffic, stable: Traffic | None, rules: Rollout) -> float:
    """How many more requests the candidate is asked until it is known to be healthy, if it goes on as it did so far.

    Infinite: never.
    """

    def known(requests: float) -> bool:
        times = 1 + requests / max(candidate.requests, 1)
        names = ("requests", "errors", "timed", "slow")
        grown = replace(candidate, **{name: round(times * getattr(candidate, name)) for name in names})
        return judge(grown, stable, rules).answer == "healthy"

    return first(known)


def seen(requests: float, failing: float | None) -> Traffic:
    """Traffic that fails at that rate, and is quick."""
    count = round(requests)
    return Traffic(count, round(count * (failing or 0.0)), nan, timed=count)


def first(known: Callable[[float], bool]) -> float:
    """The first time, in seconds, or number at which something that stays so is known."""
    low, high = 0.0, 1.0
    if known(low):
        return low
    while not known(high):
        low, high = high, 2 * high
        if high > LONGEST:
            return inf
    while high - low > CLOSE * high:
        middle = (low + high) / 2
        low, high = (low, middle) if known(middle) else (middle, high)
    return high
