"""Where a user's own metrics are: model/metrics.py, a function each. What they take is in mlops/decide/tasks/own.py."""

import importlib
from collections.abc import Callable, Collection
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.data.model_folder import PACKAGE, own_code

METRICS_FILE = f"{PACKAGE}/metrics.py"


def own_metrics(names: Collection[str], judged: Path | None = None) -> dict[str, Callable[..., Any]]:
    """The functions of those names, as project.yml names them in gate.own_metrics. Without names nothing is imported.

    judged: the model folder that is measured; the code saved in it counts, so that what a verdict was reached with is
    part of the model that it is about. Without it, as where a model is made, they are those of this repository.
    UserError when one is missing.
    """
    if not names:
        return {}
    with own_code(judged) if judged else nullcontext():
        try:
            module = importlib.import_module(f"{PACKAGE}.metrics")
        except Exception as error:  # whatever a person's own code may raise
            why = in_a_line(error)
            raise UserError(
                f"{METRICS_FILE}: cannot be imported ({why}); gate.own_metrics names its functions"
            ) from None
    for name in names:
        if not callable(getattr(module, name, None)):
            line = f"{METRICS_FILE}: no function {name}, which gate.own_metrics names; write it, or take the name out"
            raise UserError(line)
    return {name: getattr(module, name) for name in names}


def in_a_line(error: Exception) -> str:
    """Kind and words of what a person's own code raised."""
    return " ".join(f"{type(error).__name__}: {error}".split())
