"""Evidence about shares of requests, good at every look: nobody has to say beforehand how often one will look.

Evidence is the logarithm of a likelihood ratio: how likely the counts are under rates of one kind, averaged over a
prior, against the best rates of the other kind. Where that kind is true, exp(evidence) is at most a martingale that
starts at 1, so that it ever reaches 1 / alpha with a chance of at most alpha (Ville's inequality). Counts are all it
needs, in whatever pieces they come. Sources: Robbins 1970, "Statistical methods related to the law of the iterated
logarithm" (mixtures, and `higher`, of which the rate drops out); Wasserman, Ramdas, Balakrishnan 2020, "Universal
inference" (the best rates of the other kind).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PRIOR = (0.5, 10.0)  # Beta: most failures are rare. It costs or saves requests, never the guarantee.
HALVINGS = 60  # of the range in which a rate is sought
EQUAL = 0.9  # how much of the evidence that a rise is ruled out is kept for rates that are equal
RISES = {1.25: 0.1, 1.75: 0.6, 3.0: 0.15, 10.0: 0.1, 100.0: 0.05}  # so many times stable's rate, with its weight


@dataclass(frozen=True)
class Share:
    """So many of so many requests."""

    count: int
    requests: int

    @property
    def rate(self) -> float:
        """What was seen; 0 where nothing was."""
        return self.count / self.requests if self.requests else 0.0

    def plus(self, other: "Share") -> "Share":
        return Share(self.count + other.count, self.requests + other.requests)


def reached(evidence: float, alpha: float) -> bool:
    """Whether it is enough, with a chance of at most alpha to be ever misled."""
    return evidence >= -math.log(alpha)


def fit(share: Share, rate: float) -> float:
    """The log likelihood of the counts at this rate."""
    from scipy.special import xlog1py, xlogy

    return float(xlogy(share.count, rate) + xlog1py(share.requests - share.count, -rate))


def fit_anyhow(share: Share, prior: tuple[float, float] = PRIOR) -> float:
    """The same, averaged over the rates of the prior."""
    from scipy.special import betaln

    a, b = prior
    return float(betaln(share.count + a, share.requests - share.count + b) - betaln(a, b))


def above(share: Share, rate: float, prior: tuple[float, float] = PRIOR) -> float:
    """Evidence that the share is above that rate."""
    return fit_anyhow(share, prior) - fit(share, min(share.rate, rate))


def below(share: Share, rate: float) -> float:
    """Evidence that the share is below that rate."""
    return fit_anyhow(share) - fit(share, max(share.rate, rate))


def bounds(share: Share, alpha: float) -> tuple[float, float]:
    """Where the rate is, with a chance of at most alpha to be ever wrong, however often one looks."""

    def edge(certain: Callable[[float], float], away: float) -> float:
        """The rate closest to what was seen of which it is certain that the true one is not there."""
        near = share.rate
        for _ in range(HALVINGS):
            middle = (near + away) / 2
            near, away = (near, middle) if reached(certain(middle), alpha / 2) else (middle, away)
        return away

    return edge(lambda rate: above(share, rate), 0.0), edge(lambda rate: below(share, rate), 1.0)


def higher(candidate: Share, stable: Share) -> float:
    """Evidence that the candidate's rate is higher than stable's. 0 where one of them has served nothing.

    Were they equal, each count would be the candidate's with the chance that a request is, whatever the rate. For rare
    counts that says all there is to know. Most of the weight is on the smallest rise that is worth finding: a rise that
    is larger is found soon anyway, by fewer counts.
    """
    if not candidate.requests or not stable.requests:
        return 0.0
    chance = candidate.requests / (candidate.requests + stable.requests)
    found = [ratio(candidate.count, stable.count, chance, rise) for rise in RISES]
    return mixed(found, list(RISES.values()))


def ratio(candidate: int, stable: int, chance: float, rise: float) -> float:
    """The log likelihood ratio of these counts with the candidate's rate so many times stable's, against equal ones."""
    odds = rise * chance / (1 - chance)
    return candidate * math.log(odds / (1 + odds) / chance) - stable * math.log((1 + odds) * (1 - chance))


def not_higher_by(candidate: Share, stable: Share, margin: float) -> float:
    """Evidence that the candidate's rate is not higher than stable's by the margin.

    For equal rates, most of all, and for any two, against the best of those that lie the margin apart, or more.
    """
    if candidate.rate - stable.rate >= margin:
        best = fit(candidate, candidate.rate) + fit(stable, stable.rate)
    else:
        best = best_apart(candidate, stable, margin)
    equal = fit_anyhow(candidate.plus(stable)) - best
    any_two = fit_anyhow(candidate) + fit_anyhow(stable) - best
    return mixed([equal, any_two], [EQUAL, 1 - EQUAL])


def mixed(evidence: Sequence[float], weights: Sequence[float]) -> float:
    """The evidence for any of several kinds of rates. The weights, chosen beforehand, add up to 1."""
    most = max(evidence)
    ratios = [weight * math.exp(each - most) for weight, each in zip(weights, evidence, strict=True)]
    return most + math.log(math.fsum(ratios))


def best_apart(candidate: Share, stable: Share, margin: float) -> float:
    """The best log likelihood of two rates that lie the margin apart: where its slope, which falls, is 0."""
    low, high = 0.0, 1.0 - margin  # of stable's rate
    for _ in range(HALVINGS):
        rate = (low + high) / 2
        theirs, own = rate * (1 - rate), (rate + margin) * (1 - rate - margin)
        slope = (candidate.count - candidate.requests * (rate + margin)) * theirs
        slope += (stable.count - stable.requests * rate) * own
        low, high = (rate, high) if slope > 0 else (low, rate)
    return max(fit(candidate, min(rate + margin, 1.0)) + fit(stable, rate) for rate in (low, high))
