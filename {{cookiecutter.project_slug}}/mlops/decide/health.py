"""The health of a candidate, judged from the traffic it served."""

from dataclasses import dataclass

from mlops.decide.observed import Traffic
from mlops.settings.environments import Rollout

BREACH_CHANCE = 0.001  # a candidate no worse than allowed shows such an error count at most this often at one look


@dataclass(frozen=True)
class Health:
    """A look at the candidate: healthy, breached, or neither yet."""

    healthy: bool
    breached: bool
    why: str


def judge(candidate: Traffic, stable: Traffic | None, rules: Rollout) -> Health:
    """Compare the candidate's error rate with stable's and its latency with the limit. Too few requests: neither."""
    baseline = stable.errors / stable.requests if stable and stable.requests else 0.0
    allowed = min(baseline + rules.max_error_rate_increase, 1.0)
    seen = f"{candidate.errors} of {candidate.requests} requests failed, p95 {candidate.p95_ms:.0f} ms"
    if chance_of(candidate.errors, candidate.requests, allowed) < BREACH_CHANCE:
        return Health(False, True, f"{seen}; at most {allowed:.1%} may fail")
    if candidate.requests < rules.min_requests:
        return Health(False, False, f"{candidate.requests} of {rules.min_requests} requests needed")
    if candidate.p95_ms > rules.max_p95_latency_ms:
        return Health(False, True, f"{seen}; p95 may be at most {rules.max_p95_latency_ms:g} ms")
    within = candidate.errors <= allowed * candidate.requests and candidate.p95_ms <= rules.max_p95_latency_ms
    return Health(within, False, seen if within else f"{seen}; cannot tell yet")


def chance_of(errors: int, requests: int, rate: float) -> float:
    """The binomial chance of this many errors or more when each request fails at the rate."""
    if errors == 0:  # as nearly always: a healthy rollout is spared the import, which takes a second
        return 1.0
    from scipy.stats import binom

    return float(binom.sf(errors - 1, requests, rate))
