"""Promote a model version: edits model.version in environments/<environment>.yml, nothing else.

On a terminal that is a commit; in CI a pull request, or for staging a commit if project.yml says so. Without --version:
the newest registered one for staging, the version that staging names for production; never one that was taken back.
"""

import argparse
import sys
from collections.abc import Sequence

from mlops.command import YES, command
from mlops.config import load_project
from mlops.host import Proposal, open_host
from mlops.manifest import check_source, load_manifest, manifest_path
from mlops.platform import Models, ModelVersion, open_platform, registered
from mlops.promotion import change, versions_named

SOURCES = {"production": "staging"}  # an environment takes the version that the one before it serves
SHOWN = ("verdict", "test_auc", "train_rows", "train_to", "commit", "dirty", "data_hash", "run_id", "ci_run")


def next_version(models: Models, environment: str, name: str) -> int | None:
    """The version to promote when none is named; None when there is none yet."""
    if environment in SOURCES:
        return load_manifest(SOURCES[environment]).model.version
    versions = models.versions(name)
    return versions[-1].version if versions else None


def proposal(environment: str, version: ModelVersion) -> Proposal:
    """The change, and for whoever decides on it, what the version was made from."""
    path, label = manifest_path(environment), f"{version.name}:{version.version}"
    rows = [f"| {key} | {version.tags[key]} |" for key in SHOWN if key in version.tags]
    body = "\n".join([f"Merging rolls `{label}` out to {environment}.", "", "| lineage | |", "| --- | --- |", *rows])
    return Proposal(f"promote/{environment}-{version.version}", f"Promote {label} to {environment}", body, [path])


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="promote", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--version", type=int, help="a registered version")
    args = parser.parse_args(argv)
    path, manifest = manifest_path(args.environment), load_manifest(args.environment)
    check_source(args.environment, manifest)
    models, model, host = open_platform(manifest).models, manifest.model, open_host()
    version = next_version(models, args.environment, model.name) if args.version is None else args.version
    if version is None:
        print(f"{path}: there is no version to promote yet")
    elif version == model.version:
        print(f"{path}: version {version} already")
    elif args.version is None and version in versions_named(path):
        again = f"promote {args.environment} --version {version}"
        print(f"{path}: version {version} was here and was taken back; if it is meant to come again: {again}")
    else:
        proposed = proposal(args.environment, registered(models, model.name, version))
        commit = args.environment not in SOURCES and load_project().promotion.staging == "commit"
        page = change(host, proposed, version, commit=commit)
        line = f"{path}: version {model.version} -> {version}, {page or 'committed'}"
        print(line)
        host.summary(f"promote-{args.environment}", line)
    return YES


if __name__ == "__main__":
    sys.exit(main())
