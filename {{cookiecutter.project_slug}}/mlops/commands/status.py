"""Where everything stands, and the one command to type next: data, last run, registry and every environment."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops import UserError, counted
from mlops.commands.console import YES, command
from mlops.commands.run_pipeline import RUN_FILE
from mlops.data.artefacts import Lineage, Ran, Validation, Verdict
from mlops.data.files import read_json
from mlops.data.model_folder import LINEAGE_FILE
from mlops.data.model_sources import CODE
from mlops.data.tables import extent, hash_data, local_folder
from mlops.decide.batch import batch_difference
from mlops.decide.difference import difference, kept
from mlops.decide.next_step import Stage, next_step
from mlops.decide.observed import Observed, ObservedBatch
from mlops.decide.rollout import label, live, rejection_tag
from mlops.platform import ModelVersion, Platform, observed_batch, open_platform
from mlops.repo.git import ask
from mlops.repo.history import named
from mlops.repo.template import standing as standing_of_template
from mlops.report.training import read_if_there, status
from mlops.settings.environments import Manifest, environments, load_manifest, manifest_path, stages, training_stage
from mlops.settings.project import ADOPT, Project, has_table, load_project

VERDICT = Path("out") / "gate" / "verdict.json"
VALIDATION = Path("out") / "validation" / "validation.json"
REPORT = Path("out") / "report.html"  # of every run, also of one that failed before the gate
LINEAGE = Path("out") / "model" / LINEAGE_FILE
RUN = Path("out") / RUN_FILE
MADE_OF = (*CODE, "pipelines")  # not uv.lock, to which uv adds addresses


def show_data(project: Project) -> str:
    """Print what there is to train on here, or why there is nothing; its hash, or nothing."""
    folder = local_folder(project.data.uri)
    try:
        files, rows, newest = extent(folder, project.data.time)
    except UserError as error:
        say("data", str(error))
        return ""
    digest = hash_data(folder)
    until = f", newest {newest}" if newest else ""
    say("data", f"{folder}: {counted(files, 'file')}, {counted(rows, 'row')}{until}, hash {digest[:12]}")
    return digest


def last_run(outcome: str | None, data_hash: str) -> str:
    """Its outcome, and whether the data and the code are still those that it is about."""
    if outcome is None:
        return "none yet"
    made_from = read_json(LINEAGE, Lineage) if LINEAGE.exists() else {}
    changed = ["the data"] if made_from.get("data_hash", data_hash) != data_hash else []
    ran = read_if_there(RUN, Ran) or made_from  # its steps may be of earlier runs
    commit = ran.get("commit", "unknown")
    if ran.get("dirty") == "false" and ask("diff", "--quiet", commit, "--", *MADE_OF) is None:
        changed.append("the code")
    since = f"; {' and '.join(changed)} changed since" if changed else ""
    return f"{outcome}, see {REPORT}{since}"


def wish(manifest: Manifest) -> str:
    model = manifest.model
    return f"wants {label(model)}" if model.version else f"wants no version of {model.name} yet"


def environment_lines(manifest: Manifest, platform: Platform, observed: Observed | None) -> list[str]:
    """What is wanted and where it answers, if it does: another program may have come to its port.

    Then one line a deployment, one a setting that they have not taken yet, and one a version that was rolled back.
    """
    wants, model = wish(manifest), manifest.model
    if observed is None:
        return [f"{wants}; no endpoint yet"]
    ready = any(each.state == "ready" for each in observed.deployments.values())
    deployments = [
        f"{slot}: {each.model}:{each.version}, {live(observed).get(slot, 0)} % of traffic, {each.state}"
        + (f" ({each.reason})" if each.reason else "")
        for slot, each in sorted(observed.deployments.items())
    ]
    return [
        f"{wants}; {platform.endpoints.url(manifest.endpoint.name) if ready else 'nothing answers now'}",
        *(deployments or ["no deployment"]),
        *kept(manifest, observed),
        *rolled_back(observed, model.name),
    ]


def batch_lines(manifest: Manifest, observed: ObservedBatch | None) -> list[str]:
    """What scores files, where anything is to."""
    if manifest.batch is None:
        return []
    default = observed.deployments.get(observed.default or "") if observed else None
    scores = f"{default.model}:{default.version} scores files by default, {default.state}" if default else "nothing yet"
    return [f"{manifest.batch.endpoint}: {scores}"]


def rolled_back(observed: Observed, name: str) -> list[str]:
    """The versions of the model that are refused, and why."""
    begins = f"rejected-{name}-"
    return [
        f"rolled back: {name}:{tag.removeprefix(begins)} ({reason})"
        for tag, reason in observed.tags.items()
        if tag.startswith(begins)
    ]


def show(environment: str, versions: Sequence[ModelVersion]) -> Stage:
    """Print where the environment stands; in one line why not, where its platform cannot be asked."""
    manifest = load_manifest(environment)
    wanted, name = manifest.model.version, manifest.endpoint.name
    try:
        platform = open_platform(manifest)
        observed, batch = platform.endpoints.observe(name), observed_batch(platform, manifest)
        say(environment, *environment_lines(manifest, platform, observed), *batch_lines(manifest, batch))
    except UserError as error:
        say(environment, f"{wish(manifest)}; {error}")
        return Stage(environment, wanted, known=False)
    return Stage(
        environment,
        wanted,
        differs=bool(difference(manifest, observed) or batch_difference(manifest, batch)),
        missing=manifest.platform == "local" and not versions,
        refused=observed is not None and rejection_tag(manifest.model) in observed.tags,
        once=[each.version for each in named(manifest_path(environment))],
    )


def show_registry(manifest: Manifest) -> Sequence[ModelVersion]:
    """Print the newest version; all versions, none where the registry cannot be asked."""
    name = manifest.model.name
    try:
        versions = open_platform(manifest).models.versions(name)
    except UserError as error:
        say("registry", str(error))
        return []
    newest = f"{name}:{versions[-1].version} is the newest of {len(versions)}" if versions else "no version yet"
    say("registry", newest)
    return versions


def say(title: str, *lines: str) -> None:
    """A title, and beside it what is to be said of it."""
    for number, line in enumerate(lines):
        print(f"{'' if number else title:<12} {line}")


@command
def main(argv: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog="status", description=__doc__).parse_args(argv)
    say("template", standing_of_template())
    if not has_table():
        say("data", "no table yet")
        say("next", f"{ADOPT}    # takes your table in: docs/your-data.md")
        return YES
    project, order = load_project(), stages()
    data_hash = show_data(project)
    verdict = read_if_there(VERDICT, Verdict)
    outcome = status(read_if_there(VALIDATION, Validation), verdict) if verdict or REPORT.exists() else None
    say("last run", last_run(outcome, data_hash))
    versions = show_registry(load_manifest(training_stage()))
    standing = [show(each, versions) for each in order]
    for other in sorted({*environments()} - {*order}):
        show(other, versions)
    registered = verdict is not None and verdict["model_hash"] in {each.model_hash for each in versions}
    step = next_step(outcome, registered, [each.version for each in versions], standing)
    say("next", f"uv run {step.command}    # {step.why}")
    return YES


if __name__ == "__main__":
    sys.exit(main())
