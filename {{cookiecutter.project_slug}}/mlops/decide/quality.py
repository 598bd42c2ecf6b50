"""Live quality: how a version does on rows whose labels came after it was tested, held against what was promised."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from mlops.decide.gate import Check, enough, floors, overall
from mlops.decide.gate import Status as Result
from mlops.settings.project import Data, Gate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Status = Literal["HOLDING", "DEGRADED", "INSUFFICIENT", "UNLABELLED"]
STATUSES: Mapping[Result, Status] = {"PASS": "HOLDING", "FAIL": "DEGRADED", "INSUFFICIENT": "INSUFFICIENT"}


def newer(frame: "pd.DataFrame", data: Data, tested_to: str) -> "pd.DataFrame":
    """The labelled rows after that time, the last one of the rows that the version was tested on."""
    import pandas as pd

    return frame[(frame[data.time] > pd.Timestamp(tested_to)) & frame[data.target].notna()]


def kept(auc: float, upper: float, registered: str | None, max_loss: float) -> Check:
    """FAIL: a loss of more than max_loss since registration is certain, the whole interval being below what is left.

    What was registered counts as it stands; that it is an estimate too is what max_loss leaves room for.
    """
    if registered is None:
        return Check("AUC since registration", "INSUFFICIENT", "no tag test_auc", f"loss <= {max_loss}")
    lost = not upper >= float(registered) - max_loss
    seen = f"{auc:.4f}, at most {upper:.4f}, of {float(registered):.4f}"
    return Check("AUC since registration", "FAIL" if lost else "PASS", seen, f"loss <= {max_loss}")


def assess(
    target: "NDArray[np.int64]", scores: "NDArray[np.float64]", registered: str | None, rules: Gate
) -> dict[str, Any]:
    """Status, metrics, 95 % intervals and checks of the labelled rows. registered: the version's tag test_auc.

    DEGRADED: a floor of the gate is broken, or a loss of AUC is beyond chance and gate.max_loss. INSUFFICIENT: without
    that tag, or with fewer rows of a class than gate.min_positives; then nothing is measured.
    """
    from mlops.decide.metrics import intervals, measure

    positives = int(target.sum())
    checks = [replace(enough(positives, len(target) - positives, rules), name="labelled rows")]
    metrics: dict[str, float] = {}
    bounds: dict[str, list[float]] = {}
    if overall(checks) == "PASS":
        metrics = measure(target, scores, rules.threshold)
        bounds = intervals(target, scores, rules.threshold, rules.seed)
        checks += floors(metrics, rules.floors)
        checks.append(kept(metrics["auc"], bounds["auc"][1], registered, rules.max_loss))
    return {
        "status": STATUSES[overall(checks)],
        "metrics": metrics,
        "intervals": bounds,
        "checks": [asdict(check) for check in checks],
    }
