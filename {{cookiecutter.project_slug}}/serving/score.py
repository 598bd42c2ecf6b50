"""What an online deployment runs, on this machine and on Azure ML: a table of rows in, one score a row out.

POST {"input_data": {"columns": ["distance", ...], "data": [[944, ...], ...]}}  ->  {"scores": [0.31, ...]}
A client's mistake is answered with 400 and {"error": "..."}.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from azureml_inference_server_http.api.aml_response import AMLResponse

MAX_ROWS = 10_000
NUMERIC = {"double", "float", "long", "integer"}

model: Any = None  # the fitted pipeline
schema: dict[str, str] = {}  # the columns that it wants, each with its MLflow type


class BadRequestError(Exception):
    """A client's mistake, in one line."""


def init() -> None:
    """Load the model below AZUREML_MODEL_DIR. Called once, before the first request."""
    global model, schema
    model, schema = load(Path(os.environ["AZUREML_MODEL_DIR"]))


def run(raw: str) -> "dict[str, list[float]] | AMLResponse":
    """Answer one request."""
    try:
        frame = read_rows(raw, schema)
    except BadRequestError as mistake:
        from azureml_inference_server_http.api.aml_response import AMLResponse

        return AMLResponse({"error": str(mistake)}, 400, json_str=True)
    return {"scores": model.predict_proba(frame)[:, 1].tolist()}


def load(folder: Path) -> tuple[Any, dict[str, str]]:
    """The model saved below the folder in MLflow's format, with its own code, and the types of its columns."""
    import cloudpickle
    import yaml

    found = sorted(folder.rglob("MLmodel"))
    if not found:
        raise FileNotFoundError(f"no MLmodel below {folder}")
    description = yaml.safe_load(found[0].read_text(encoding="utf-8"))
    flavor, home = description["flavors"]["sklearn"], found[0].parent
    sys.path.insert(0, str(home / (flavor.get("code") or "code")))
    with (home / flavor["pickled_model"]).open("rb") as file:
        pipeline = cloudpickle.load(file)
    inputs = json.loads(description["signature"]["inputs"])
    return pipeline, {column["name"]: column["type"] for column in inputs}


def read_rows(raw: str, wanted: dict[str, str]) -> pd.DataFrame:
    """The request as a frame with the wanted columns, in their order. BadRequestError names what is wrong."""
    columns, rows = read_table(raw)
    for problem, names in (
        ("twice", [name for name, times in Counter(columns).items() if times > 1]),
        ("missing", [name for name in wanted if name not in columns]),
        ("unknown", [name for name in columns if name not in wanted]),
    ):
        if names:
            raise BadRequestError(f"column {names[0]!r}: {problem}")
    if not 1 <= len(rows) <= MAX_ROWS:
        raise BadRequestError(f"data: send 1 to {MAX_ROWS} rows, got {len(rows)}")
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            raise BadRequestError(f"data: row {number} is not a list of {len(columns)} values")
    values = dict(zip(columns, zip(*rows, strict=True), strict=True))
    return pd.DataFrame({name: read_column(name, kind, values[name]) for name, kind in wanted.items()})


def read_table(raw: str) -> tuple[list[str], list[Any]]:
    """The column names and the rows, as sent."""
    try:
        table = json.loads(raw)["input_data"]
        columns, rows = table["columns"], table["data"]
    except (KeyError, TypeError):
        raise BadRequestError('send {"input_data": {"columns": [...], "data": [[...], ...]}}') from None
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"the body is not valid JSON ({error})") from None
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise BadRequestError("columns: not a list of names")
    if not isinstance(rows, list):
        raise BadRequestError("data: not a list of rows")
    return columns, rows


def read_column(name: str, kind: str, values: Sequence[Any]) -> Any:
    """The values as the type that the model was trained with."""
    if kind in NUMERIC:
        check_each(name, "a number or null", values, [value is None or is_number(value) for value in values])
        return np.array(values, dtype="float64")
    check_each(name, "text", values, [isinstance(value, str) for value in values])
    if kind != "datetime":
        return np.array(values, dtype="object")
    times = [read_time(value) for value in values]
    check_each(name, "a time such as 2013-01-31T17:45:00, without a zone", values, [time is not None for time in times])
    return np.array(times, dtype="datetime64[ns]")


def is_number(value: Any) -> bool:
    """A finite number, which true and false are not."""
    return type(value) in {int, float} and abs(value) <= sys.float_info.max


def read_time(text: str) -> pd.Timestamp | None:
    """A local time in ISO 8601; None when it is no such thing."""
    try:
        time = pd.Timestamp(datetime.fromisoformat(text)).as_unit("ns")
    except ValueError:
        return None
    return time if time.tz is None else None


def check_each(name: str, wanted: str, values: Sequence[Any], good: Sequence[bool]) -> None:
    """BadRequestError for the first value that is not good."""
    if not all(good):
        row = good.index(False)
        raise BadRequestError(f"column {name!r}: row {row} must be {wanted}, got {values[row]!r:.80}")
