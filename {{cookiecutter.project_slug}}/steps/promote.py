"""Promote a model version: edits model.version in environments/<environment>.yml, nothing else, and commits it.

Without --version: the newest registered one for staging, the version that staging names for production.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from mlops.command import YES, UserError, command
from mlops.files import write_text
from mlops.lineage import git
from mlops.manifest import load_manifest, manifest_path
from mlops.platform import Models, open_platform, registered

SOURCES = {"production": "staging"}  # an environment takes the version that the one before it serves


def with_version(text: str, version: int) -> str:
    """The manifest's text with another model.version; every other character stays."""
    (model,) = [value for key, value in yaml.compose(text).value if key.value == "model"]
    (old,) = [value for key, value in model.value if key.value == "version"]
    return text[: old.start_mark.index] + str(version) + text[old.end_mark.index :]


def default_version(models: Models, environment: str, name: str) -> int:
    """The version to promote when none is named. UserError when there is none."""
    if environment in SOURCES:
        version = load_manifest(SOURCES[environment]).model.version
        if version is None:
            raise UserError(f"{SOURCES[environment]} names no version yet; run `promote {SOURCES[environment]}` first")
        return version
    versions = models.versions(name)
    if not versions:
        raise UserError(f"model {name} has no versions yet; run `register` first")
    return versions[-1].version


def change(path: Path, text: str, message: str) -> None:
    """Write the file and commit it alone, whatever else is changed or staged; a refused commit leaves it as it was."""
    before = path.read_text(encoding="utf-8")
    if git("rev-parse", "--git-dir") is None:
        raise UserError(f"{Path.cwd()}: not a Git repository; run `git init` first: promotions are commits")
    write_text(path, text)
    command_line = ["git", "commit", "--quiet", "--only", "--message", message, "--", str(path)]
    done = subprocess.run(command_line, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        write_text(path, before)
        raise UserError(f"{path}: git refused the commit: {' '.join((done.stderr or done.stdout).split())}")


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="promote", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--version", type=int, help="a registered version")
    args = parser.parse_args(argv)
    path, manifest = manifest_path(args.environment), load_manifest(args.environment)
    models, model = open_platform(manifest.platform).models, manifest.model
    version = args.version or default_version(models, args.environment, model.name)
    registered(models, model.name, version)
    if version == model.version:
        print(f"{path}: version {version} already")
        return YES
    text = with_version(path.read_text(encoding="utf-8"), version)
    change(path, text, f"Promote {model.name}:{version} to {args.environment}")
    print(f"{path}: version {model.version} -> {version}, committed")
    return YES


if __name__ == "__main__":
    sys.exit(main())
