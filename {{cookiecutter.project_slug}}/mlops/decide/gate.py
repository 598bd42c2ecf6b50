"""The gate: is the challenger sound, and better than what serves? Every number it used goes into the verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, isnan, nan
from typing import TYPE_CHECKING, Any, Literal

from mlops.settings.project import Gate, Metric

if TYPE_CHECKING:
    import pandas as pd

TRIVIAL = "trivial model"
Status = Literal["PASS", "FAIL", "INSUFFICIENT"]
Criterion = Literal["superiority", "non-inferiority"]
DETECTABLE = 1.645 + 0.842  # standard errors: what a one-sided test at 5 % finds four times of five


@dataclass(frozen=True)
class Check:
    """One rule: what was seen, what was wanted, and whether that is enough."""

    name: str
    status: Status
    seen: str
    wanted: str


@dataclass(frozen=True)
class Comparison:
    """AUC of the challenger less that of its opponent, on the same rows. Each bound holds with chance 1 - alpha."""

    opponent: str
    difference: float
    lower: float
    upper: float
    detectable: float


def compare(frame: "pd.DataFrame", opponent: str, alpha: float, seed: int) -> Comparison:
    """Paired bootstrap. The frame holds `target` and the scores of `challenger` and the opponent; NaN if one class."""
    import numpy as np

    from mlops.decide.bootstrap import RankedScores, auc_samples

    target = frame["target"].to_numpy()
    if not 0 < target.sum() < len(target):
        return Comparison(opponent, nan, nan, nan, nan)
    models = [frame[name].to_numpy() for name in ("challenger", opponent)]
    once = np.ones(len(target), dtype=np.int64)
    challenger, other = (float(RankedScores.of(target, scores).auc(once)) for scores in models)
    samples = auc_samples(target, models, seed)
    differences = samples[:, 0] - samples[:, 1]
    lower, upper = np.quantile(differences, [alpha, 1 - alpha]).tolist()
    return Comparison(opponent, challenger - other, lower, upper, DETECTABLE * float(differences.std()))


def floors(metrics: Mapping[str, float | None], limits: Mapping[Metric, float]) -> list[Check]:
    """One check a floor. A missing or NaN metric is a broken floor."""
    return [floor(name, metrics.get(name), limit) for name, limit in limits.items()]


def floor(name: str, value: float | None, limit: float) -> Check:
    """One metric against its floor."""
    status: Status = "PASS" if value is not None and value >= limit else "FAIL"
    return Check(f"floor {name}", status, "missing" if value is None else f"{value:.4f}", f">= {limit}")


def enough(positives: int, negatives: int, rules: Gate) -> Check:
    """Whether both classes have the rows that the comparison needs."""
    status: Status = "PASS" if min(positives, negatives) >= rules.min_positives else "INSUFFICIENT"
    return Check("test rows", status, f"{positives} positive, {negatives} negative", f"{rules.min_positives} of each")


def better(comparison: Comparison, minimum_gain: float) -> Check:
    """PASS: better beyond chance. FAIL: a gain worth having is ruled out. Else the test rows cannot tell."""
    numbers = (comparison.difference, comparison.lower, comparison.upper)
    status: Status = "INSUFFICIENT"
    if not all(isfinite(number) for number in numbers) or comparison.upper < minimum_gain:
        status = "FAIL"
    if comparison.lower > 0:
        status = "PASS"
    seen = "AUC {:+.4f} [{:+.4f}, {:+.4f}]".format(*numbers)
    return Check(f"better than the {comparison.opponent}", status, seen, "lower bound > 0")


def no_worse(comparison: Comparison, margin: float) -> Check:
    """PASS: a loss of more than the margin is ruled out. FAIL: such a loss is certain. Else the rows cannot tell."""
    numbers = (comparison.difference, comparison.lower, comparison.upper)
    status: Status = "INSUFFICIENT"
    if not all(isfinite(number) for number in numbers) or comparison.upper < -margin:
        status = "FAIL"
    if comparison.lower > -margin:
        status = "PASS"
    seen = "AUC {:+.4f} [{:+.4f}, {:+.4f}]".format(*numbers)
    return Check(f"no worse than the {comparison.opponent}", status, seen, f"lower bound > -{margin}")


def slice_checks(frame: "pd.DataFrame", opponent: str, rules: Gate) -> list[Check]:
    """Each slice with enough rows keeps its floor and loses no more than allowed, beyond chance.

    Chance is shared out over the slices (Bonferroni), so that many slices do not make a false alarm likely.
    """
    from mlops.decide.metrics import slices

    masks = slices(frame, rules.slices.columns)
    large = {name: mask for name, mask in masks.items() if mask.sum() >= rules.slices.min_rows}
    return [slice_check(frame[mask], name, opponent, rules, rules.alpha / len(large)) for name, mask in large.items()]


def slice_check(part: "pd.DataFrame", name: str, opponent: str, rules: Gate, alpha: float) -> Check:
    """The floor and the largest allowed drop, on the rows of one slice."""
    from mlops.decide.metrics import measure

    auc = measure(part["target"].to_numpy(), part["challenger"].to_numpy(), rules.threshold)["auc"]
    comparison = compare(part, opponent, alpha, rules.seed)
    lost = comparison.difference < -rules.slices.max_drop and comparison.upper < 0
    status: Status = "FAIL" if lost or not auc >= rules.slices.floor else "PASS"
    if isnan(auc):
        status = "INSUFFICIENT"
    wanted = f">= {rules.slices.floor}, drop <= {rules.slices.max_drop}"
    return Check(f"slice {name}", status, f"AUC {auc:.3f}, {comparison.difference:+.3f}", wanted)


def verdict_on(
    metrics: Mapping[str, float | None], frame: "pd.DataFrame", rules: Gate, criterion: Criterion = "superiority"
) -> dict[str, Any]:
    """The verdict on the challenger: its status, every check, the comparison and the rules.

    metrics: of the challenger on all test rows. frame: `target`, `challenger`, `champion` if there is one and the slice
    columns, one row a test row. criterion: whether the challenger must be better than the champion, or just no worse.
    Without a champion it must beat a trivial model, the same score for all.
    """
    opponent = "champion" if "champion" in frame else TRIVIAL
    frame = frame if opponent in frame else frame.assign(**{TRIVIAL: 0.5})
    positives = int(frame["target"].sum())
    comparison = compare(frame, opponent, rules.alpha, rules.seed)
    lenient = criterion == "non-inferiority" and opponent != TRIVIAL
    checks = [
        enough(positives, len(frame) - positives, rules),
        *floors(metrics, rules.floors),
        no_worse(comparison, rules.max_loss) if lenient else better(comparison, rules.minimum_gain),
        *slice_checks(frame, opponent, rules),
    ]
    return {
        "status": overall(checks),
        "criterion": criterion,
        "cold_start": opponent == TRIVIAL,
        "checks": [asdict(check) for check in checks],
        "comparison": asdict(comparison),
        "rules": rules.model_dump(),
    }


def overall(checks: list[Check]) -> Status:
    """FAIL if any failed, else INSUFFICIENT if any cannot tell, else PASS; no checks at all are a FAIL."""
    statuses = {check.status for check in checks}
    if "FAIL" in statuses or not statuses:
        return "FAIL"
    return "INSUFFICIENT" if "INSUFFICIENT" in statuses else "PASS"
