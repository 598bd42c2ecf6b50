"""Gate the challenger: reads evaluation.json, scores.parquet, served.json and project.yml, writes verdict.json.

Exits 1 unless the verdict is PASS, or where a replayed one comes out otherwise; 2 when this model was not served as it
was trained, or is not the evaluated one.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mlops.commands.console import NO, YES, command
from mlops.data.artefacts import Lineage
from mlops.data.files import read_json, write_json
from mlops.data.model_folder import LINEAGE_FILE
from mlops.operate.judging import judge, replayed
from mlops.platform.looks import look
from mlops.settings.project import PROJECT_FILE, Project, load_project


def look_at(project: Project, model: Path, rows: str, answers: str) -> int:
    """How many other models have asked to be better on the rows of that hash; the one of these answers has now, too."""
    run_id = read_json(model / LINEAGE_FILE, Lineage)["run_id"]
    return look(project.name, run_id, rows, answers, project.gate.looks)


def replay(args: argparse.Namespace) -> int:
    """Whether the verdict comes out again, by its own rules, from the files that it is about."""
    other = replayed(load_project(args.project), args.replay, args.model, args.evaluation, args.served)
    if other:
        print(f"{args.replay}: {other} is not what the scores give", file=sys.stderr)
        return NO
    print(f"{args.replay}: the same again, byte for byte")
    return YES


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="gate", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--evaluation", type=Path, default=Path("out/evaluation"), help="what evaluate wrote")
    parser.add_argument("--served", type=Path, default=Path("out/served"), help="what try_serving wrote")
    parser.add_argument(
        "--criterion",
        choices=("superiority", "non-inferiority"),
        default="superiority",
        help="what the challenger must be to the champion: better, or no worse by gate.max_loss of project.yml",
    )
    parser.add_argument("--gate", type=Path, default=Path("out/gate"), help="folder to write verdict.json into")
    parser.add_argument("--replay", type=Path, help="a verdict.json to make again, byte for byte; writes nothing")
    args = parser.parse_args(argv)
    if args.replay:
        return replay(args)
    project = load_project(args.project)
    asked = partial(look_at, project, args.model)
    day = datetime.now(UTC).date().isoformat()
    verdict = judge(project, args.model, args.evaluation, args.served, args.criterion, asked, day)
    write_json(args.gate / "verdict.json", verdict)
    for check in verdict["checks"]:
        print(f"{check['status']:12} {check['name']}: {check['seen']} (wanted {check['wanted']})")
    print(verdict["status"])
    return YES if verdict["status"] == "PASS" else NO


if __name__ == "__main__":
    sys.exit(main())
