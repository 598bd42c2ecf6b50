"""Is the served version still right? Compares what the endpoint was asked with what the version was trained on, and the
labels that have come since with what it promised; writes drift.json, drift.html and drift.md.

Exits 1 on drift, on degraded quality, and when there is too little of either to tell; that no newer labels have come is
said and is no fault. With --respond it answers instead: an issue is opened or updated, and drift or degraded quality
starts training.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.ci import open_ci
from mlops.commands.console import NO, YES, command
from mlops.data.files import write_json
from mlops.operate.monitoring import headlines, nothing_yet, observe
from mlops.operate.response import all_well, respond
from mlops.platform import open_platform
from mlops.report.pages import render
from mlops.settings.environments import load_manifest
from mlops.settings.project import PROJECT_FILE, load_project
from mlops.settings.reading import read_text


def respond_to(facts: Mapping[str, Any], out: Path, cooldown_days: float) -> None:
    """Answer the report, and say how."""
    report, ci = read_text(out / "drift.md", "run this again"), open_ci()
    done = respond(ci, facts, report, timedelta(days=cooldown_days))
    print("\n".join(done))
    ci.summary("monitor", "\n".join([report, *(f"- {line}" for line in done)]))


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="monitor", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--hours", type=float, default=24 * 7, help="how far to look back (default: a week)")
    parser.add_argument("--out", type=Path, default=Path("out/monitor"), help="folder to write")
    parser.add_argument("--respond", action="store_true", help="open an issue and start training; then exit 0")
    args = parser.parse_args(argv)
    project, manifest = load_project(PROJECT_FILE), load_manifest(args.environment)
    platform = open_platform(manifest)
    why_not = nothing_yet(platform, manifest)
    if why_not and not args.respond:
        raise UserError(why_not)
    if why_not:
        print(why_not)
        return YES
    facts = observe(platform, manifest, project, time.time() - args.hours * 3600)
    write_json(args.out / "drift.json", facts)
    for page in ("drift.html", "drift.md"):
        render(page, facts, args.out / page)
    print("\n".join(headlines(facts)))
    if args.respond:
        respond_to(facts, args.out, project.monitoring.cooldown_days)
        return YES
    return YES if all_well(facts) else NO


if __name__ == "__main__":
    sys.exit(main())
