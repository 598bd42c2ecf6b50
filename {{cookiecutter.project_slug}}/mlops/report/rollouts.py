"""The timeline of a rollout, from the record that `apply` wrote: traffic, rates with bounds, and every decision."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.data.files import whole_lines
from mlops.decide.always_valid import Share, bounds
from mlops.decide.recorded import Decision, again
from mlops.report.pages import address_of, render
from mlops.settings.reading import read_text

BOUND = 0.05  # chance that a rate is ever outside its bounds
BADGES = {"promoted": "PASS", "rolled back": "FAIL"}


def read_record(path: Path) -> list[dict[str, Any]]:
    """The decisions of the last rollout on record. UserError without any. Lines that were cut off are passed over."""
    lines = whole_lines(read_text(path, "apply again"), Decision, path) if path.exists() else []
    if not lines:
        raise UserError(f"{path}: no decision is on record; apply writes it, where there is something to roll out")
    return list(takewhile(lambda line: model_of(line) == model_of(lines[-1]), reversed(lines)))[::-1]


def facts_of(path: Path, environment: str) -> dict[str, Any]:
    """What the pages say, and all of the rows as `every`."""
    lines = read_record(path)
    rows = [row(line, lines[0]["time"]) for line in lines]
    return {
        "environment": environment,
        "model": model_of(lines[-1]),
        "commits": sorted({line["commit"][:12] for line in lines}),
        "outcome": outcome(lines[-1]["action"]),
        "badge": BADGES.get(outcome(lines[-1]["action"]), ""),
        "decisions": len(rows),
        "other": [each for each in rows if not each["same"]],
        "rows": [each for each, after in zip(rows, [*rows[1:], None], strict=True) if worth(each, after)],
        "every": rows,
    }


def write_page_of(path: Path, environment: str) -> dict[str, Any]:
    """rollout.md beside the record, and rollout.html with a picture; what they say. UserError without a record."""
    from mlops.report.timeline import draw

    facts = facts_of(path, environment)
    render("rollout.md", facts, path.with_name("rollout.md"))
    drawn = draw([each for each in facts["every"] if each["candidate"]], path.with_suffix(".svg"))
    shown = address_of(drawn.read_bytes()) if drawn else ""
    render("rollout.html", {**facts, "picture": shown}, path.with_name("rollout.html"))
    return facts


def row(line: Mapping[str, Any], began: float) -> dict[str, Any]:
    """What one line says."""
    there = line["observed"] or {"deployments": {}, "traffic": {}}
    placed = {slot: f"{each['model']}:{each['version']}" for slot, each in there["deployments"].items()}
    return {
        "time": f"{datetime.fromtimestamp(line['time'], UTC):%H:%M:%S}",
        "seconds": line["time"] - began,
        "share": sum(share for slot, share in there["traffic"].items() if placed.get(slot) == model_of(line)),
        **{name: rate(line["evidence"][name]) for name in ("candidate", "stable")},
        "kind": line["action"]["kind"],
        "what": told(line["action"]),
        "same": again(line) == line["action"],
    }


def rate(traffic: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The failures of that traffic with the bounds of their rate, and its slow requests; None where none is known."""
    if not traffic or not traffic["requests"] or traffic["errors"] > traffic["requests"]:
        return None
    share = Share(traffic["errors"], traffic["requests"])
    low, high = bounds(share, BOUND)
    return {**traffic, "rate": share.rate, "low": low, "high": high}


def told(action: Mapping[str, Any]) -> str:
    """The action in words."""
    what = " ".join(str(action[key]) for key in ("slot", "why") if action.get(key))
    kind = re.sub("(?<!^)(?=[A-Z])", " ", action["kind"])
    return what if "why" in action else f"{kind} {what}".lower().rstrip()


def worth(one: Mapping[str, Any], after: Mapping[str, Any] | None) -> bool:
    """Whether it is shown as a line: of looks that only wait the last alone, and what is decided otherwise today."""
    return one["kind"] != "Wait" or after is None or after["kind"] != "Wait" or not one["same"]


def model_of(line: Mapping[str, Any]) -> str:
    """`name:version`."""
    return "{name}:{version}".format_map(line["manifest"]["model"])


def outcome(action: Mapping[str, Any]) -> str:
    """How it ended, by its last action."""
    if action["kind"] != "Done":
        return "under way"
    return "promoted" if action.get("promoted") else "held" if action.get("held") else "rolled back"
