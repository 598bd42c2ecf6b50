"""What an adopted table's task decides: which targets fit it, how leaks show, and what is drafted for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.data.adoption.facts import MANY, Facts
from mlops.settings.metrics import TaskName

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 100
FOLDS = 5


@dataclass(frozen=True)
class Scale:
    """The metric that decides, and what of it counts: the least for all rows and for a slice, and what may change."""

    metric: str
    floor: float
    slice_floor: float
    gain: float
    loss: float
    drop: float


def in_units(metric: str, unit: float) -> Scale:
    """The scale of a loss that a model without features has about that much of."""
    return Scale(metric, *(float(f"{part * unit:.2g}") for part in (1, 1.5, 0.01, 0.02, 0.1)))


class Target:
    """What is alike, whatever the task."""

    has_threshold = False
    counted = "rows"  # what gate.min_rows is about

    def told(self, facts: Facts) -> str:
        """What there is to say of the answer beside the task, for people."""
        return ""

    def least(self, facts: Facts) -> int:
        """Of how many rows gate.min_rows has to be."""
        return facts.rows


class Numbers(Target):
    """The target is a number."""

    has_classes = False
    gives, step = "a number", "regressor"
    scoring, encoded = "r2", "continuous"  # of a tree that looks for leaks, and of texts for it

    def check(self, target: str, facts: Facts, kind: str) -> None:
        """UserError when no model can learn the target."""
        if kind in ("text", "boolean"):
            raise UserError(f"{target}: holds no numbers; regression needs them: --task multiclass")

    def scale(self, facts: Facts) -> Scale:
        return in_units("rmse", facts.deviation)

    def answers(self, facts: Facts) -> tuple[list[float], float]:
        """From where to where they may go: twice as far as the target itself; and what is a large step there."""
        room = float(facts.high) - float(facts.low)
        return [float(f"{facts.low - room / 2:.4g}"), float(f"{facts.high + room / 2:.4g}")], facts.deviation

    def tree(self, **size: int) -> Any:
        from sklearn.tree import DecisionTreeRegressor

        return DecisionTreeRegressor(**size)

    def folds(self) -> Any:
        from sklearn.model_selection import KFold

        return KFold(FOLDS, shuffle=True, random_state=0)

    def told_by(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """The rows, of `column` and `target`, from which can be seen whether the one tells the other."""
        return rows

    def alike(self, rows: "pd.DataFrame") -> float:
        """The square of the rank correlation, where most of the column is known numbers."""
        from pandas.api.types import is_numeric_dtype

        known = rows.dropna()
        if not is_numeric_dtype(rows["column"]) or len(known) < len(rows) / 2:
            return 0.0
        return float(known["column"].corr(known["target"], method="spearman")) ** 2


class Classes(Target):
    """The target is one of several classes."""

    has_classes = True
    gives, step = "a probability for each class", "classifier"
    scoring, encoded = "balanced_accuracy", "auto"

    def check(self, target: str, facts: Facts, kind: str) -> None:
        """UserError for too many classes, or one that cannot be both in training and in the test."""
        if facts.values is None or facts.distinct > MOST_CLASSES:
            count = f"over {MANY:,}" if facts.values is None else f"{facts.distinct}"
            most = f"{MOST_CLASSES} are the most; merge some, or --task regression"
            raise UserError(f"{target}: {count} classes, and {most}")
        value, rows = min(facts.values.items(), key=lambda each: each[1])
        if rows < 2:
            raise UserError(f"{target}: class {value!r} has one row; merge it with another class, or take it out")

    def scale(self, facts: Facts) -> Scale:
        """By the log-loss of the bare shares of the classes."""
        shares = [rows / facts.known for rows in (facts.values or {}).values()]
        return in_units("log_loss", -sum(share * log(share) for share in shares))

    def answers(self, facts: Facts) -> tuple[list[float], float]:
        """Probabilities."""
        return [0, 1], 1.0

    def tree(self, **size: int) -> Any:
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(class_weight="balanced", **size)

    def folds(self) -> Any:
        from sklearn.model_selection import StratifiedKFold

        return StratifiedKFold(FOLDS, shuffle=True, random_state=0)

    def told_by(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """Those of classes that are in every fold; none where that is one class only."""
        counts = rows["target"].value_counts()
        frequent = counts.index[counts >= FOLDS]
        return rows[rows["target"].isin(frequent)] if len(frequent) > 1 else rows[:0]

    def alike(self, rows: "pd.DataFrame") -> float:
        return 0.0


class TwoClasses(Classes):
    """The target is one of two classes."""

    has_threshold = True
    gives = "a probability for each answer"
    counted = "rows of either answer"

    def check(self, target: str, facts: Facts, kind: str) -> None:
        if facts.distinct != 2:
            raise UserError(f"{target}: has more than 2 values; --task multiclass or regression")
        super().check(target, facts, kind)

    def told(self, facts: Facts) -> str:
        return f": the score is the probability of {max(facts.values or ['?'])}"

    def scale(self, facts: Facts) -> Scale:
        """AUC has one scale for all tables."""
        return Scale("auc", 0.55, 0.5, 0.01, 0.02, 0.05)

    def least(self, facts: Facts) -> int:
        """The rows of the rarer answer."""
        return min((facts.values or {None: facts.rows}).values())


TASKS: Mapping[TaskName, Numbers | Classes] = {
    "binary": TwoClasses(),
    "multiclass": Classes(),
    "regression": Numbers(),
}
