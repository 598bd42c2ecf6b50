"""How well one column alone tells the target: nearly perfectly means that it is made of it, or known too late."""

from typing import TYPE_CHECKING, Any

from mlops.data.adoption.tasks import TASKS, Classes, Numbers
from mlops.settings.metrics import TaskName

if TYPE_CHECKING:
    import pandas as pd

GIVEN_AWAY, SUSPICIOUS = 0.99, 0.9
ROWS = 2000  # so few show what is nearly perfect
LEAVES = 32
FEWEST = 5  # rows in a leaf: no tree learns single rows by heart


def foretold(column: "pd.Series[Any]", target: "pd.Series[Any]", task: TaskName) -> float:
    """From 0 to 1: of classes the balanced accuracy, of numbers R², of a small tree on that column, cross-validated.

    0 where the tree is not nearly perfect on its own rows either, or a class is too rare to tell. Of numbers at least
    how well their order tells that of the target.
    """
    from sklearn.metrics import get_scorer
    from sklearn.model_selection import cross_val_score

    rows = column.to_frame("column").assign(target=target.to_numpy()).iloc[:: max(1, len(column) // ROWS)]
    if column.nunique() < 2 and not column.isna().any():
        return 0.0
    kind = TASKS[task]
    if (rows := kind.told_by(rows)).empty:
        return 0.0
    tree, given, answers = small_tree(rows["column"], kind), as_numbers(rows[["column"]]), rows["target"].to_numpy()
    if get_scorer(kind.scoring)(tree.fit(given, answers), given, answers) < SUSPICIOUS:
        return 0.0
    found = cross_val_score(tree, given, answers, cv=kind.folds(), scoring=kind.scoring)
    return max(kind.alike(rows), float(found.mean()))


def small_tree(column: "pd.Series[Any]", kind: Numbers | Classes) -> Any:
    """The tree, with the target's mean in the place of each text."""
    from pandas.api.types import is_object_dtype
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import TargetEncoder

    tree = kind.tree(max_leaf_nodes=LEAVES, min_samples_leaf=FEWEST, random_state=0)
    encoder = [TargetEncoder(target_type=kind.encoded, cv=kind.folds())] if is_object_dtype(column) else []
    return make_pipeline(*encoder, tree)


def as_numbers(column: "pd.DataFrame") -> "pd.DataFrame":
    """Times as seconds, texts as they are, all else as numbers."""
    from pandas.api.types import is_datetime64_any_dtype, is_object_dtype

    values = column["column"]
    if is_object_dtype(values):
        return column
    if is_datetime64_any_dtype(values):
        values = values.astype("int64").where(values.notna()) / 1e9
    return values.astype("float64").to_frame("column")
