"""Write out/report.html, one self-contained page, and out/report.md, for a pull request, from what the steps wrote."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.commands.console import YES, command
from mlops.decide.rollout import label
from mlops.report.training import write_report
from mlops.settings.environments import champion_stage, load_manifest
from mlops.settings.project import PROJECT_FILE, load_project


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="report", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder that run_pipeline wrote, and to write to")
    args = parser.parse_args(argv)
    write_report(args.out, load_project(args.project), label(load_manifest(champion_stage()).model))
    print(f"report: {args.out / 'report.html'}")
    return YES


if __name__ == "__main__":
    sys.exit(main())
