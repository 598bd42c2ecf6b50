"""Promote a model version: edits model.version in environments/<environment>.yml, nothing else.

On a terminal that is a commit; in CI a pull request, or for staging a commit if project.yml says so. Without --version:
the newest registered one for the first of the stages in environments/base.yml, and for each other one the version that
the stage before it names; never one that was taken back.
"""

import argparse
import sys
from collections.abc import Sequence

from mlops.ci import Proposal, open_ci
from mlops.commands.console import YES, command
from mlops.operate.promotion import change, versions_named
from mlops.platform import Models, ModelVersion, open_platform, version_here
from mlops.settings.environments import check_source, load_manifest, manifest_path, stage_before, training_stage
from mlops.settings.project import load_project

SHOWN = ("verdict", "train_rows", "train_to", "commit", "dirty", "data_hash", "run_id", "ci_run")


def next_version(models: Models, environment: str, name: str) -> int | None:
    """The version to promote when none is named; None when there is none yet."""
    if before := stage_before(environment):
        return load_manifest(before).model.version
    versions = models.versions(name)
    return versions[-1].version if versions else None


def proposal(environment: str, version: ModelVersion) -> Proposal:
    """The change, and for the reviewer, what the version was made from."""
    path, label = manifest_path(environment), f"{version.name}:{version.version}"
    tested = sorted(key for key in version.tags if key.startswith("test_"))
    rows = [f"| {key} | {version.tags[key]} |" for key in (*SHOWN, *tested) if key in version.tags]
    body = "\n".join([f"Merging rolls `{label}` out to {environment}.", "", "| lineage | |", "| --- | --- |", *rows])
    branch = f"promote/{version.name}-{environment}-{version.version}"
    return Proposal(branch, f"Promote {label} to {environment}", body, [path])


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="promote", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--version", type=int, help="a registered version")
    args = parser.parse_args(argv)
    path, manifest = manifest_path(args.environment), load_manifest(args.environment)
    check_source(args.environment, manifest)
    # Where versions are made, with what staging may do there: promoting asks nothing of production's own workspace.
    platform, model, ci = open_platform(load_manifest(training_stage())), manifest.model, open_ci()
    version = next_version(platform.models, args.environment, model.name) if args.version is None else args.version
    if version is None:
        print(f"{path}: there is no version to promote yet")
    elif version == model.version:
        print(f"{path}: version {version} already")
    elif args.version is None and version in versions_named(path):
        again = f"promote {args.environment} --version {version}"
        print(f"{path}: version {version} was here and was taken back; if it is meant to come again: {again}")
    else:
        proposed = proposal(args.environment, version_here(platform, model.name, version))
        commit = stage_before(args.environment) is None and load_project().promotion.staging == "commit"
        page = change(ci, proposed, version, commit=commit)
        line = f"{path}: version {model.version} -> {version}, {page or 'committed'}"
        print(line)
        ci.summary(f"promote-{args.environment}", line)
    return YES


if __name__ == "__main__":
    sys.exit(main())
