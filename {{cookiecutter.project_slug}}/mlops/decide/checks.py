"""What a gate finds of one rule, and how rules are put in words."""

from dataclasses import dataclass
from typing import Literal

from mlops.settings.metrics import Metric

Status = Literal["PASS", "FAIL", "INSUFFICIENT"]


@dataclass(frozen=True)
class Check:
    """One rule: what was seen, what was wanted, and whether that is enough."""

    name: str
    status: Status
    seen: str
    wanted: str


def overall(checks: list[Check]) -> Status:
    """FAIL if any failed, else INSUFFICIENT if any cannot tell, else PASS; no checks at all are a FAIL."""
    statuses = {check.status for check in checks}
    if "FAIL" in statuses or not statuses:
        return "FAIL"
    return "INSUFFICIENT" if "INSUFFICIENT" in statuses else "PASS"


def worst(limit: float, metric: Metric) -> str:
    """`>= 0.6`, or of an error `<= 0.6`."""
    return f"{'>=' if metric.higher else '<='} {limit}"
