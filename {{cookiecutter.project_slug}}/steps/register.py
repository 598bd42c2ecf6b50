"""Register the challenger: reads the model folder and its verdict, makes a model version with lineage tags.

Registers the artefact that the training run logged, and only with a PASS for exactly that artefact. The same artefact
twice gives one version. Exits 1 without such a verdict.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops.ci import open_ci
from mlops.commands.console import NO, YES, command
from mlops.data.files import hash_folder, read_json
from mlops.data.model_folder import LINEAGE_FILE
from mlops.platform import Models, ModelVersion, open_platform
from mlops.settings.environments import load_manifest, training_stage


def refusal(verdict: Mapping[str, Any], artefact: str, logged: str) -> str:
    """Why the artefact may not be registered, or nothing."""
    if verdict["status"] != "PASS":
        return f"the verdict is {verdict['status']}, not PASS"
    if verdict["artefact"] != artefact:
        return "the verdict is about another artefact; run the pipeline again"
    if logged != artefact:
        return "the training run logged another artefact; run the pipeline again"
    return ""


def logged_hash(models: Models, run_id: str) -> str:
    """The content hash of the model that the training run logged."""
    with tempfile.TemporaryDirectory() as folder:
        return hash_folder(models.run_artefact(run_id, Path(folder) / "model"))


def registered(models: Models, name: str, artefact: str) -> ModelVersion | None:
    """The version already made of this artefact."""
    return next((each for each in models.versions(name) if each.tags.get("artefact") == artefact), None)


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="register", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--verdict", type=Path, default=Path("out/gate/verdict.json"), help="what gate wrote")
    args = parser.parse_args(argv)
    manifest, verdict = load_manifest(training_stage()), read_json(args.verdict)
    models, name = open_platform(manifest).models, manifest.model.name
    lineage, artefact = read_json(args.model / LINEAGE_FILE), hash_folder(args.model)
    why_not = refusal(verdict, artefact, logged_hash(models, lineage["run_id"]))
    if why_not:
        print(f"not registered: {why_not}", file=sys.stderr)
        return NO
    known = registered(models, name, artefact)
    metrics = {f"test_{metric}": str(value) for metric, value in verdict["metrics"].items()}
    tags = {**lineage, **metrics, "artefact": artefact, "verdict": verdict["status"]}
    version = known or models.register(name, lineage["run_id"], tags)
    line = f"{name}:{version.version} {'was registered before' if known else 'registered'}, run {version.run_id}"
    print(line)
    open_ci().summary("registered", line)
    return YES


if __name__ == "__main__":
    sys.exit(main())
