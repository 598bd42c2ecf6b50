"""The rows that a model is asked wherever it is served: usual ones, and those that are most easily served wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.data.artefacts import Probe
from mlops.data.columns import describe
from mlops.data.files import read_json, write_json
from mlops.data.limits import limits
from mlops.data.model_folder import payload

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

PROBE_FILE = "probe.json"  # in the model folder
PROBE_ROWS = 20
USUAL_FILE = "usual.json"  # a request: the rows that an endpoint's explanations start from
USUAL_ROWS = 60  # each twice in an explanation, which so costs no more than with fewer rows
UNSEEN = "never seen in training"


def examine(model: "Pipeline", rows: "pd.DataFrame") -> "tuple[list[dict[str, Any]], pd.DataFrame, str]":
    """The facts of the columns, the probe's rows, and in one line what an endpoint could not answer, or nothing.

    A number may be null where one was in training, and where the model answers a row with one all the same. It may be
    as large as the model answers.
    """
    import pandas as pd

    columns = describe(rows)
    texts = [each["name"] for each in columns if each["kind"] == "text" and rows[each["name"]].notna().any()]
    full = [each["name"] for each in columns if each["kind"] == "number" and not each["nulls"]]
    rows, bounds = rows.set_axis(range(len(rows))), limits(model, rows)
    columns = [{**each, **bounds.get(each["name"], {})} for each in columns]
    asked, finding = [usual(rows)], ""
    without, new = with_value(rows[:1], full, float("nan")), with_value(rows[:1], texts, UNSEEN)
    if full and not refusal(model, without):
        asked.append(without)
        columns = [{**each, "nulls": True} if each["name"] in full else each for each in columns]
    if texts and (refused := refusal(model, new)):
        finding = f"model/ refuses values of {', '.join(texts)} that are new to it, and so will an endpoint: {refused}"
    elif texts:
        asked.append(new)
    return columns, pd.concat(asked, ignore_index=True), finding


def read_probe(folder: Path) -> dict[str, Any]:
    """The sample rows as a `request`, and the `answer` they must get; a model of before 0.2 knew scores only."""
    probe = read_json(folder / PROBE_FILE, Probe)
    return {"answer": {"scores": probe.get("scores")}, **probe}


def usual(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Some rows at random, and of each column with nulls one where it is null."""
    picked, nulls = list(rows.sample(min(PROBE_ROWS, len(rows)), random_state=0).index), rows.isna()
    lacking = [name for name in rows if nulls[name].any() and not nulls[name][picked].any()]
    return rows.loc[[*picked, *dict.fromkeys(nulls[name].idxmax() for name in lacking)]]


def write_usual(rows: "pd.DataFrame", folder: Path) -> None:
    """Some rows at random, for a serving environment, which cannot read Parquet."""
    write_json(folder / USUAL_FILE, payload(rows.sample(min(USUAL_ROWS, len(rows)), random_state=0)))


def with_value(rows: "pd.DataFrame", names: list[str], value: Any) -> "pd.DataFrame":
    """A copy with that value in those columns, its types as they were."""
    changed = rows.copy()
    for name in names:
        changed[name] = value
    return changed.astype(rows.dtypes.to_dict())


def refusal(model: "Pipeline", rows: "pd.DataFrame") -> str:
    """Why the model gives no answer, or nothing."""
    try:
        model.predict(rows)
    except Exception as error:  # whatever a person's own model may raise
        return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
    return ""
