"""Live quality: how a version does on rows whose labels came after it was tested, held against what was promised."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from math import hypot
from typing import TYPE_CHECKING, Any, Literal

from mlops.data.kinds import without_zone
from mlops.decide.checks import Check, overall, worst
from mlops.decide.checks import Status as Result
from mlops.decide.gate import ERROR_TAG, enough
from mlops.decide.jackknife import Estimate
from mlops.settings.project import Data, Gate

if TYPE_CHECKING:
    import pandas as pd

    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Task
    from mlops.settings.metrics import Metric

# Whenever labels have come, all since registration are looked at again: of 300 versions that are as good as ever, a
# year of monthly looks took 2 to 3.3 % for degraded (benchmarks/live_quality.md).
SURE = 0.01
Status = Literal["HOLDING", "DEGRADED", "INSUFFICIENT", "UNLABELLED"]
STATUSES: Mapping[Result, Status] = {"PASS": "HOLDING", "FAIL": "DEGRADED", "INSUFFICIENT": "INSUFFICIENT"}


def newer(frame: "pd.DataFrame", data: Data, tested_to: str) -> "pd.DataFrame":
    """The labelled rows after that time, the last one of the rows that the version was tested on."""
    import pandas as pd

    return frame[(without_zone(frame[data.time]) > pd.Timestamp(tested_to)) & frame[data.target].notna()]


def kept(found: Estimate, registered: Mapping[str, str], name: str, max_loss: float, metric: "Metric") -> Check:
    """FAIL: a loss of more than max_loss is seen, and that there is any is beyond SURE, both numbers being estimates.

    registered: the version's tags. A version of before 0.2 has no standard error; its number counts as it stands.
    """
    title, wanted = f"{metric.title} since registration", f"loss <= {max_loss}, or by chance"
    if (promised := registered.get(f"test_{name}")) is None:
        return Check(title, "INSUFFICIENT", "not among the version's tags", wanted)
    error = hypot(found.error, float(registered.get(ERROR_TAG, 0)))
    loss = Estimate(metric.sign * (float(promised) - found.value), error, found.groups)
    lost = loss.value > max_loss and certain(loss)
    seen = f"{found.value:.4f} of {float(promised):.4f}, standard error of the loss {error:.4f}"
    return Check(title, "FAIL" if lost else "PASS" if loss.finite else "INSUFFICIENT", seen, wanted)


def floor_kept(name: str, found: Estimate, limit: float, metric: "Metric") -> Check:
    """FAIL: that the floor is broken is beyond SURE."""
    short = Estimate(metric.sign * (limit - found.value), found.error, found.groups)
    status: Result = "FAIL" if certain(short) else "PASS" if short.finite else "INSUFFICIENT"
    seen = f"{found.value:.4f}, standard error {found.error:.4f}"
    return Check(f"floor {name}", status, seen, f"{worst(limit, metric)}, or by chance")


def certain(amount: Estimate) -> bool:
    """Whether the amount is above zero beyond SURE."""
    return amount.quantile(SURE) > 0


def assess(task: "Task", scored: "Scored", tags: Mapping[str, str], rules: Gate) -> dict[str, Any]:
    """Status, metrics, 95 % intervals and checks of the labelled rows. tags: the version's.

    DEGRADED: a floor of the gate is broken, or more than gate.max_loss is lost, beyond chance. INSUFFICIENT: without
    the tag test_<metric>, or with fewer rows of a class than gate.min_rows; then nothing is measured.
    """
    from mlops.decide.metrics import estimates, interval
    from mlops.decide.scored import MODELS

    checks = [replace(enough(task, scored.target, scored.labels, rules), name="labelled rows")]
    found: dict[str, Estimate] = {}
    if overall(checks) == "PASS":
        found = estimates(task, scored, MODELS[0], rules.seed)
        checks += [floor_kept(name, found[name], limit, task.metrics[name]) for name, limit in rules.floors.items()]
        checks.append(kept(found[task.primary], tags, task.primary, rules.max_loss, task.decisive))
    return {
        "status": STATUSES[overall(checks)],
        "metrics": {name: each.value for name, each in found.items()},
        "intervals": {name: interval(each, task.metrics[name]) for name, each in found.items()},
        "checks": [asdict(check) for check in checks],
    }
