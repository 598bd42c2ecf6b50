"""What a search has tried: model/search.json once it has found a better model, and before that a file below .mlops/.

The first goes into Git with the parameters that won, and with the model wherever that goes.
"""

from pathlib import Path
from typing import Any, Literal

from mlops.data.artefacts import Artefact
from mlops.data.files import read_json

SEARCH_FILE = Path("model/search.json")


class TriedParameters(Artefact):
    """One trial. values: of the metric, one a fold that was measured; value: their mean, where all of them were."""

    params: dict[str, Any]
    state: Literal["complete", "pruned", "failed"]
    value: float | None
    values: list[float]
    seconds: float
    why: str = ""


class Searched(Artefact):
    """The whole file. default: the parameters that were there before, on the same folds."""

    task: str
    metric: str
    higher: bool
    seed: int
    folds: int
    space: dict[str, Any]
    data_hash: str
    optuna: str
    default: TriedParameters | None
    trials: list[TriedParameters]


class Won(Searched):
    """The same with its outcome. winner: the place of a trial; model: project.yml's block from then on."""

    default: TriedParameters
    winner: int
    model: dict[str, Any]
    importance: dict[str, float]


def search_of(model: dict[str, Any], path: Path = SEARCH_FILE) -> dict[str, Any] | None:
    """The search that these parameters come from; None where there was none, or they were changed since."""
    if not path.exists():
        return None
    found = read_json(path, Won, "take it from Git again, or delete it")
    return found if found["model"] == model else None


def told(search: dict[str, Any]) -> str:
    """A line for the model's lineage: `trial 12 of 40, auc 0.6912 on 3 folds (0.6855 before)`."""
    value, before = search["trials"][search["winner"]]["value"], search["default"]["value"]
    was = "no value" if before is None else f"{before:.4f}"
    of = f"trial {search['winner'] + 1} of {len(search['trials'])}"
    return f"{of}, {search['metric']} {value:.4f} on {search['folds']} folds ({was} before)"
