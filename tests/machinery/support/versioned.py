"""A registry of folders `<folder>/<version>` that all passed the gate, with two small models in it."""

import json
import shutil
from pathlib import Path

from hosted import PASSED
from small_model import REQUEST, save_model

from mlops import UserError
from mlops.data.model_folder import load_model, model_columns
from mlops.data.scoring_script import scoring_script
from mlops.platform import ModelVersion


class Versions:
    """They are of any name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tags = folder, PASSED

    def versions(self, name):
        numbers = sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal())
        return [ModelVersion(name, number, "run", self.tags) for number in numbers]

    def download(self, name, version, to):
        if not (self.folder / str(version)).exists():
            raise UserError(f"model {name} has no version {version}")
        return shutil.copytree(self.folder / str(version), to)


def save_versions(folder: Path) -> Path:
    """The models 1 and 2, each with its probe."""
    for version in (1, 2):
        save_model(folder / str(version), version)
        write_probe(folder / str(version))
    return folder


def write_probe(home: Path, shift: float = 0.0) -> None:
    """The sample rows of that model, and its answers; all of these off by so much."""
    rows = scoring_script().read_rows(json.dumps({"input_data": REQUEST}), model_columns(home))
    scores = [score + shift for score in load_model(home).predict_proba(rows)[:, 1].tolist()]
    probe = {"request": {"input_data": REQUEST}, "answer": {"scores": scores}, "scores": scores}
    (home / "probe.json").write_text(json.dumps(probe), encoding="utf-8")
