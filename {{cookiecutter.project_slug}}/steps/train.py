"""Train the challenger: reads the split and project.yml, writes the model folder and logs it to an MLflow run."""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.commands.console import command
from mlops.data.artefacts import Split
from mlops.data.columns import describe, mlflow_schema
from mlops.data.estimator import built
from mlops.data.files import read_json, write_json
from mlops.data.model_folder import LINEAGE_FILE, ONNX, load_model, payload
from mlops.data.onnx_export import export
from mlops.data.own_metrics import own_metrics
from mlops.data.probe import PROBE_FILE, examine, write_usual
from mlops.data.provenance import write_provenance
from mlops.data.reference import write_days, write_reference
from mlops.data.sbom import REQUIREMENTS, SBOM_FILE, packages, write_sbom
from mlops.data.scoring_script import SCRIPT
from mlops.data.search_file import SEARCH_FILE, search_of, told
from mlops.data.tables import read_file
from mlops.decide.tasks import Task, task_of
from mlops.decide.tasks.interface import kind
from mlops.platform.tracking import use_tracking
from mlops.repo.lineage import training_lineage
from mlops.settings.project import PROJECT_FILE, Project, load_project

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

RUNTIME = ("scikit-learn", "numpy", "pandas", "cloudpickle")


def fit(train: "pd.DataFrame", project: Project) -> "Pipeline":
    """The estimator of model/, fitted on the features and the target."""
    return built(project.model).fit(train[project.features], train[project.data.target])


def train_metrics(task: Task, model: "Pipeline", train: "pd.DataFrame", project: Project) -> dict[str, float]:
    """How well the model fits the rows that it was fitted on: far better than the test rows means overfitting."""
    from mlops.decide.metrics import measure

    answers, rows = train[project.data.target], train[project.features]
    labels = task.labels(answers, [model])
    metrics = measure(task, task.encode(answers, labels), task.predict(model, rows, labels))
    return {"train_rows": len(train)} | {f"train_{name}": value for name, value in metrics.items()}


def save(
    task: Task,
    model: "Pipeline",
    rows: "pd.DataFrame",
    facts: dict[str, str],
    folder: Path,
    onnx: bytes | None = None,
    script: Path = SCRIPT,
) -> None:
    """The model folder: MLflow's format, then lineage, probe and reference rows (see mlops/data/model_folder.py)."""
    columns, probe, finding = examine(model, rows)
    if finding:
        print(finding)
    labels = task.known(model)
    write_mlflow(model, mlflow_schema(columns), task.predict(model, rows[:3], labels), about(task, columns), folder)
    if onnx:
        (folder / ONNX).write_bytes(onnx)
        model = load_model(folder, script)  # the probe's answers are those of what serves
    answer = task.answer(task.predict(model, probe, labels), labels)
    write_json(folder / LINEAGE_FILE, facts)
    write_json(folder / PROBE_FILE, {"request": payload(probe), "answer": answer})
    write_usual(rows, folder)
    write_reference(rows, folder)


def about(task: Task, columns: Any) -> dict[str, str]:
    """What score.py reads in the model folder."""
    return {"task": task.name, "columns": json.dumps(columns, ensure_ascii=False)}


def write_mlflow(model: "Pipeline", inputs: Any, predictions: Any, metadata: dict[str, str], folder: Path) -> None:
    """A new folder in MLflow's format. inputs: its schema; predictions: some, which tell that of the outputs."""
    import mlflow

    signature = mlflow.models.infer_signature(model_output=predictions)
    signature.inputs = inputs
    shutil.rmtree(folder, ignore_errors=True)
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=signature,
        code_paths=["model"],
        pip_requirements=[f"{name}=={version(name)}" for name in RUNTIME],
        metadata=metadata,
    )


def write_model(
    task: Task,
    model: "Pipeline",
    train: "pd.DataFrame",
    facts: dict[str, str],
    project: Project,
    args: argparse.Namespace,
) -> None:
    """The whole model folder; the facts gain the engine that serves it."""
    rows, exported = train[project.features], None
    if project.serving.engine == "onnx":
        exported = export(model, rows, args.script)
        print(exported.found)
        facts["engine"] = exported.found
    save(task, model, rows, facts, args.model, exported and exported.onnx, args.script)
    if project.data.time:
        write_days(train[project.data.time], args.model)
    record(facts, args.requirements, args.model)


def record(facts: dict[str, str], requirements: Path, folder: Path) -> None:
    """What an endpoint is built from, and how the folder came to be: the last two files, about all others."""
    write_sbom(packages(requirements), folder / SBOM_FILE)
    write_provenance(folder, facts, requirements)


def searched(project: Project) -> dict[str, Any] | None:
    """The search that the parameters come from, if any. UserError where it has seen what tests its winner."""
    found = search_of(project.model)
    if found and project.data.split.folds:
        raise UserError(f"{SEARCH_FILE}: tune chose these parameters by rows that data.split.folds test; hold rows out")
    return found


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="train", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="what split_data wrote")
    parser.add_argument("--requirements", type=Path, default=REQUIREMENTS, help="what endpoints are built from")
    parser.add_argument("--script", type=Path, default=SCRIPT, help="the scoring script (default: the project's)")
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="model folder to write")
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> int:
    args = arguments(argv)
    project, split = load_project(args.project), read_json(args.split / "split.json", Split)
    task = task_of(project, own_metrics(project.gate.own_metrics))
    train = read_file(args.split / "train.parquet")
    describe(train[project.features])  # what cannot be served is said before the work
    search = searched(project)

    import mlflow

    use_tracking(project.name)
    with mlflow.start_run() as run:
        model, facts = fit(train, project), training_lineage(split, run.info.run_id)
        facts |= {"estimator": kind(model), "trained": datetime.now(UTC).isoformat(timespec="seconds")}
        if search:
            facts["search"] = told(search)
        write_model(task, model, train, facts, project, args)
        mlflow.log_params(project.model)
        mlflow.log_metrics(train_metrics(task, model, train, project))
        mlflow.set_tags(facts)
        mlflow.log_artifacts(str(args.model), "model")
    print(f"trained on {len(train):,} rows, run {run.info.run_id}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
