"""Hold out test rows: reads data/ and the validation result, writes train.parquet, test.parquet and split.json.

By time (the newest month is held out), by group, or at random: data.split of project.yml. With folds nothing is held
out: train and test are all rows. Exits 2 when the data did not pass validation, and when either side would be too small
or of one answer only.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError, counted
from mlops.commands.console import command
from mlops.data.artefacts import Validation
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.kinds import without_zone
from mlops.data.splitting import check_side, check_sides, held_out
from mlops.data.tables import hash_data, local_folder, read_data
from mlops.decide.folds import repeated
from mlops.settings.project import PROJECT_FILE, Project, load_project
from mlops.settings.split import dealt_in_words

if TYPE_CHECKING:
    import pandas as pd


def split(data: Path, project: Project) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """The rows to train on and those held out, with all columns that later steps read. UserError as in check_sides."""
    others = [each for each in (project.data.time, project.data.cluster) if each]
    columns = [*project.features, project.data.target, *project.gate.slices.columns, *project.grouped_by, *others]
    rows = read_data(data, list(dict.fromkeys(columns)))
    if project.data.split.folds:
        check_folds(rows, project)
        return rows, rows
    tested = held_out(data, project.data)
    check_sides(rows[project.data.target], tested)
    return rows[~tested], rows[tested]


def check_folds(rows: "pd.DataFrame", project: Project) -> None:
    """UserError as in check_side for the rows that are fitted on, of any fold, and for too few groups."""
    for time, folds in enumerate(repeated(rows, project.data, project.gate.seed)):
        for place, fold in enumerate(folds):
            check_side(f"train, fold {time * len(folds) + place}", rows[project.data.target].iloc[fold.fit])


def describe(part: "pd.DataFrame", time: str | None) -> dict[str, str | int]:
    """Rows and, where there is a time column, the first and last time of a part."""
    if time is None:
        return {"rows": len(part)}
    times = without_zone(part[time])
    return {"rows": len(part), "from": times.min().isoformat(), "to": times.max().isoformat()}


def summary(parts: Mapping[str, Mapping[str, Any]], project: Project) -> str:
    """How many rows are on which side, in a line."""
    train, test = (counted(parts[side]["rows"], "row") for side in ("train", "test"))
    if dealt := dealt_in_words(parts["test"]):
        return f"train and test: {test}; {dealt}"
    by_time = project.data.split_by == "time"
    to, since = (f" to {parts['train']['to']}", f" from {parts['test']['from']}") if by_time else ("", "")
    return f"train: {train}{to}; test: {test}{since}"


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="split_data", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--data", type=Path, help="folder of Parquet files (default: that of project.yml)")
    parser.add_argument("--validation", type=Path, default=Path("out/validation"), help="what validate_data wrote")
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="folder to write")
    args = parser.parse_args(argv)
    project = load_project(args.project)
    data = args.data or local_folder(project.data.uri)
    data_hash = hash_data(data)
    validation = read_json(args.validation / "validation.json", Validation)
    if not validation["success"] or validation["data_hash"] != data_hash:
        raise UserError(f"{args.validation}: not a passed validation of {data}; run validate_data on it first")
    train, test = split(data, project)
    args.split.mkdir(parents=True, exist_ok=True)
    train.to_parquet(args.split / "train.parquet", index=False)
    test.to_parquet(args.split / "test.parquet", index=False)
    test_hash = hash_folder(args.split / "test.parquet")
    time, dealt = project.data.time, project.data.split.dealt
    parts = {"train": describe(train, time), "test": describe(test, time) | {"hash": test_hash} | dealt}
    write_json(args.split / "split.json", {"data_hash": data_hash, **parts})
    print(summary(parts, project))
    return 0


if __name__ == "__main__":
    sys.exit(main())
