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
    from mlops.manifest import Manifest, Model
    from mlops.platform import Models

CHAMPION_ENVIRONMENT = "production"
CHAMPIONS = Path(".mlops") / "champions"
PULL_REQUEST = """as the check of a pull request: skipped when the branch changes nothing that a model is made of;
the champion is the one of main, and the challenger has to be no worse, not better"""


def champion_folder(models: "Models", model: "Model") -> Path | None:
    """The champion's model folder, fetched once; None before the first promotion."""
    if model.version is None:
        return None
    folder = CHAMPIONS / f"{model.name}-{model.version}"
    return folder if folder.exists() else models.download(model.name, model.version, folder)


def run(args: argparse.Namespace, manifest: "Manifest", criterion: str) -> tuple[int, list[str]]:
    """Run the pipeline and write the report; the exit code, and the paths that it read and wrote."""
    from mlops.config import load_project
    from mlops.platform import open_platform

    project, platform = load_project(), open_platform(manifest.platform)
    champion = champion_folder(platform.models, manifest.model)
    paths = {"data": str(Path(project.data.path).resolve())}
    if champion:
        paths["champion"] = str(champion.resolve())
    code = platform.jobs.run(args.pipeline, paths | {"criterion": criterion}, args.out)

    from mlops.host import open_host
    from mlops.report import write_report

    write_report(args.out, project, manifest.model)
    open_host().summary("model", (args.out / "report.md").read_text(encoding="utf-8"))
    return code, ["environments", str(args.pipeline.parent), str(args.out), *paths.values()]


def train(args: argparse.Namespace) -> int:
    """On the environment's own platform, for a model that is better."""
    from mlops.manifest import load_manifest

    arguments = [str(args.pipeline), str(args.out)]
    if receipt.holds(arguments):
        print("nothing changed since the last run: every step re-used")
        return 0
    code, paths = run(args, load_manifest(CHAMPION_ENVIRONMENT), "superiority")
    if code == 0:
        receipt.keep(arguments, paths)
    return code


def check_pull_request(args: argparse.Namespace) -> int:
    """Against the champion of the branch that the pull request goes to, for a model that is no worse."""
    from mlops.changes import of_pull_request, touching
    from mlops.config import load_project
    from mlops.host import open_host
    from mlops.manifest import load_manifest, manifest_at

    host = open_host()
    target, changes = of_pull_request(host)
    parts = [*receipt.CODE, str(args.pipeline.parent), load_project().data.path]
    if not touching(changes, parts):
        line = f"Nothing that a model is made of differs from {target}: not trained."
        print(line)
        host.summary("model", line)
        return 0
    manifest = manifest_at(target, CHAMPION_ENVIRONMENT) or load_manifest(CHAMPION_ENVIRONMENT)
    return run(args, manifest, "non-inferiority")[0]


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
