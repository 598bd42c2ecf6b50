"""Run pipelines/train.yml on the platform: validate, split, train, evaluate and gate, then write the report.

Reads project.yml and environments/; writes out/. The champion is the version that environments/production.yml names.
Exits 1 when a step failed or the gate did not pass. A run that would only repeat the last one ends at once.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import receipt
from mlops.command import NO, YES, command

if TYPE_CHECKING:
    from mlops.manifest import Model
    from mlops.platform import Models

CHAMPION_ENVIRONMENT = "production"
CHAMPIONS = Path(".mlops") / "champions"


def champion_folder(models: "Models", model: "Model") -> Path | None:
    """The champion's model folder, fetched once; None before the first promotion."""
    if model.version is None:
        return None
    folder = CHAMPIONS / f"{model.name}-{model.version}"
    return folder if folder.exists() else models.download(model.name, model.version, folder)


def run(pipeline: Path, out: Path) -> tuple[int, list[str]]:
    """Run the pipeline and write the report; the exit code, and the paths that it read and wrote."""
    from mlops.config import load_project
    from mlops.manifest import load_manifest
    from mlops.platform import open_platform

    project, manifest = load_project(), load_manifest(CHAMPION_ENVIRONMENT)
    platform = open_platform(manifest.platform)
    champion = champion_folder(platform.models, manifest.model)
    inputs = {"data": str(Path(project.data.path).resolve())}
    if champion:
        inputs["champion"] = str(champion.resolve())
    code = platform.jobs.run(pipeline, inputs, out)

    from mlops.report import write_report

    write_report(out, project, manifest.model)
    return code, ["environments", str(pipeline.parent), str(out), *inputs.values()]


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run_pipeline", description=__doc__)
    parser.add_argument("--pipeline", type=Path, default=Path("pipelines/train.yml"), help="the pipeline job")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder to write the outputs and the report into")
    args = parser.parse_args(argv)
    arguments = [str(args.pipeline), str(args.out)]
    if receipt.holds(arguments):
        print("nothing changed since the last run: every step re-used")
        code = 0
    else:
        code, paths = run(args.pipeline, args.out)
        if code == 0:
            receipt.keep(arguments, paths)
    print(f"report: {args.out / 'report.html'}")
    return NO if code else YES


if __name__ == "__main__":
    sys.exit(main())
