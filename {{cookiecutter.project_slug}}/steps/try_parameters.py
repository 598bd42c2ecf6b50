"""Measure a model with some parameters on folds of the training rows: one trial of a search that runs elsewhere.

Reads project.yml and the training rows of the split, and logs an MLflow run: the parameters, the metric on each fold
and, where all folds have one, their mean. `uv run tune --on` has machines of Azure ML do it. Exits 0 for a model that
fails too, as the run says so: one bad point of the space is no reason to end a whole search.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops import UserError
from mlops.commands.console import command
from mlops.decide.folds import folds_of
from mlops.decide.search.runs import metrics_of, named, tags_of
from mlops.decide.search.spelling import parameters_of
from mlops.decide.search.trials import Trial, in_short
from mlops.operate.measuring import attempt, measure_of, rows_to_learn
from mlops.platform.tracking import use_tracking
from mlops.settings.project import PROJECT_FILE, load_project

GIVEN = "each of search.space (default: the model as it is)"


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="try_parameters", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="what split_data wrote")
    parser.add_argument("--parameters", nargs="*", default=[], metavar="NAME=VALUE", help=GIVEN)
    args = parser.parse_args(argv)
    project = load_project(args.project)
    search = project.search
    if search is None:
        raise UserError(f"{args.project}: search: missing; docs/tuning.md shows one")
    asked, rows = parameters_of(args.parameters, search.space), rows_to_learn(args.split, project)
    measure = measure_of(project, rows, folds_of(rows, project.data, search.folds, search.seed))

    import mlflow

    use_tracking(project.name)
    with mlflow.start_run():
        mlflow.log_params(named(asked))
        trial = attempt(asked, measure({**project.model, **asked}))
        mlflow.log_metrics(metrics_of(trial, project.searched_by))
        mlflow.set_tags(tags_of(trial))
    print(told(trial, project.searched_by))
    return 0


def told(trial: Trial, metric: str) -> str:
    """A line for the log."""
    found = f"failed: {trial.why}" if trial.value is None else f"{metric} {trial.value:.4f}"
    return f"{in_short(trial.params) or 'as it is'}: {found}"


if __name__ == "__main__":
    sys.exit(main())
