"""Is the served version still right? Compares what the endpoint was asked with what the version was trained on, and the
labels that have come since with what it promised; writes drift.json, drift.html and drift.md.

Exits 1 on drift, on faulty data, on degraded quality, and when there is too little to tell; that no newer labels have
come is said and is no fault. With --respond it answers instead: an issue is opened or updated, and training starts
where it can help: on degraded quality, and on drift while quality is unknown and newer labels are there.
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
from mlops.ci.webhook import tell
from mlops.commands.console import NO, YES, command
from mlops.data.files import write_json
from mlops.operate.monitoring import headlines, nothing_yet, observe
from mlops.operate.response import all_well, respond
from mlops.platform import open_platform
from mlops.report.pages import render
from mlops.report.shift_plots import draw_shifts
from mlops.settings.environments import load_manifest
from mlops.settings.project import PROJECT_FILE, Monitoring, Webhook, load_project
from mlops.settings.reading import read_text

PICTURES = 20
MOST_HOURS = 24 * 366


def respond_to(facts: Mapping[str, Any], out: Path, rules: Monitoring) -> None:
    """Answer the report, and say how."""
    report, ci = read_text(out / "drift.md", "run this again"), open_ci()
    done = respond(ci, facts, report, timedelta(days=rules.cooldown_days))
    print("\n".join(done))
    ci.summary("monitor", "\n".join([report, *(f"- {line}" for line in done)]))
    if not all_well(facts):
        tell_chat("\n\n".join([*headlines(facts), *done]), rules.webhook)


def tell_chat(text: str, webhook: Webhook) -> None:
    """Tell the chat, if there is one. That it cannot be told is said, and changes nothing else: the issue is there."""
    if webhook.variable is None:
        return
    try:
        tell(webhook.variable, webhook.form, text)
    except UserError as mistake:
        print(f"the chat was not told: {mistake}", file=sys.stderr)


def hours(text: str) -> float:
    """How far to look back, up to a year. ArgumentTypeError when it is no time to look back."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0 and up to {MOST_HOURS}")
    return found


def write_pages(facts: Mapping[str, Any], out: Path) -> None:
    """drift.json, the pictures of what moved or is faulty, and the pages."""
    faulty = {name for each in facts["faults"] for name in each["features"]}
    moved = [each for each in facts["features"] if each["drifted"] or each["feature"] in faulty]
    write_json(out / "drift.json", facts)
    pictures = draw_shifts(moved[:PICTURES], out)
    for page in ("drift.html", "drift.md"):
        render(page, {**facts, "pictures": pictures}, out / page)


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="monitor", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--hours", type=hours, default=24 * 7, help="how far to look back (default: a week)")
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
    write_pages(facts, args.out)
    print("\n".join(headlines(facts)))
    if args.respond:
        respond_to(facts, args.out, project.monitoring)
        return YES
    return YES if all_well(facts) else NO


if __name__ == "__main__":
    sys.exit(main())
