"""What the model's columns are, for whoever serves it: written into the model's MLmodel, read by serving/score.py."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlops import UserError

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.types import Schema

KINDS: Mapping[str, str] = {  # pandas' words for what a column holds: those that JSON can carry
    "floating": "number",
    "integer": "integer",
    "boolean": "boolean",
    "string": "text",
    "empty": "text",  # nulls alone
    "datetime64": "time",
    "datetime": "time",
}
MLFLOW: Mapping[str, str] = {
    "number": "double",
    "integer": "long",
    "text": "string",
    "time": "datetime",
}


def describe(rows: "pd.DataFrame") -> list[dict[str, Any]]:
    """The facts of each column: name, kind, dtype and whether there are nulls.

    UserError for a column that no request could carry.
    """
    return [facts_of(str(name), rows[name]) for name in rows]


def facts_of(name: str, values: "pd.Series") -> dict[str, Any]:
    import pandas as pd

    found = pd.api.types.infer_dtype(values, skipna=True)
    if found not in KINDS:
        raise UserError(
            f"column {name}: it holds {found} values, which no request to an endpoint can carry;"
            " make numbers or text of them in the data, or take it out of `features` in project.yml"
        )
    return {"name": name, "kind": KINDS[found], "dtype": str(values.dtype), "nulls": bool(values.isna().any())}


def plain(value: Any) -> Any:
    """The value in JSON: null for all that is missing, ISO 8601 for times."""
    import pandas as pd

    return None if pd.isna(value) else value.isoformat() if hasattr(value, "isoformat") else value


def mlflow_schema(columns: list[dict[str, Any]]) -> "Schema":
    """The same in MLflow's own terms, which are coarser: for its pages, and for other tools."""
    from mlflow.types import ColSpec, Schema

    return Schema(
        [ColSpec(MLFLOW.get(each["kind"], each["kind"]), each["name"], required=not each["nulls"]) for each in columns]
    )
