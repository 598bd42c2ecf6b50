"""The model folder: what `train` saves, `evaluate` scores, `register` registers and `serving/score.py` loads.

MLmodel, model.pkl, code/   MLflow's format, with the project's own `model` package and the facts of its columns
model.onnx                  the last step once more, where ONNX serves it (docs/onnx.md)
lineage.json                what it was made from
probe.json                  sample rows and the answer they must get wherever it is served
usual.json                  training rows that explanations start from; older models have none
reference.parquet           training rows to compare live inputs with
days.parquet                the day of each, where there is a time column; models of before 0.2 have none
sbom.cdx.json               the packages that an endpoint is built from, as they were when it was trained
provenance.json             which run made these files, from which commit and data
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.columns import plain
from mlops.data.scoring_script import SCRIPT, scoring_script
from mlops.settings.reading import check, one_line, read_yaml

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

LINEAGE_FILE = "lineage.json"
REFERENCE_FILE = "reference.parquet"
ONNX = "model.onnx"
PACKAGE = "model"  # the user's package, saved beside the pickle


def payload(rows: Any) -> dict[str, Any]:
    """The rows of a frame as a scoring request, to the last digit: `{"input_data": {"columns", "data"}}`."""
    columns = [[plain(value) for value in rows[name].tolist()] for name in rows]
    return {"input_data": {"columns": list(rows), "data": [list(row) for row in zip(*columns, strict=True)]}}


@contextmanager
def own_code(folder: Path) -> Iterator[None]:
    """Import `model` from this model folder and nowhere else: two versions must never share one version's code."""
    write_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # loading must not change the folder
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE}
    for name in before:
        del sys.modules[name]
    sys.path.insert(0, str(folder / "code"))
    try:
        yield
    finally:
        sys.dont_write_bytecode = write_bytecode
        sys.path.remove(str(folder / "code"))
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        sys.modules.update(before)


class Flavor(Artefact):
    pickled_model: str


class Flavors(Artefact):
    sklearn: Flavor


class Metadata(Artefact):
    task: str = "binary"  # the only one before 0.2


class Description(Artefact):
    """MLmodel, as far as this side reads it."""

    flavors: Flavors
    metadata: Metadata | None = None


def described(folder: Path) -> Description:
    """What MLflow says of the model. UserError when the folder holds no scikit-learn model in its format."""
    path = folder / "MLmodel"
    try:
        return check(Description, read_yaml(path), path)
    except UserError as error:
        raise UserError(f"{folder}: not a scikit-learn model in MLflow's format ({error})") from None


def check_task(folder: Path, task: str) -> None:
    """UserError when the model was trained for another task."""
    trained_for = (described(folder).metadata or Metadata()).task
    if trained_for != task:
        raise UserError(f"{folder}: a model for task {trained_for}, not {task}; take it out of environments/ first")


def load_model(folder: Path, script: Path = SCRIPT) -> "Pipeline":
    """The fitted pipeline as it is served, with its own code. UserError when the folder holds no such model.

    script: the scoring script, which is asked where there is more than the pickle.
    """
    import cloudpickle

    if not (folder / "MLmodel").exists():
        raise UserError(f"{folder}: no model there; run `train` first")
    pickle = folder / described(folder).flavors.sklearn.pickled_model
    try:
        with own_code(folder), pickle.open("rb") as file:
            model: Pipeline = cloudpickle.load(file)
    except (FileNotFoundError, UnpicklingError, EOFError) as error:
        raise UserError(f"{folder}: its model cannot be read ({one_line(error)}); train it again") from None
    return as_served(model, folder, script) if (folder / ONNX).exists() else model


def as_served(model: "Pipeline", folder: Path, script: Path) -> "Pipeline":
    """The model with what ONNX answers in the place of its last step. UserError when that cannot be had."""
    try:
        served: Pipeline = scoring_script(script).as_served(model, folder)
    except ModuleNotFoundError:
        raise UserError(f"{folder}: its model.onnx needs missing packages; uv sync --inexact --group onnx") from None
    except Exception as error:  # whatever a damaged model.onnx makes the runtime raise
        raise UserError(f"{folder}: its model.onnx cannot be read ({one_line(error)}); train it again") from None
    return served


def model_columns(folder: Path, script: Path = SCRIPT) -> dict[str, Any]:
    """The columns that the model wants, each as serving/score.py knows it."""
    reads = scoring_script(script)
    columns: dict[str, Any] = reads.columns_of(reads.described(folder)[1])
    return columns
