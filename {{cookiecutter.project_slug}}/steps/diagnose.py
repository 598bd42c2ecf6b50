"""Say where the challenger is wrong, and why it answers so: for people; the gate does not read it.

Reads the split, the model folder and the evaluation; writes diagnosis.json and plots/*.svg. What cannot be told of a
model is said in its place, and stops nothing. With folds in data.split the model has learned from all rows: one of its
recipe is looked at that was fitted without the first fold, on the rows of that.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.commands.console import command
from mlops.data.artefacts import Evaluation, Split
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.model_folder import load_model
from mlops.data.own_metrics import own_metrics
from mlops.data.scoring_script import SCRIPT
from mlops.data.splitting import check_dealt
from mlops.data.tables import read_file
from mlops.decide.scored import from_frame
from mlops.decide.tasks import task_of
from mlops.settings.project import PROJECT_FILE, Project, load_project
from mlops.settings.reading import one_line

if TYPE_CHECKING:
    from mlops.decide.diagnosis.subject import Subject

Look = Callable[["Subject"], Any]

MOST_EFFECTS = 4
BY_ANSWERS = {"weak_slices", "mistakes"}  # which ask the model nothing


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="diagnose", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="what split_data wrote")
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--evaluation", type=Path, default=Path("out/evaluation"), help="what evaluate wrote")
    parser.add_argument("--script", type=Path, default=SCRIPT, help="the scoring script (default: the project's)")
    parser.add_argument("--diagnosis", type=Path, default=Path("out/diagnosis"), help="folder to write")
    return parser.parse_args(argv)


def subject_of(args: argparse.Namespace, project: Project) -> "Subject":
    """The model, its rows, and what was evaluated of it. UserError when that was another model."""
    from mlops.decide.diagnosis.subject import Subject

    facts = read_json(args.evaluation / "evaluation.json", Evaluation)
    if facts["challenger"]["model_hash"] != hash_folder(args.model):
        raise UserError(f"{args.evaluation}: of another model than {args.model}; run `evaluate` again")
    task = task_of(project, own_metrics(project.gate.own_metrics, args.model))
    scored = from_frame(read_file(args.evaluation / "scores.parquet"), facts["labels"], coded=task.coded)
    check_dealt(args.split, read_json(args.split / "split.json", Split)["test"], project.data.split)
    train, test = (read_file(args.split / f"{side}.parquet") for side in ("train", "test"))
    model, features, seed = load_model(args.model, args.script), project.features, project.gate.seed
    rows = train[features], train[project.data.target], test[features]
    return Subject(task, model, *rows, scored, seed, project.report.rows)


def first_fold(subject: "Subject", args: argparse.Namespace) -> "Subject":
    """A model of the same recipe that was fitted without the first fold, and the rows of that."""
    from mlops.operate.cross_validation import recipe_of

    folds = subject.scored.folds
    assert folds is not None
    tested = folds[: len(subject.test)] == 0
    rows, answers = subject.train[~tested], subject.answers[~tested]
    model = recipe_of(args.model, subject.model, args.script).fitted(rows, answers)
    scored = subject.scored.once.where(tested)
    return replace(subject, model=model, train=rows, answers=answers, test=subject.test[tested], scored=scored)


def sides(args: argparse.Namespace, project: Project) -> "tuple[Subject, Subject]":
    """What is looked at by the answers alone, and what is asked again: with folds all rows, and those of one."""
    subject = subject_of(args, project)
    if subject.scored.folds is None:
        return subject, subject
    return replace(subject, scored=subject.scored.once), first_fold(subject, args)


def looks(project: Project) -> Sequence[Look]:
    """What is looked at, in the order of the report. UserError when it needs a package that is not here."""
    from mlops.decide.diagnosis.alone import telling_alone
    from mlops.decide.diagnosis.curve import learning_curve
    from mlops.decide.diagnosis.importance import importances
    from mlops.decide.diagnosis.ladder import ladder
    from mlops.decide.diagnosis.mistakes import mistakes
    from mlops.decide.diagnosis.moved import moved
    from mlops.decide.diagnosis.shapley import check_installed, shapley
    from mlops.decide.diagnosis.weak import weak_slices

    if project.report.shap:
        check_installed()
    always = weak_slices, mistakes, ladder, learning_curve, telling_alone, moved, importances
    return [*always, *([shapley] if project.report.shap else [])]


def look(section: Look, subject: "Subject") -> dict[str, Any]:
    """What it found or why it cannot tell, and the seconds that it took."""
    start, found, why = time.perf_counter(), None, None
    try:
        found = plain(section(subject))
    except Exception as error:  # whatever a person's own model may raise
        why = f"{type(error).__name__}: {one_line(error)}"
    return {"found": found, "why": why, "seconds": round(time.perf_counter() - start, 2)}


def of_top(important: Mapping[str, Any]) -> Look:
    """The effects of the features that the answers rest on most."""
    from mlops.decide.diagnosis.partial import dependence

    names = [each["feature"] for each in important["found"] or [] if each["lower"] > 0][:MOST_EFFECTS]
    return lambda subject: [dependence(subject, name) for name in names]


def plain(found: Any) -> Any:
    """As JSON has it."""
    if isinstance(found, list):
        return [plain(each) for each in found]
    return asdict(found) if is_dataclass(found) and not isinstance(found, type) else found


@command
def main(argv: Sequence[str] | None = None) -> int:
    from mlops.report.diagnosis_plots import write_plots

    args = arguments(argv)
    project = load_project(args.project)
    sections, (answered, subject) = looks(project), sides(args, project)
    found = {each.__name__: look(each, answered if each.__name__ in BY_ANSWERS else subject) for each in sections}
    found["effects"] = look(of_top(found["importances"]), subject)
    for name, each in found.items():
        print(f"{name}: {each['why'] or '{seconds} s'.format_map(each)}")
    write_plots(found, args.diagnosis / "plots")
    write_json(args.diagnosis / "diagnosis.json", {"model_hash": hash_folder(args.model), **found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
