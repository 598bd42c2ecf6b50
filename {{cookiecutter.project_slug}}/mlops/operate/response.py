"""What monitoring leads to: an issue, and training where that can help: a fault is no reason, nor is drift alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops import counted
from mlops.ci import CI

PIPELINE = "train"


def all_well(facts: Mapping[str, Any]) -> bool:
    """Whether the inputs are stable, and the quality holds as far as there are labels."""
    return facts["status"] == "STABLE" and facts["quality"]["status"] in ("HOLDING", "UNLABELLED")


def no_help(facts: Mapping[str, Any]) -> str:
    """Why training would not help, or nothing."""
    inputs, quality = facts["status"], facts["quality"]["status"]
    if inputs == "FAULT":
        return "the data are faulty at their source, which no training mends"
    if quality == "DEGRADED":
        return ""
    if inputs != "DRIFT":
        return "nothing shows that the model is worse than it was"
    if quality == "HOLDING":
        return "the inputs have drifted, but the quality holds"
    return "" if facts["newer_labels"] else "the inputs have drifted, but there are no newer labels to train on"


def respond(ci: CI, facts: Mapping[str, Any], report: str, cooldown: timedelta) -> list[str]:
    """Answer a report by which not all is well; what was done, one line each."""
    if all_well(facts):
        return ["all is well: nothing to do"]
    page = ci.issue(f"Monitoring {facts['endpoint']}", report)
    done = [f"issue: {page or 'opened in CI only; the report is above'}"]
    if why_not := no_help(facts):
        return [*done, f"not trained: {why_not}"]
    last = ci.last_started(PIPELINE)
    if last is not None and datetime.now(UTC) - last < cooldown:
        days = cooldown / timedelta(days=1)
        ago = f"less than {counted(days, 'day')} ago"
        return [*done, f"not trained: {PIPELINE} was started {last:%Y-%m-%d %H:%M}, {ago}"]
    return [*done, f"training: {ci.start(PIPELINE) or 'started in CI only'}"]
