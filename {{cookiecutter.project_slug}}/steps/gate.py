"""Gate the challenger: reads evaluation.json, scores.parquet, served.json and project.yml, writes verdict.json.

Exits 1 unless the verdict is PASS; 2 when this model was not served as it was trained.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops import UserError
from mlops.commands.console import NO, YES, command
from mlops.data.artefacts import Evaluation, Served
from mlops.data.files import read_json, write_json
from mlops.data.tables import read_file
from mlops.decide.gate import verdict_on
from mlops.decide.scored import from_frame
from mlops.decide.tasks import task_of
from mlops.settings.project import PROJECT_FILE, load_project


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="gate", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--evaluation", type=Path, default=Path("out/evaluation"), help="what evaluate wrote")
    parser.add_argument("--served", type=Path, default=Path("out/served"), help="what try_serving wrote")
    parser.add_argument(
        "--criterion",
        choices=("superiority", "non-inferiority"),
        default="superiority",
        help="what the challenger must be to the champion: better, or no worse by gate.max_loss of project.yml",
    )
    parser.add_argument("--gate", type=Path, default=Path("out/gate"), help="folder to write verdict.json into")
    args = parser.parse_args(argv)
    project = load_project(args.project)
    evaluation = read_json(args.evaluation / "evaluation.json", Evaluation)
    scored = from_frame(read_file(args.evaluation / "scores.parquet"), evaluation["labels"])
    challenger, served = evaluation["challenger"], read_json(args.served / "served.json", Served)
    if served["model_hash"] != challenger["model_hash"]:
        raise UserError(f"{args.served}: about another model than {args.evaluation}; run try_serving on this one")
    verdict = {
        "model_hash": challenger["model_hash"],
        "champion": evaluation.get("champion", {}).get("model_hash"),
        "test": evaluation["test"],
        "metrics": challenger["metrics"],
        "served_rows": served["rows"],
        **verdict_on(task_of(project), challenger["metrics"], scored, project.gate, args.criterion),
    }
    write_json(args.gate / "verdict.json", verdict)
    for check in verdict["checks"]:
        print(f"{check['status']:12} {check['name']}: {check['seen']} (wanted {check['wanted']})")
    print(verdict["status"])
    return YES if verdict["status"] == "PASS" else NO


if __name__ == "__main__":
    sys.exit(main())
