"""The health of a candidate, judged from the traffic it served: it is healthy, it is sick, or nobody can tell yet.

Both answers need evidence, and evidence that is good at every look: that no fault was seen is none.
"""

from dataclasses import dataclass
from math import isnan
from typing import Literal

from mlops.decide.always_valid import Share, above, below, higher, not_higher_by, reached
from mlops.decide.observed import Traffic
from mlops.settings.environments import Rollout

SICK = 0.01  # chance, over the whole rollout, that one no worse than stable is called so; it is the sum of these:
FAILS, SLOWS = 0.007, 0.002  # by what it served since its first share
FAILS_NOW, SLOWS_NOW = 0.0007, 0.0003  # by what it served in one of the bakes
HEALTHY = 0.05  # chance that one is called so which is worse than stable by the margin
SLOW, TOO_SLOW = 0.05, 0.1  # share of requests over the limit: what a 95th percentile allows; what has to be ruled out
SLOW_MINUTES = 0.5  # of a percentile that lies at the limit, as many minutes are above it as below
ANY_SHARE = (0.5, 0.5)  # the prior for minutes: all or none of them may be slow

Answer = Literal["healthy", "sick", "cannot tell"]


@dataclass(frozen=True)
class Health:
    """A look at the candidate: one of three answers, and what it rests on."""

    answer: Answer
    why: str


def judge(
    candidate: Traffic,
    stable: Traffic | None,
    rules: Rollout,
    bake: Traffic | None = None,
    beside: Traffic | None = None,
) -> Health:
    """Compare the candidate's errors with stable's, and its latency with the limit.

    candidate: since its first share; bake: of it, since the last shift, for what is new shows there first; beside: what
    stable served meanwhile, for what befalls both is not the candidate's. Where stable has served too little to compare
    with, the margin is held to the candidate's own share of errors.
    """
    if not all(each.adds_up for each in (candidate, stable, bake, beside) if each):
        return Health("cannot tell", f"{told(candidate, stable)}; the metrics contradict each other")
    other = enough(stable, rules)
    bakes = len(rules.steps)
    windows = [(candidate, other, FAILS, SLOWS)]
    if bake:
        windows.append((bake, enough(beside, rules) or other, FAILS_NOW / bakes, SLOWS_NOW / bakes))
    for window, base, fails, slows in windows:
        if fault := sickness(window, base, rules, fails, slows):
            return Health("sick", fault)
    seen, doubt = told(candidate, other), doubts(candidate, other, rules)
    return Health("cannot tell", f"{seen}; {doubt}") if doubt else Health("healthy", seen)


def enough(stable: Traffic | None, rules: Rollout) -> Traffic | None:
    """What stable served, where that is enough to compare with."""
    return stable if stable and stable.requests >= rules.min_requests else None


def told(candidate: Traffic, stable: Traffic | None) -> str:
    """What was seen, in one line."""
    theirs = f" (stable: {stable.errors} of {stable.requests})" if stable else ""
    slow = "" if isnan(candidate.p95_ms) else f", p95 {candidate.p95_ms:.0f} ms"
    return f"{candidate.errors} of {candidate.requests} requests failed{theirs}{slow}"


def sickness(seen: Traffic, stable: Traffic | None, rules: Rollout, fails: float, slows: float) -> str:
    """What is certainly wrong with it, but for these chances, or nothing."""
    if failing(seen, stable, rules.max_error_rate_increase, fails):
        base = "stable's" if stable else "none"
        return f"{told(seen, stable)}; at most {rules.max_error_rate_increase:.1%} more than {base} may fail"
    if slowed(seen, slows):
        unit = "minutes had their p95" if seen.by_minute else "requests were"
        limit, most = rules.max_p95_latency_ms, SLOW_MINUTES if seen.by_minute else SLOW
        return f"{seen.slow} of {seen.timed} {unit} over {limit:g} ms, {most:.0%} may be; p95 {seen.p95_ms:.0f} ms"
    return ""


def failing(seen: Traffic, stable: Traffic | None, margin: float, alpha: float) -> bool:
    """Whether it fails more often than stable beyond chance, and by more than the margin, as far as one can see."""
    errors = Share(seen.errors, seen.requests)
    if stable is None:
        return reached(above(errors, margin), alpha)
    base = Share(stable.errors, stable.requests)
    return errors.rate - base.rate > margin and reached(higher(errors, base), alpha)


def slowed(seen: Traffic, alpha: float) -> bool:
    """Whether more of it is over the limit than a 95th percentile at the limit allows, beyond chance."""
    slow = Share(seen.slow, seen.timed)
    evidence = above(slow, SLOW_MINUTES, ANY_SHARE) if seen.by_minute else above(slow, SLOW)
    return reached(evidence, alpha)


def doubts(candidate: Traffic, stable: Traffic | None, rules: Rollout) -> str:
    """What is not ruled out yet, or nothing.

    Of minutes there are too few to rule anything out: it is enough that most of them, and one at least, were quick.
    """
    if not reached(rise_ruled_out(candidate, stable, rules.max_error_rate_increase), HEALTHY):
        return f"cannot rule out {rules.max_error_rate_increase:.1%} more failures yet"
    slow = Share(candidate.slow, candidate.timed)
    if candidate.by_minute:
        quick = slow.requests > 0 and slow.rate <= SLOW_MINUTES
    else:
        quick = reached(below(slow, TOO_SLOW), HEALTHY)
    return "" if quick else f"cannot rule out yet that it is slow: {slow.count} of {slow.requests} over the limit"


def rise_ruled_out(candidate: Traffic, stable: Traffic | None, margin: float) -> float:
    """Evidence that the candidate does not fail more often than stable by the margin."""
    errors = Share(candidate.errors, candidate.requests)
    return not_higher_by(errors, Share(stable.errors, stable.requests), margin) if stable else below(errors, margin)
