"""Split by time: reads data/ and the validation result, writes train.parquet, test.parquet and split.json.

The newest month is held out; everything before it is for training. Exits 2 when the data did not pass validation.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.commands.console import command
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.tables import hash_data, local_folder, read_data
from mlops.settings.project import PROJECT_FILE, load_project

if TYPE_CHECKING:
    import pandas as pd


def split(frame: "pd.DataFrame", time: str) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Rows before the newest calendar month, and that month's. UserError when there is but one month."""
    months = frame[time].dt.to_period("M")
    held_out = months == months.max()
    if held_out.all():
        raise UserError(f"data: all rows are of {months.max()}; a split by time needs a month before it")
    return frame[~held_out], frame[held_out]


def describe(part: "pd.DataFrame", time: str) -> dict[str, str | int]:
    """Rows and the first and last time of a part."""
    return {"rows": len(part), "from": part[time].min().isoformat(), "to": part[time].max().isoformat()}


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
    data_hash, validation = hash_data(data), read_json(args.validation / "validation.json")
    if not validation["success"] or validation["data_hash"] != data_hash:
        raise UserError(f"{args.validation}: not a passed validation of {data}; run validate_data on it first")
    time = project.data.time
    train, test = split(read_data(data, [*project.features, project.data.target]), time)
    args.split.mkdir(parents=True, exist_ok=True)
    train.to_parquet(args.split / "train.parquet", index=False)
    test.to_parquet(args.split / "test.parquet", index=False)
    test_hash = hash_folder(args.split / "test.parquet")
    parts = {"train": describe(train, time), "test": describe(test, time) | {"hash": test_hash}}
    write_json(args.split / "split.json", {"data_hash": data_hash, **parts})
    print(
        f"train: {len(train):,} rows to {parts['train']['to']}; test: {len(test):,} rows from {parts['test']['from']}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
