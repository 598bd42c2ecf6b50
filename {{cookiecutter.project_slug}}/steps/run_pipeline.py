"""Run pipelines/train.yml on the platform: validate, split, train, evaluate and gate, then write the report.

Reads project.yml and environments/; writes out/. The champion is the version that environments/production.yml names.
Exits 1 when a step failed or the gate did not pass.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.command import NO, YES, command
from mlops.config import load_project
from mlops.manifest import Model, load_manifest
from mlops.platform import Models, open_platform
from mlops.report import write_report

CHAMPION_ENVIRONMENT = "production"
CHAMPIONS = Path(".mlops") / "champions"


def champion_folder(models: Models, model: Model) -> Path | None:
    """The champion's model folder, fetched once; None before the first promotion."""
    if model.version is None:
        return None
    folder = CHAMPIONS / f"{model.name}-{model.version}"
    return folder if folder.exists() else models.download(model.name, model.version, folder)


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run_pipeline", description=__doc__)
    parser.add_argument("--pipeline", type=Path, default=Path("pipelines/train.yml"), help="the pipeline job")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder to write the outputs and the report into")
    args = parser.parse_args(argv)
    project, manifest = load_project(), load_manifest(CHAMPION_ENVIRONMENT)
    platform = open_platform(manifest.platform)
    champion = champion_folder(platform.models, manifest.model)
    inputs = {"data": str(Path(project.data.path).resolve())}
    if champion:
        inputs["champion"] = str(champion.resolve())
    code = platform.jobs.run(args.pipeline, inputs, args.out)
    write_report(args.out, project, manifest.model)
    print(f"report: {args.out / 'report.html'}")
    return NO if code else YES


if __name__ == "__main__":
    sys.exit(main())
