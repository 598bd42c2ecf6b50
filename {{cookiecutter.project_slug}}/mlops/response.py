"""What monitoring leads to: an open issue, and training when the inputs have drifted."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.host import Host

PIPELINE = "train"


def respond(host: Host, facts: Mapping[str, Any], report: str, cooldown: timedelta) -> list[str]:
    """Answer a report that is not STABLE; what was done, one line each."""
    if facts["status"] == "STABLE":
        return ["stable: nothing to do"]
    page = host.issue(f"Monitoring {facts['endpoint']}", report)
    done = [f"issue: {page or 'opened in CI only; the report is above'}"]
    if facts["status"] != "DRIFT":
        return done
    last = host.last_started(PIPELINE)
    if last is not None and datetime.now(UTC) - last < cooldown:
        days = f"{cooldown / timedelta(days=1):g} days"
        return [*done, f"not trained: {PIPELINE} was started {last:%Y-%m-%d %H:%M}, less than {days} ago"]
    return [*done, f"training: {host.start(PIPELINE) or 'started in CI only'}"]
