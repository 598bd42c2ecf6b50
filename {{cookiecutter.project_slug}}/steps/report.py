"""Write out/report.html, one self-contained page, and out/report.md, for a pull request, from what the steps wrote."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.command import YES, command
from mlops.config import PROJECT_FILE, load_project
from mlops.manifest import CHAMPION, load_manifest
from mlops.report import write_report
from mlops.rollout import label


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="report", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder that run_pipeline wrote, and to write to")
    args = parser.parse_args(argv)
    write_report(args.out, load_project(args.project), label(load_manifest(CHAMPION).model))
    print(f"report: {args.out / 'report.html'}")
    return YES


if __name__ == "__main__":
    sys.exit(main())
