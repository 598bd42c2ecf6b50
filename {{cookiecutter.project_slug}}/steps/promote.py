"""Promote a model version: edits model.version and model.hash in environments/<environment>.yml, nothing else.

On a terminal that is a commit; in CI a pull request, or for staging a commit if project.yml says so. Without --version:
the newest registered one for the first of the stages in environments/base.yml, and for each other one the version that
the stage before it names; never one that was taken back, and only one that passed the gate.
"""

import argparse
import sys
from collections.abc import Sequence

from mlops.ci import CI, Proposal, open_ci
from mlops.commands.console import YES, command
from mlops.operate.promotion import change
from mlops.operate.trust import check_trusted, check_vouched, content_hash
from mlops.platform import CARD_TAG, Models, ModelVersion, Platform, open_platform, version_here
from mlops.repo.history import Named, named
from mlops.settings.environments import (
    ModelSettings,
    check_source,
    load_manifest,
    manifest_path,
    stage_before,
    training_stage,
)
from mlops.settings.project import load_project

SHOWN = ("verdict", "train_rows", "train_to", "commit", "dirty", "data_hash", "run_id", "ci_run")


def next_version(models: Models, environment: str, name: str) -> int | None:
    """The version to promote when none is named; None when there is none yet."""
    if before := stage_before(environment):
        return load_manifest(before).model.version
    versions = models.versions(name)
    return versions[-1].version if versions else None


def nothing_to_do(environment: str, model: ModelSettings, version: int | None, *, by_name: bool) -> str:
    """Why nothing is promoted, or nothing. by_name: a person named that version."""
    if version is None:
        return "there is no version to promote yet"
    if version == model.version:
        return f"version {version} already" if model.hash or model.unverified else ""
    if not by_name and version in [each.version for each in named(manifest_path(environment))]:
        again = f"promote {environment} --version {version}"
        return f"version {version} was here and was taken back; if it is meant to come again: {again}"
    return ""


def named_by(platform: Platform, environment: str, version: ModelVersion, reason: str | None) -> Named:
    """What the manifest will say of the version. TamperedError when it may not serve and no reason lets it in."""
    before = stage_before(environment)
    taken = load_manifest(before).model if before else None
    if taken and taken.hash and taken.version == version.version:
        known = Named(version.version, taken.hash, reason or taken.unverified)
    else:
        check_vouched(platform, version)
        known = Named(version.version, version.model_hash, reason)
    check_trusted(version, known)
    return known if known.hash else known._replace(hash=content_hash(platform.models, version))


def proposal(environment: str, version: ModelVersion, reason: str | None) -> Proposal:
    """The change, and for the reviewer, what the version was made from."""
    path, label = manifest_path(environment), f"{version.name}:{version.version}"
    tested = sorted(key for key in version.tags if key.startswith("test_"))
    rows = [f"| {key} | {version.tags[key]} |" for key in (*SHOWN, *tested) if key in version.tags]
    warning = [f"**It has no verdict of the gate.** Why it is let in: {reason}", ""] if reason else []
    merging = f"Merging rolls `{label}` out to {environment}."
    body = "\n".join([merging, "", *card(version), *warning, "| lineage | |", "| --- | --- |", *rows])
    branch = f"promote/{version.name}-{environment}-{version.version}"
    title = f"Promote {label} to {environment}" + (f", unverified: {reason}" if reason else "")
    return Proposal(branch, title, body, [path])


def card(version: ModelVersion) -> list[str]:
    """Where the version's model card is, as lines; a version of before there were any has none."""
    address, run = version.tags.get(CARD_TAG), version.tags.get("ci_run", "none")
    if not address:
        return []
    page = (
        "" if run == "none" else f", and as `card/model_card.html` among the reports of [the run that made it]({run})"
    )
    return [f"Its model card: `{address}`{page}.", ""]


def propose(ci: CI, platform: Platform, environment: str, version: ModelVersion, reason: str | None) -> str:
    """Change the manifest to that version; the page of the proposal, or nothing where it was committed."""
    content = named_by(platform, environment, version, reason)
    commit = stage_before(environment) is None and load_project().promotion.staging == "commit"
    return change(ci, proposal(environment, version, content.unverified), content, commit=commit)


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="promote", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--version", type=int, help="a registered version")
    parser.add_argument(
        "--unverified", metavar="REASON", help="let in a version without a verdict; the reason is kept in the manifest"
    )
    args = parser.parse_args(argv)
    path, manifest = manifest_path(args.environment), load_manifest(args.environment)
    check_source(args.environment, manifest)
    # Where versions are made, with what staging may do there: promoting asks nothing of production's own workspace.
    platform, model, ci = open_platform(load_manifest(training_stage())), manifest.model, open_ci()
    version = next_version(platform.models, args.environment, model.name) if args.version is None else args.version
    why_not = nothing_to_do(args.environment, model, version, by_name=args.version is not None)
    if version is None or why_not:
        print(f"{path}: {why_not}")
        return YES
    page = propose(ci, platform, args.environment, version_here(platform, model.name, version), args.unverified)
    line = f"{path}: version {model.version} -> {version}, {page or 'committed'}"
    print(line)
    ci.summary(f"promote-{args.environment}", line)
    return YES


if __name__ == "__main__":
    sys.exit(main())
