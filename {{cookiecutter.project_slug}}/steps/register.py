"""Register the challenger: reads the model folder and its verdict, makes a model version with lineage tags.

Registers the model that the training run logged, and only with a PASS for exactly that model. The same model twice
gives one version. Exits 1 without such a verdict.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops.ci import open_ci
from mlops.commands.console import NO, YES, command
from mlops.data.artefacts import Lineage, Verdict
from mlops.data.files import hash_folder, read_json
from mlops.data.model_folder import LINEAGE_FILE
from mlops.platform import Models, ModelVersion, open_platform
from mlops.settings.environments import load_manifest, training_stage


def refusal(verdict: Mapping[str, Any], model_hash: str, logged: str) -> str:
    """Why the model may not be registered, or nothing."""
    if verdict["status"] != "PASS":
        return f"the verdict is {verdict['status']}, not PASS"
    if verdict.get("model_hash") != model_hash:
        return "the verdict is about another model; run the pipeline again"
    if logged != model_hash:
        return "the training run logged another model; run the pipeline again"
    return ""


def logged_hash(models: Models, run_id: str) -> str:
    """The content hash of the model that the training run logged."""
    with tempfile.TemporaryDirectory() as folder:
        return hash_folder(models.logged_model(run_id, Path(folder) / "model"))


def made_of(models: Models, name: str, model_hash: str) -> ModelVersion | None:
    """The version that was made of this model before."""
    return next((each for each in models.versions(name) if each.model_hash == model_hash), None)


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="register", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--verdict", type=Path, default=Path("out/gate/verdict.json"), help="what gate wrote")
    args = parser.parse_args(argv)
    manifest, verdict = load_manifest(training_stage()), read_json(args.verdict, Verdict)
    models, name = open_platform(manifest).models, manifest.model.name
    lineage, model_hash = read_json(args.model / LINEAGE_FILE, Lineage), hash_folder(args.model)
    why_not = refusal(verdict, model_hash, logged_hash(models, lineage["run_id"]))
    if why_not:
        print(f"not registered: {why_not}", file=sys.stderr)
        return NO
    known = made_of(models, name, model_hash)
    metrics = {f"test_{metric}": str(value) for metric, value in verdict["metrics"].items()}
    tags = {**lineage, **metrics, "model_hash": model_hash, "verdict": verdict["status"]}
    version = known or models.register(name, lineage["run_id"], tags)
    line = f"{name}:{version.version} {'was registered before' if known else 'registered'}, run {version.run_id}"
    print(line)
    open_ci().summary("registered", line)
    return YES


if __name__ == "__main__":
    sys.exit(main())
