"""Compare what the endpoint was asked with what the model was trained on; writes drift.json and drift.html.

Exits 1 on drift, and when there are too few collected rows to tell. With --respond it answers both instead: an issue is
opened, or updated, and drift starts training.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.artefact import REFERENCE_FILE
from mlops.command import NO, YES, UserError, command
from mlops.config import PROJECT_FILE, load_project
from mlops.data import read_file
from mlops.files import write_json
from mlops.host import open_host
from mlops.manifest import Manifest, Model, load_manifest
from mlops.pages import render
from mlops.platform import Models, Platform, open_platform
from mlops.response import respond

if TYPE_CHECKING:
    import pandas as pd


def nothing_yet(platform: Platform, manifest: Manifest) -> str:
    """Why there is nothing to monitor yet, or nothing."""
    if manifest.model.version is None:
        return f"{manifest.endpoint.name}: the manifest names no version yet; there is nothing to monitor"
    if platform.endpoints.observe(manifest.endpoint.name) is None:
        return f"{manifest.endpoint.name}: there is no endpoint yet; `apply` makes it"
    return ""


def reference(models: Models, model: Model) -> "pd.DataFrame":
    """Training rows of the version that the manifest names."""
    with tempfile.TemporaryDirectory() as folder:
        return read_file(models.download(model.name, model.version or 0, Path(folder) / "model") / REFERENCE_FILE)


def collected_rows(collected: Sequence[Mapping[str, Any]], like: "pd.DataFrame") -> "pd.DataFrame":
    """The collected inputs as one frame with the columns and types of the reference."""
    import pandas as pd

    frames = [pd.DataFrame(each["inputs"]["data"], columns=each["inputs"]["columns"]) for each in collected]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=like.columns)
    return rows.reindex(columns=like.columns).astype(like.dtypes.to_dict())


def respond_to(facts: Mapping[str, Any], out: Path, cooldown_days: float) -> None:
    """Answer the report, and say how."""
    report, host = (out / "drift.md").read_text(encoding="utf-8"), open_host()
    done = respond(host, facts, report, timedelta(days=cooldown_days))
    print("\n".join(done))
    host.summary("monitor", "\n".join([report, *(f"- {line}" for line in done)]))


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="monitor", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--hours", type=float, default=24 * 7, help="how far to look back (default: a week)")
    parser.add_argument("--out", type=Path, default=Path("out/monitor"), help="folder to write")
    parser.add_argument("--respond", action="store_true", help="open an issue and start training; then exit 0")
    args = parser.parse_args(argv)
    project, manifest = load_project(PROJECT_FILE), load_manifest(args.environment)
    platform, name = open_platform(manifest.platform), manifest.endpoint.name
    why_not = nothing_yet(platform, manifest)
    if why_not and not args.respond:
        raise UserError(why_not)
    if why_not:
        print(why_not)
        return YES
    before = reference(platform.models, manifest.model).drop(columns=project.data.time)
    since = time.time() - args.hours * 3600
    now = collected_rows(platform.endpoints.collected(name, since), before)

    from mlops.drift import as_table, compare, decide

    enough = len(now) >= project.monitoring.min_rows
    shifts = compare(before, now, project.monitoring) if enough else []
    facts = {
        "status": decide(len(now), shifts, project.monitoring),
        "endpoint": name,
        "model": f"{manifest.model.name}:{manifest.model.version}",
        "rows": len(now),
        "reference_rows": len(before),
        "rules": project.monitoring.model_dump(),
        "features": as_table(shifts),
    }
    write_json(args.out / "drift.json", facts)
    for page in ("drift.html", "drift.md"):
        render(page, facts, args.out / page)
    drifted = ", ".join(f"{each.feature} ({each.effect:.2f})" for each in shifts if each.drifted)
    print(f"{facts['status']}: {len(now):,} rows collected at {name}" + (f"; {drifted}" if drifted else ""))
    if args.respond:
        respond_to(facts, args.out, project.monitoring.cooldown_days)
        return YES
    return YES if facts["status"] == "STABLE" else NO


if __name__ == "__main__":
    sys.exit(main())
