"""How often a rollout promotes, rolls back and cannot tell, beside two rules that others use, on the same seeds.

    cd <a generated project> && uv run python <the template>/benchmarks/canary.py

Whole rollouts by `decide`: steps 10, 50, 100 %, bakes of 20 s with a look a second, a margin of 0.01, 20 requests a
bake, half an hour at most. Requests come as by chance; those that fail and those that are slow (lognormal, sigma 0.5)
are drawn. The fixed rule rolls back at the end of a bake if the candidate failed 0.01 more than stable in it, or if its
p95 was over the limit. The counting rule (Flagger's defaults: 10 checks, 5 bad ones) calls a minute of 60 requests bad
when less than 99 % of them succeed.
"""

import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from _project import options
from mlops.decide.actions import Shift
from mlops.decide.agreement import disagreement, oddness
from mlops.decide.always_valid import ratio
from mlops.decide.health import SICK, judge
from mlops.decide.observed import Deployment, Observed, Traffic
from mlops.decide.rollout import Evidence, decide
from mlops.settings.environments import EndpointSettings, Manifest, ModelSettings, Rollout

RULES = Rollout.model_validate(
    {
        "steps": [10, 50, 100],
        "bake": "20s",
        "deadline": "30m",
        "min_requests": 20,
        "max_error_rate_increase": 0.01,
        "max_p95_latency_ms": 100.0,
        "synthetic_rate": 0.0,
    }
)
MANIFEST = Manifest(
    platform="local",
    endpoint=EndpointSettings(name="canary", instance_type="any", instance_count=1),
    model=ModelSettings(name="canary", version=2),
    rollout=RULES,
)
SLOTS = {slot: Deployment(slot, "canary", version, "ready") for slot, version in (("blue", 1), ("green", 2))}
SIGMA = 0.5  # of the logarithm of a latency
LOOK, OFTEN = 1.0, 200  # seconds between two looks; so many of them, then every ten seconds
LOOKS, PLANNED = 24, 2.472  # of 100 requests; by so many standard errors at the last of them, for 1 % over all 24
ROWS, PROBES = 22, 4  # of a probe; probes in a rollout


class Candidate(NamedTuple):
    """Shares of requests that fail, stable's beside; its p95 as a share of the limit; requests a second of both."""

    failing: float
    stable: float = 0.0
    p95: float = 0.6
    rate: float = 20.0


class Ended(NamedTuple):
    """promoted, rolled back or cannot tell; the candidate's requests until then."""

    how: str
    requests: int


@cache
def over(p95: float) -> float:
    """The share of requests over the limit, when the 95th percentile is that share of it."""
    return float(norm.sf(norm.ppf(0.95) - math.log(p95) / SIGMA))


class Served:
    """What both have served so far."""

    def __init__(self) -> None:
        self.counts = {"green": np.zeros(3, dtype=int), "blue": np.zeros(3, dtype=int)}

    def serve(self, candidate: Candidate, share: float, seconds: float, chance: np.random.Generator) -> None:
        """Requests, failures and slow ones of some seconds more."""
        came = chance.poisson(candidate.rate * seconds)
        own = chance.binomial(came, share)
        for slot, number, failing in (("green", own, candidate.failing), ("blue", came - own, candidate.stable)):
            slow = chance.binomial(number, over(candidate.p95))
            self.counts[slot] += (number, chance.binomial(number, failing), slow)

    def traffic(self, slot: str, before: "Served | None" = None) -> Traffic:
        """Of the slot, since then."""
        requests, errors, slow = map(int, self.counts[slot] - (before.counts[slot] if before else 0))
        return Traffic(requests, errors, 5.0, requests, slow)

    def copy(self) -> "Served":
        other = Served()
        other.counts = {slot: counts.copy() for slot, counts in self.counts.items()}
        return other


def rollout(candidate: Candidate, chance: np.random.Generator) -> Ended:
    """By this project's own decisions."""
    tags = {"stable": "blue", "candidate": "canary:2", "started": "0.0", "live": "0.0", "since": "0.0"}
    traffic, now, served, shifted, looks = {"green": 10, "blue": 90}, 0.0, Served(), Served(), 0
    while True:
        bake, whole, stable = served.traffic("green", shifted), served.traffic("green"), served.traffic("blue")
        beside = served.traffic("blue", shifted)
        evidence = Evidence("", tags["since"], candidate=whole, bake=bake, stable=stable, beside=beside)
        action = decide(MANIFEST, Observed(SLOTS, traffic, {}, tags), evidence, now)
        if isinstance(action, Shift):
            if action.tags.get("stable") == "green":
                return Ended("promoted", whole.requests)
            if "since" not in action.tags:
                return Ended("cannot tell" if "not decided" in action.why else "rolled back", whole.requests)
            traffic, tags, shifted = dict(action.traffic), dict(action.tags), served.copy()
        else:
            seconds = LOOK if looks < OFTEN else 10 * LOOK
            served.serve(candidate, traffic["green"] / 100, seconds, chance)
            now, looks = now + seconds, looks + 1


def fixed_rule(candidate: Candidate, chance: np.random.Generator) -> Ended:
    """One look at the end of each bake."""
    served = Served()
    for share in RULES.steps:
        before = served.copy()
        served.serve(candidate, share / 100, RULES.bake, chance)
        own, stable = served.traffic("green", before), served.traffic("blue")
        base = stable.errors / stable.requests if stable.requests else 0.0
        failed = own.errors > (base + RULES.max_error_rate_increase) * own.requests
        if failed or own.slow > 0.05 * own.requests:
            return Ended("rolled back", served.traffic("green").requests)
    return Ended("promoted", served.traffic("green").requests)


def counting_rule(candidate: Candidate, chance: np.random.Generator) -> Ended:
    """Ten checks of 60 requests, of which five may not be bad."""
    bad = np.cumsum(chance.binomial(60, candidate.failing, 10) > 0.6)
    if bad[-1] < 5:
        return Ended("promoted", 600)
    return Ended("rolled back", 60 * (int(np.argmax(bad >= 5)) + 1))


KINDS = {
    **{f"healthy, {failing:.1%} fail": Candidate(failing, failing) for failing in (0.0, 0.005, 0.02)},
    **{f"healthy, 2.0% fail, {rate} a second": Candidate(0.02, 0.02, rate=rate) for rate in (10, 150)},
    **{f"healthy, p95 at {p95:.0%} of the limit": Candidate(0.0, p95=p95) for p95 in (0.8, 0.9, 0.95)},
    **{f"1% more than {base:.1%}, the margin": Candidate(base + 0.01, base) for base in (0.0, 0.005, 0.02)},
    **{f"2% more than {base:.1%}": Candidate(base + 0.02, base) for base in (0.0, 0.005, 0.02)},
    "5% more fail": Candidate(0.05),
    "p95 at 125% of the limit": Candidate(0.0, p95=1.25),
    "p95 at 150% of the limit": Candidate(0.0, p95=1.5),
}
OTHERS = (fixed_rule, counting_rule)


def rollouts(runs: int, kinds: int) -> Iterator[str]:
    """A line for each kind of candidate."""
    yield "| candidate | promoted | rolled back | cannot tell | median requests | fixed rule promotes | counting rule |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, candidate in list(KINDS.items())[:kinds]:
        ended = [rollout(candidate, np.random.default_rng(seed)) for seed in range(runs)]
        share = {how: f"{count / runs:.1%}" for how, count in Counter(each.how for each in ended).items()}
        ways = " | ".join(share.get(how, "0") for how in ("promoted", "rolled back", "cannot tell"))
        others = " | ".join(
            f"{np.mean([rule(candidate, np.random.default_rng(seed)).how == 'promoted' for seed in range(runs)]):.1%}"
            for rule in OTHERS
        )
        yield f"| {name} | {ways} | {np.median([each.requests for each in ended]):.0f} | {others} |"


class Looks(NamedTuple):
    """Of errors of 4 % for 2 %: the look at which it is first called sick, or healthy, and by the references; or None.

    known: by a test good at every look that knows the rise and has all of the 1 %. once: by one look at the end, with
    the same. planned: by a look at each end of a hundred, planned for these 24 (O'Brien and Fleming 1979).
    """

    sick: int | None
    healthy: int | None
    known: int | None
    once: int | None
    planned: int | None


def looks(runs: int) -> Iterator[str]:
    """How many are found in 24 looks of 100 requests of the candidate's, and how many could be."""
    head = (
        "sick within 24 looks of 100",
        "median requests",
        "healthy by then",
        "one look",
        "24 planned looks",
        "known rise",
    )
    yield "\n| errors of 4 % for 2 %, stable serves | " + " | ".join(head) + " |\n| ---" + " | ---:" * len(head) + " |"
    for times in (9, 4, 1):
        found = [looked_at(times, np.random.default_rng(seed)) for seed in range(runs)]
        when = [100 * each.sick for each in found if each.sick]
        sick, healthy, known, once, planned = (
            f"{np.mean([look is not None for look in each]):.1%}" for each in zip(*found, strict=True)
        )
        median = f"{np.median(when):.0f}" if when else "none"
        yield f"| {times} times as much | {sick} | {median} | {healthy} | {once} | {planned} | {known} |"


def looked_at(times: int, chance: np.random.Generator) -> Looks:
    """One rollout's looks."""
    own, stable = chance.binomial(100, 0.04, LOOKS).cumsum(), chance.binomial(100 * times, 0.02, LOOKS).cumsum()
    answers, known, apart = [], [], []
    for at, errors, theirs in zip(range(1, LOOKS + 1), map(int, own), map(int, stable), strict=True):
        seen = Traffic(100 * at, errors, 5.0, 100 * at)
        base = Traffic(100 * times * at, theirs, 5.0, 100 * times * at)
        answers.append(judge(seen, base, RULES).answer)
        known.append(ratio(errors, theirs, 1 / (1 + times), 2.0) >= -math.log(SICK))
        failed = (errors + theirs) / (seen.requests + base.requests)
        spread = math.sqrt(failed * (1 - failed) * (1 / seen.requests + 1 / base.requests))
        apart.append((errors / seen.requests - theirs / base.requests) / spread if failed else 0.0)
    planned = [z >= PLANNED * math.sqrt(LOOKS / at) for at, z in enumerate(apart, 1)]
    once = [False] * (LOOKS - 1) + [apart[-1] >= norm.isf(SICK)]
    return Looks(*map(first, ([a == "sick" for a in answers], [a == "healthy" for a in answers], known, once, planned)))


def first(found: list[bool]) -> int | None:
    """At which look, from 1."""
    return found.index(True) + 1 if True in found else None


def faults(runs: int) -> Iterator[str]:
    """Wrong answers with status 200, to the probes of one rollout."""
    yield "\n| answers | refused |"
    yield "| --- | ---: |"
    for name in ("right", "constant", "null", "two columns swapped", "10% of rows off, others each time"):
        wrong = sum(refused(name, np.random.default_rng(seed)) for seed in range(runs))
        yield f"| {name} | {wrong / runs:.1%} |"


def refused(name: str, chance: np.random.Generator) -> bool:
    """Whether one of the probes finds it. The model is a line, stable's a little another one."""
    rows, weights = chance.normal(size=(ROWS, 4)), chance.normal(size=4)
    offline = {"scores": (rows @ weights).tolist()}
    stable = {"scores": (rows @ (weights + 0.2 * chance.normal(size=4))).tolist()}
    for _ in range(PROBES):
        answers = list(offline["scores"])
        if name == "constant":
            answers = [answers[0]] * ROWS
        elif name == "null":
            answers[chance.integers(ROWS)] = None
        elif name == "two columns swapped":
            answers = (rows[:, [1, 0, 2, 3]] @ weights).tolist()
        elif name.startswith("10%"):
            off = chance.random(ROWS) < 0.1
            answers = [each + 1 if one else each for each, one in zip(answers, off, strict=True)]
        if disagreement(200, {"scores": answers}, offline) or oddness({"scores": answers}, stable, 2.0):
            return True
    return False


def main() -> None:
    quick = options(__doc__).quick
    runs = 2 if quick else 400
    for table in (rollouts(runs, 2 if quick else len(KINDS)), looks(4 * runs), faults(4 * runs)):
        for line in table:
            print(line, flush=True)


if __name__ == "__main__":
    main()
