"""Register the challenger: reads the model folder, its verdict and what that was about, makes a model version.

Believes no file: the verdict is made again from the scores, by the present rules and against the present champion, and
the version is what the training run logged. Its model card is kept beside it. The same model twice gives one version.
Exits 1 without a PASS.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops import TamperedError
from mlops.ci import open_ci
from mlops.commands.console import NO, YES, command
from mlops.data.artefacts import Diagnosis, Evaluation, Lineage, Split, Verdict
from mlops.data.files import hash_folder, read_json, without_nan, write_json
from mlops.data.model_folder import LINEAGE_FILE
from mlops.data.provenance import contradiction
from mlops.decide.gate import ERROR_TAG
from mlops.operate.judging import difference, judge
from mlops.operate.trust import REGISTERED, registered_facts
from mlops.platform import CARD_TAG, Models, ModelVersion, open_platform
from mlops.repo.lineage import description
from mlops.report.card import Facts, write_card
from mlops.report.training import read_if_there
from mlops.settings.environments import champion_stage, load_manifest, training_stage
from mlops.settings.project import load_project


def refusal(verdict: Mapping[str, Any], model_hash: str, logged: str, champion: str | None) -> str:
    """Why the model may not be registered, or nothing."""
    if verdict["status"] != "PASS":
        return f"the verdict is {verdict['status']}, not PASS"
    if verdict["criterion"] != "superiority" and not verdict["cold_start"]:
        return f"the verdict is about {verdict['criterion']}, which is for pull requests; run the pipeline again"
    if verdict["model_hash"] != model_hash:
        return "the verdict is about another model; run the pipeline again"
    if verdict["champion"] != champion:
        return "the champion has changed since the verdict; run the pipeline again"
    return "" if logged == model_hash else "the training run logged another model; run the pipeline again"


def champion_hash(models: Models) -> str | None:
    """The content hash of the present champion; None when there is none."""
    model = load_manifest(champion_stage()).model
    tagged = {each.version: each.model_hash for each in models.versions(model.name)}
    return model.hash or tagged.get(model.version or 0)


def logged_hash(models: Models, run_id: str) -> str:
    """The content hash of the model that the training run logged."""
    with tempfile.TemporaryDirectory() as folder:
        return hash_folder(models.logged_model(run_id, Path(folder) / "model"))


def made_of(models: Models, name: str, model_hash: str) -> ModelVersion | None:
    """The version that was made of this model before."""
    return next((each for each in models.versions(name) if each.model_hash == model_hash), None)


def today() -> str:
    """In UTC; what was accepted on the verdict's day may be so no longer."""
    return datetime.now(UTC).date().isoformat()


def judged_again(args: argparse.Namespace) -> dict[str, Any]:
    """The verdict in the file. TamperedError when the scores, by the present rules, give another."""
    found = read_json(args.verdict, Verdict)

    def counted(*_: str) -> int:
        return int(found["looks"])  # as it was then: others may have looked since

    made: dict[str, Any] = without_nan(
        judge(load_project(), args.model, args.evaluation, args.served, found["criterion"], counted, today())
    )
    if other := difference(made, found):
        raise TamperedError(f"{args.verdict}: {other} is not what scores and project.yml give; run the pipeline again")
    return made


def write_down(args: argparse.Namespace, verdict: Mapping[str, Any]) -> None:
    """The model card, into the folder that the arguments name."""
    facts = Facts(
        load_project(),
        description(),
        args.model,
        verdict,
        read_json(args.evaluation / "evaluation.json", Evaluation),
        read_if_there(args.split / "split.json", Split),
        read_if_there(args.diagnosis / "diagnosis.json", Diagnosis),
        today(),
    )
    write_card(facts, args.card)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="register", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--verdict", type=Path, default=Path("out/gate/verdict.json"), help="what gate wrote")
    parser.add_argument("--evaluation", type=Path, default=Path("out/evaluation"), help="what evaluate wrote")
    parser.add_argument("--served", type=Path, default=Path("out/served"), help="what try_serving wrote")
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="what split_data wrote")
    parser.add_argument("--diagnosis", type=Path, default=Path("out/diagnosis"), help="what explains it, if anything")
    parser.add_argument("--card", type=Path, default=Path("out/card"), help="folder to write the model card into")
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> int:
    args = arguments(argv)
    manifest, verdict = load_manifest(training_stage()), judged_again(args)
    models, name = open_platform(manifest).models, manifest.model.name
    lineage, model_hash = read_json(args.model / LINEAGE_FILE, Lineage), hash_folder(args.model)
    why_not = refusal(verdict, model_hash, logged_hash(models, lineage["run_id"]), champion_hash(models))
    why_not = why_not or contradiction(args.model, lineage)
    if why_not:
        print(f"not registered: {why_not}", file=sys.stderr)
        return NO
    write_down(args, verdict)
    known = made_of(models, name, model_hash)
    metrics = {f"test_{metric}": str(value) for metric, value in verdict["metrics"].items()}
    error = verdict["standard_error"]
    sure = {} if error is None else {ERROR_TAG: str(error)}
    card = models.keep_card(name, lineage["run_id"], args.card)
    tags = {**lineage, **metrics, **sure, "model_hash": model_hash, "verdict": verdict["status"], CARD_TAG: card}
    version = known or models.register(name, lineage["run_id"], tags)
    write_json(REGISTERED, registered_facts(version))
    line = f"{name}:{version.version} {'was registered before' if known else 'registered'}, run {version.run_id}"
    print(line)
    open_ci().summary("registered", f"{line}\n\nIts model card: `{args.card}` among the reports of this run.")
    return YES


if __name__ == "__main__":
    sys.exit(main())
