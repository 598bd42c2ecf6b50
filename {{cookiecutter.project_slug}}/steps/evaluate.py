"""Evaluate challenger and champion on the very same test rows.

Reads the split, one or two model folders and what the challenger must do whatever its metrics say
(tests/behaviour.yml); writes evaluation.json, scores.parquet (a row a test row) and plots/*.svg. With folds in
data.split the rows are tested by models that are fitted anew, like either of the two, without them.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.commands.console import command
from mlops.data.artefacts import Lineage, Split
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.model_folder import LINEAGE_FILE, check_task, load_model, model_columns
from mlops.data.own_metrics import own_metrics
from mlops.data.scoring_script import SCRIPT
from mlops.data.splitting import check_dealt, clusters
from mlops.data.tables import read_file
from mlops.decide.scored import Scored
from mlops.decide.tasks import Task, task_of
from mlops.settings.behaviour import BEHAVIOUR_FILE, load_behaviour
from mlops.settings.project import PROJECT_FILE, Project, load_project

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

TIMED_ROWS = 20


def latency(task: Task, model: "Pipeline", rows: "pd.DataFrame") -> dict[str, float]:
    """Milliseconds to score one row at a time: median and 95th percentile over the first rows."""
    taken, labels = [], task.known(model)
    for index in range(min(TIMED_ROWS, len(rows))):
        start = time.perf_counter()
        task.predict(model, rows.iloc[[index]], labels)
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return {"p50_ms": round(taken[len(taken) // 2], 2), "p95_ms": round(taken[int(len(taken) * 0.95)], 2)}


def score(task: Task, models: Mapping[str, "Pipeline"], test: "pd.DataFrame", project: Project) -> Scored:
    """What the models predict for the test rows; with folds nothing, since they have learned from all of them."""
    target, features, columns = project.data.target, project.features, project.gate.slices.columns
    labels = task.labels(test[target], list(models.values()))
    asked = {} if project.data.split.folds else models
    predictions = {name: task.predict(model, test[features], labels) for name, model in asked.items()}
    families = test[project.grouped_by] if project.fairness else None
    return Scored(
        task.encode(test[target], labels), predictions, test[columns], labels, clusters(test, project.data), families
    )


def tested(
    task: Task,
    folders: Mapping[str, Path],
    models: Mapping[str, "Pipeline"],
    test: "pd.DataFrame",
    project: Project,
    script: Path,
) -> Scored:
    """The test rows with what the models predict, or with folds what others of the same recipes do."""
    scored = score(task, models, test, project)
    if not project.data.split.folds:
        return scored
    from mlops.operate.cross_validation import cross_validated, recipe_of

    recipes = {name: recipe_of(folders[name], model, script) for name, model in models.items()}
    return cross_validated(task, recipes, test, scored, project)


def measured(task: Task, name: str, folder: Path, scored: Scored, seed: int) -> dict[str, Any]:
    """All that is measured of that model but its latency."""
    from mlops.decide.metrics import intervals, metrics_of
    from mlops.decide.resampled import decisive

    folds = decisive(task, scored, name)
    return {
        "model_hash": hash_folder(folder),
        "lineage": read_json(folder / LINEAGE_FILE, Lineage),
        "metrics": metrics_of(task, scored, name),
        "intervals": intervals(task, scored, name, seed),
        **({"folds": folds} if folds else {}),
    }


def by_group(task: Task, scored: Scored, project: Project) -> dict[str, Any]:
    """What is measured of groups of rows; nothing without `fairness` in project.yml."""
    from mlops.decide.groups import with_intervals

    rules = project.fairness
    if rules is None:
        return {}
    columns = {each: with_intervals(task, scored, each, rules.metric, project.gate.seed) for each in rules.group_by}
    return {"fairness": {"metric": rules.metric, "columns": columns}}


def tried(args: argparse.Namespace, task: Task, model: "Pipeline", rows: "pd.DataFrame", took_ms: float) -> list[Any]:
    """What came of all that is asked of the model, whose answer to a row took so long: an Outcome each."""
    from mlops.decide.behaviour import Subject, behave, evenly, in_time

    behaviour, labels = load_behaviour(args.behaviour, rows.columns.tolist()), task.known(model)
    nullable = frozenset(name for name, each in model_columns(args.model, args.script).items() if each.nulls)
    some = evenly(rows, behaviour.rows)
    subject = Subject(task, labels, lambda asked: task.predict(model, asked, labels), some, nullable)
    try:
        found = [*behave(behaviour, subject), *in_time(behaviour, took_ms)]
    except UserError as mistake:
        raise UserError(f"{args.behaviour}: {mistake}") from None
    return found


def noted(found: Sequence[Any], rows_shown: bool) -> list[dict[str, str]]:
    """The checks for a file. Prints the row that breaks one most; others see it where rows may be shown."""
    for each in found:
        if each.check.status != "PASS":
            row = "" if each.row is None else f" {each.row.to_dict()}"
            print(f"{each.check.name}: {each.check.seen} (wanted {each.check.wanted}){row}")
    rows = ["" if each.row is None or not rows_shown else f": {each.row.to_dict()}" for each in found]
    return [asdict(each.check) | {"seen": each.check.seen + row} for each, row in zip(found, rows, strict=True)]


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="what split_data wrote")
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--champion", type=Path, help="the champion's model folder; none: a cold start")
    parser.add_argument("--script", type=Path, default=SCRIPT, help="the scoring script (default: the project's)")
    parser.add_argument("--behaviour", type=Path, default=BEHAVIOUR_FILE, help="what the challenger must do")
    parser.add_argument("--evaluation", type=Path, default=Path("out/evaluation"), help="folder to write")
    return parser.parse_args(argv)


def loaded(task: Task, folders: Mapping[str, Path], script: Path) -> dict[str, "Pipeline"]:
    """The models, by name. UserError when one is of another task."""
    models = {name: load_model(folder, script) for name, folder in folders.items()}
    for folder in folders.values():
        check_task(folder, task.name)
    return models


def write(folder: Path, task: Task, scored: Scored, result: Mapping[str, Any]) -> None:
    """All that others read of an evaluation."""
    from mlops.report.plots import write_plots

    folder.mkdir(parents=True, exist_ok=True)
    scored.to_frame().to_parquet(folder / "scores.parquet", index=False)
    write_plots(task, scored.once, result["slices"], folder / "plots")
    write_json(folder / "evaluation.json", result)


@command
def main(argv: Sequence[str] | None = None) -> int:
    args = arguments(argv)
    project, split = load_project(args.project), read_json(args.split / "split.json", Split)
    test = read_file(args.split / "test.parquet")
    check_dealt(args.split, split["test"], project.data.split)

    from mlops.decide.metrics import slice_rows

    task = task_of(project, own_metrics(project.gate.own_metrics, args.model))
    folders = {"challenger": args.model, **({"champion": args.champion} if args.champion else {})}
    models = loaded(task, folders, args.script)
    scored = tested(task, folders, models, test, project, args.script)
    result = {"task": task.name, "metric": task.primary, "labels": scored.labels, "test": split["test"]}
    for name, model in models.items():
        result[name] = measured(task, name, folders[name], scored, project.gate.seed)
        result[name]["latency"] = latency(task, model, test[project.features])
    result["slices"] = slice_rows(task, scored.once)
    result |= by_group(task, scored.once, project)
    features, took = test[project.features], result["challenger"]["latency"]["p50_ms"]
    result["behaviour"] = noted(tried(args, task, models["challenger"], features, took), project.report.rows)
    write(args.evaluation, task, scored, result)
    for name in models:
        print(name, " ".join(f"{metric} {value:.4f}" for metric, value in result[name]["metrics"].items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
