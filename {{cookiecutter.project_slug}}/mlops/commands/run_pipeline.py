"""Run pipelines/train.yml on the platform: validate, split, train, try, evaluate and gate, then write the report.

Reads project.yml and environments/; writes out/. The champion is the version that environments/production.yml names.
Exits 1 when a step failed or the gate did not pass. A step that would only repeat itself is not run again.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.commands.console import NO, YES, command

if TYPE_CHECKING:
    from mlops.operate.champion import Champion
    from mlops.platform import Jobs
    from mlops.settings.project import Project

RUN_FILE = "run.json"
PULL_REQUEST = """as the check of a pull request: on this machine, without any identity; skipped when the branch changes
nothing that a model is made of; the champion is the one of main (retrained from main's code where only Azure has it),
and the challenger has to be no worse, not better"""


def run(args: argparse.Namespace, jobs: "Jobs", data: str, champion: "Champion", criterion: str) -> int:
    """Run the pipeline and write the report; the exit code."""
    from mlops.ci import open_ci
    from mlops.data.files import write_json
    from mlops.repo.lineage import commit_facts
    from mlops.report.training import write_report
    from mlops.settings.behaviour import BEHAVIOUR_FILE, load_behaviour
    from mlops.settings.project import load_project
    from mlops.settings.reading import read_text

    project = load_project()
    load_behaviour(BEHAVIOUR_FILE, project.features)  # a mistake is said before the work
    check_packages(project)
    inputs = {"data": data, "criterion": criterion}
    if champion.folder:
        inputs["champion"] = str(champion.folder.resolve())
    ran = commit_facts()
    code = jobs.run(args.pipeline, inputs, args.out)
    write_json(args.out / RUN_FILE, ran)
    write_report(args.out, project, champion.label)
    open_ci().summary("model", read_text(args.out / "report.md", "run this again"))
    return code


def check_packages(project: "Project") -> None:
    """UserError when one is missing that project.yml asks for."""
    if project.fairness:
        from mlops.decide.groups import check_installed

        check_installed()
    if project.report.shap:
        from mlops.decide.diagnosis import shapley

        shapley.check_installed()


def train(args: argparse.Namespace) -> int:
    """Where models are made, for one that is better than the champion."""
    from mlops.data.tables import training_data
    from mlops.operate.champion import fetched
    from mlops.platform import open_platform
    from mlops.settings.environments import champion_stage, load_manifest, training_stage
    from mlops.settings.project import load_project

    manifest, champion = load_manifest(training_stage()), load_manifest(champion_stage()).model
    platform, data = open_platform(manifest), training_data(load_project().data.uri, manifest.platform)
    return run(args, platform.jobs, data, fetched(platform, champion), "superiority")


def check_pull_request(args: argparse.Namespace) -> int:
    """Against the champion of the branch that the pull request goes to, for a model that is no worse."""
    from mlops.ci import open_ci
    from mlops.ci.pull_request import of_pull_request
    from mlops.data.model_sources import SOURCES
    from mlops.data.tables import local_folder
    from mlops.operate.champion import without_identity
    from mlops.platform.local import local_platform
    from mlops.repo.changes import touching
    from mlops.repo.history import manifest_at
    from mlops.settings.behaviour import BEHAVIOUR_FILE
    from mlops.settings.environments import champion_stage, load_manifest
    from mlops.settings.project import load_project

    ci, folder = open_ci(), local_folder(load_project().data.uri)
    target, changes = of_pull_request(ci)
    if not touching(changes, [*SOURCES, str(BEHAVIOUR_FILE), str(args.pipeline.parent), str(folder)]):
        line = f"Nothing that a model is made of differs from {target}: not trained."
        print(line)
        ci.summary("model", line)
        return 0
    manifest = manifest_at(target, champion_stage()) or load_manifest(champion_stage())
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
