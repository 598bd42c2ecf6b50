"""Run pipelines/train.yml on the platform: validate, split, train, evaluate and gate, then write the report.

Reads project.yml and environments/; writes out/. The champion is the version that environments/production.yml names.
Exits 1 when a step failed or the gate did not pass. A step that would only repeat itself is not run again.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.command import NO, YES, command

if TYPE_CHECKING:
    from mlops.champion import Champion
    from mlops.platform import Jobs

PULL_REQUEST = """as the check of a pull request: on this machine, without any identity; skipped when the branch changes
nothing that a model is made of; the champion is the one of main (retrained from main's code where only Azure has it),
and the challenger has to be no worse, not better"""


def run(args: argparse.Namespace, jobs: "Jobs", data: str, champion: "Champion", criterion: str) -> int:
    """Run the pipeline and write the report; the exit code."""
    from mlops.config import load_project
    from mlops.host import open_host
    from mlops.report import write_report

    inputs = {"data": data, "criterion": criterion}
    if champion.folder:
        inputs["champion"] = str(champion.folder.resolve())
    code = jobs.run(args.pipeline, inputs, args.out)
    write_report(args.out, load_project(), champion.label)
    open_host().summary("model", (args.out / "report.md").read_text(encoding="utf-8"))
    return code


def train(args: argparse.Namespace) -> int:
    """Where models are made, for one that is better than the champion."""
    from mlops.champion import fetched
    from mlops.config import load_project
    from mlops.data import training_data
    from mlops.manifest import CHAMPION, TRAINING, load_manifest
    from mlops.platform import open_platform

    manifest, champion = load_manifest(TRAINING), load_manifest(CHAMPION).model
    platform, data = open_platform(manifest), training_data(load_project().data.uri, manifest.platform)
    return run(args, platform.jobs, data, fetched(platform, champion), "superiority")


def check_pull_request(args: argparse.Namespace) -> int:
    """Against the champion of the branch that the pull request goes to, for a model that is no worse."""
    from mlops.champion import without_identity
    from mlops.changes import of_pull_request, touching
    from mlops.config import load_project
    from mlops.data import local_folder
    from mlops.host import open_host
    from mlops.manifest import CHAMPION, load_manifest, manifest_at
    from mlops.model_sources import SOURCES
    from mlops.platform.local import local_platform

    host, folder = open_host(), local_folder(load_project().data.uri)
    target, changes = of_pull_request(host)
    if not touching(changes, [*SOURCES, str(args.pipeline.parent), str(folder)]):
        line = f"Nothing that a model is made of differs from {target}: not trained."
        print(line)
        host.summary("model", line)
        return 0
    manifest = manifest_at(target, CHAMPION) or load_manifest(CHAMPION)
    champion = without_identity(manifest, target, folder)
    return run(args, local_platform().jobs, str(folder.resolve()), champion, "non-inferiority")


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run_pipeline", description=__doc__)
    parser.add_argument("--pipeline", type=Path, default=Path("pipelines/train.yml"), help="the pipeline job")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder to write the outputs and the report into")
    parser.add_argument("--pull-request", action="store_true", help=PULL_REQUEST)
    args = parser.parse_args(argv)
    code = check_pull_request(args) if args.pull_request else train(args)
    if (args.out / "report.html").exists():
        print(f"report: {args.out / 'report.html'}")
    return NO if code else YES


if __name__ == "__main__":
    sys.exit(main())
