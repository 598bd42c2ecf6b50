"""Make an endpoint what its manifest says: blue/green, probed at 0 %, then live traffic step by step.

Where the manifest has `batch:`, the version that serves then scores files by default too, once it is probed.

Exits 1 when the version was rolled back, or cannot be told at the deadline and is held at its share, or does not score
files as it was trained; 3 while another
run is rolling out this endpoint. A run that was killed, or could not log in any more, is continued by the next one. A
version that was rolled back is refused until --retry. In CI it is the commit of main that counts: a run that main has
left behind changes nothing.
"""

import argparse
import sys
from collections.abc import Sequence

from mlops import UserError
from mlops.ci import open_ci
from mlops.ci.superseded import check_newest
from mlops.commands.console import NO, YES, command, in_ci
from mlops.decide.actions import Done
from mlops.operate.batch import BatchReconciler
from mlops.operate.reconcile import Reconciler
from mlops.operate.record import RECORD_FILE, RECORDS, Record
from mlops.platform import open_platform
from mlops.repo.lineage import commit_facts, who_runs
from mlops.report.rollouts import write_page_of
from mlops.settings.environments import load_manifest
from mlops.settings.project import load_project
from mlops.settings.reading import read_text


def timeline(record: Record, environment: str) -> str:
    """How the rollout went, for the run's page, and rollout.html; nothing where nothing could be put on record."""
    try:
        write_page_of(record.path, environment)
        return read_text(record.path.with_name("rollout.md"), "apply again")
    except (UserError, OSError):
        return ""


def score_by_default(rollout: Reconciler, endpoint: str) -> Done:
    """Let the version that serves score files by default, too."""
    done = BatchReconciler(rollout, load_project().gate.threshold).run()
    print(f"{endpoint}: {done.why}")
    return done


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="apply", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--retry", action="store_true", help="forget that this version was rolled back before")
    args = parser.parse_args(argv)
    manifest, ci = load_manifest(args.environment), open_ci()
    check_newest(ci, args.environment)
    record = Record(RECORDS / args.environment / RECORD_FILE, commit_facts()["commit"])
    reconciler = Reconciler(open_platform(manifest), manifest, holder=who_runs(), record=record)
    if args.retry:
        reconciler.forget_rejection()
    done = reconciler.run()
    print("\n".join([f"{manifest.endpoint.name}: {done.why}", *reconciler.kept]))
    outcome = "as its manifest says" if done.promoted else "held" if done.held else "rolled back"
    went = timeline(record, args.environment) if in_ci() and reconciler.said else ""
    ci.summary(args.environment, f"### {manifest.endpoint.name}: {outcome}\n\n{done.why}\n\n{went}")
    if done.promoted and manifest.batch:
        done = score_by_default(reconciler, manifest.batch.endpoint)
        ci.summary(f"{args.environment}-batch", f"### {manifest.batch.endpoint}\n\n{done.why}")
    return YES if done.promoted else NO


if __name__ == "__main__":
    sys.exit(main())
