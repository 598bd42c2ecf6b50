"""Evidence about shares of requests, good at every look: nobody has to say beforehand how often one will look.

Evidence is the logarithm of a likelihood ratio: how likely the counts are under rates of one kind, averaged over a prior,
against the best rates of the other kind. Where the other kind is true, exp(evidence) is at most a martingale that starts
at 1, so that it ever reaches 1 / alpha with a chance of at most alpha (Ville's inequality). Counts are all it needs, in
whatever pieces they come. Sources: Robbins 1970, "Statistical methods related to the law of the iterated logarithm"
(mixtures); Wasserman, Ramdas, Balakrishnan 2020, "Universal inference" (the best rates of the other kind).
"""

import math
from dataclasses import dataclass

PRIOR = (0.5, 10.0)  # Beta: most failures are rare. It costs or saves requests, never the guarantee.
CLOSE = 1e-9  # of a rate


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


def fit_anyhow(share: Share) -> float:
    """The same, averaged over the rates of the prior."""
    from scipy.special import betaln

    a, b = PRIOR
    return float(betaln(share.count + a, share.requests - share.count + b) - betaln(a, b))


def above(share: Share, rate: float) -> float:
    """Evidence that the share is above that rate."""
    return fit_anyhow(share) - fit(share, min(share.rate, rate))


def below(share: Share, rate: float) -> float:
    """Evidence that the share is below that rate."""
    return fit_anyhow(share) - fit(share, max(share.rate, rate))


def higher(candidate: Share, stable: Share) -> float:
    """Evidence that the candidate's rate is higher than stable's: against the best rates that are not."""
    together = candidate.plus(stable)
    if candidate.rate <= stable.rate:
        best = fit(candidate, candidate.rate) + fit(stable, stable.rate)
    else:
        best = fit(together, together.rate)  # on the border, where they are equal
    return fit_anyhow(candidate) + fit_anyhow(stable) - best


def not_higher_by(candidate: Share, stable: Share, margin: float) -> float:
    """Evidence that the candidate's rate is not higher than stable's by the margin: for equal ones, against the best of
    those that are."""
    if candidate.rate - stable.rate >= margin:
        best = fit(candidate, candidate.rate) + fit(stable, stable.rate)
    else:
        best = best_apart(candidate, stable, margin)
    return fit_anyhow(candidate.plus(stable)) - best


def best_apart(candidate: Share, stable: Share, margin: float) -> float:
    """The best log likelihood of two rates that lie the margin apart."""
    from scipy.optimize import minimize_scalar

    def misfit(rate: float) -> float:
        return -fit(candidate, rate + margin) - fit(stable, rate)

    found = minimize_scalar(misfit, bounds=(0.0, 1.0 - margin), method="bounded", options={"xatol": CLOSE})
    return -min(float(found.fun), misfit(0.0), misfit(1.0 - margin))  # the border belongs to it
