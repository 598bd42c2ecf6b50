"""Live quality: how a version does on rows whose labels came after it was tested, held against what was promised."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from mlops.data.kinds import without_zone
from mlops.decide.checks import Check, overall
from mlops.decide.checks import Status as Result
from mlops.decide.gate import enough, floors
from mlops.settings.project import Data, Gate

if TYPE_CHECKING:
    import pandas as pd

    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Task
    from mlops.settings.metrics import Metric

Status = Literal["HOLDING", "DEGRADED", "INSUFFICIENT", "UNLABELLED"]
STATUSES: Mapping[Result, Status] = {"PASS": "HOLDING", "FAIL": "DEGRADED", "INSUFFICIENT": "INSUFFICIENT"}


def newer(frame: "pd.DataFrame", data: Data, tested_to: str) -> "pd.DataFrame":
    """The labelled rows after that time, the last one of the rows that the version was tested on."""
    import pandas as pd

    return frame[(without_zone(frame[data.time]) > pd.Timestamp(tested_to)) & frame[data.target].notna()]


def kept(value: float, best: float, registered: str | None, max_loss: float, metric: "Metric") -> Check:
    """FAIL: a loss of more than max_loss since registration is certain, the best end of the interval being beyond it.

    What was registered counts as it stands; that it is an estimate too is what max_loss leaves room for.
    """
    name, wanted = f"{metric.title} since registration", f"loss <= {max_loss}"
    if registered is None:
        return Check(name, "INSUFFICIENT", "not among the version's tags", wanted)
    lost = not metric.sign * best >= metric.sign * float(registered) - max_loss
    seen = f"{value:.4f}, at best {best:.4f}, of {float(registered):.4f}"
    return Check(name, "FAIL" if lost else "PASS", seen, wanted)


def assess(task: "Task", scored: "Scored", tags: Mapping[str, str], rules: Gate) -> dict[str, Any]:
    """Status, metrics, 95 % intervals and checks of the labelled rows. tags: the version's; test_<metric> is looked at.

    DEGRADED: a floor of the gate is broken, or a loss is beyond chance and gate.max_loss. INSUFFICIENT: without that
    tag, or with fewer rows of a class than gate.min_rows; then nothing is measured.
    """
    from mlops.decide.metrics import intervals, measure
    from mlops.decide.scored import MODELS

    checks = [replace(enough(task, scored.target, scored.labels, rules), name="labelled rows")]
    metrics: dict[str, float] = {}
    bounds: dict[str, list[float]] = {}
    if overall(checks) == "PASS":
        metrics = measure(task, scored.target, scored.predictions[MODELS[0]])
        bounds = intervals(task, scored, MODELS[0], rules.seed)
        value, best = metrics[task.primary], bounds[task.primary][1 if task.decisive.higher else 0]
        checks += floors(metrics, rules.floors, task)
        checks.append(kept(value, best, tags.get(f"test_{task.primary}"), rules.max_loss, task.decisive))
    return {
        "status": STATUSES[overall(checks)],
        "metrics": metrics,
        "intervals": bounds,
        "checks": [asdict(check) for check in checks],
    }
