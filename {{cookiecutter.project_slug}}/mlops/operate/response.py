"""What monitoring leads to: an open issue, and training when the inputs have drifted or the quality has gone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.ci import CI

PIPELINE = "train"


def all_well(facts: Mapping[str, Any]) -> bool:
    """Whether the inputs are stable, and the quality holds as far as there are labels."""
    return facts["status"] == "STABLE" and facts["quality"]["status"] in ("HOLDING", "UNLABELLED")


def respond(ci: CI, facts: Mapping[str, Any], report: str, cooldown: timedelta) -> list[str]:
    """Answer a report by which not all is well; what was done, one line each."""
    if all_well(facts):
        return ["all is well: nothing to do"]
    page = ci.issue(f"Monitoring {facts['endpoint']}", report)
    done = [f"issue: {page or 'opened in CI only; the report is above'}"]
    if facts["status"] != "DRIFT" and facts["quality"]["status"] != "DEGRADED":
        return done
    last = ci.last_started(PIPELINE)
    if last is not None and datetime.now(UTC) - last < cooldown:
        days = f"{cooldown / timedelta(days=1):g} days"
        return [*done, f"not trained: {PIPELINE} was started {last:%Y-%m-%d %H:%M}, less than {days} ago"]
    return [*done, f"training: {ci.start(PIPELINE) or 'started in CI only'}"]
