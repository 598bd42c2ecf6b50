"""The tasks and the metrics of each: what project.yml may name. How they are computed is in mlops/decide/tasks/."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

TaskName = Literal["binary", "multiclass", "regression"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Metric:
    """title: for people. higher: whether more is better. lowest, highest: what it can be."""

    title: str
    higher: bool = True
    lowest: float = 0
    highest: float = 1

    @property
    def sign(self) -> int:
        """What makes a gain of a difference: 1 where more is better, -1 where less is."""
        return 1 if self.higher else -1


METRICS: Mapping[TaskName, Mapping[str, Metric]] = {  # the first of each task decides unless gate.metric names another
    "binary": {
        "auc": Metric("AUC"),
        "log_loss": Metric("log-loss", higher=False, highest=inf),
        "brier": Metric("Brier score", higher=False),
        "accuracy": Metric("accuracy"),
    },
    "multiclass": {
        "log_loss": Metric("log-loss", higher=False, highest=inf),
        "accuracy": Metric("accuracy"),
        "f1_macro": Metric("macro F1"),
    },
    "regression": {
        "rmse": Metric("RMSE", higher=False, highest=inf),
        "mae": Metric("mean absolute error", higher=False, highest=inf),
        "r2": Metric("R²", lowest=-inf),
    },
}

GROUP_METRICS: Mapping[TaskName, Mapping[str, Metric]] = {  # in which `fairness` holds groups against each other
    "binary": {
        "accuracy": METRICS["binary"]["accuracy"],
        "selection_rate": Metric("selection rate"),
        "true_positive_rate": Metric("true positive rate"),
        "false_positive_rate": Metric("false positive rate", higher=False),
        "brier": METRICS["binary"]["brier"],
    },
    "multiclass": {name: METRICS["multiclass"][name] for name in ("accuracy", "f1_macro")},
    "regression": {
        "mean_error": Metric("mean error", lowest=-inf, highest=inf),
        **{name: METRICS["regression"][name] for name in ("mae", "rmse")},
    },
}
