"""How well one column alone tells the target: nearly perfectly means that it is made of it, or known too late."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

GIVEN_AWAY, SUSPICIOUS = 0.99, 0.9
ROWS = 2000  # so few show what is nearly perfect
LEAVES = 32
FOLDS = 5
FEWEST = 5  # rows in a leaf: no tree learns single rows by heart


def foretold(column: "pd.Series[Any]", target: "pd.Series[Any]", task: str) -> float:
    """From 0 to 1: of classes the balanced accuracy, of numbers R², of a small tree on that column, cross-validated.

    0 where the tree is not nearly perfect on its own rows either, or a class is too rare to tell. Of numbers at least
    how well their order tells that of the target.
    """
    from sklearn.metrics import get_scorer
    from sklearn.model_selection import cross_val_score

    rows = column.to_frame("column").assign(target=target.to_numpy()).iloc[:: max(1, len(column) // ROWS)]
    if column.nunique() < 2 and not column.isna().any():
        return 0.0
    if task != "regression":
        counts = rows["target"].value_counts()
        rows = rows[rows["target"].isin(counts[counts >= FOLDS].index)]
        if rows["target"].nunique() < 2:
            return 0.0
    tree, scoring = small_tree(rows["column"], task)
    given, answers = as_numbers(rows[["column"]]), rows["target"].to_numpy()
    if get_scorer(scoring)(tree.fit(given, answers), given, answers) < SUSPICIOUS:
        return 0.0
    order = alike(rows) if task == "regression" else 0.0
    return max(order, float(cross_val_score(tree, given, answers, cv=folds(task), scoring=scoring).mean()))


def alike(rows: "pd.DataFrame") -> float:
    """The square of the rank correlation, where most of the column is known numbers."""
    from pandas.api.types import is_numeric_dtype

    known = rows.dropna()
    if not is_numeric_dtype(rows["column"]) or len(known) < len(rows) / 2:
        return 0.0
    return float(known["column"].corr(known["target"], method="spearman")) ** 2


def folds(task: str) -> Any:
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = KFold if task == "regression" else StratifiedKFold
    return kind(FOLDS, shuffle=True, random_state=0)


def small_tree(column: "pd.Series[Any]", task: str) -> tuple[Any, str]:
    """The tree, with the target's mean in the place of each text; and how it is scored."""
    from pandas.api.types import is_object_dtype
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import TargetEncoder
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    size = {"max_leaf_nodes": LEAVES, "min_samples_leaf": FEWEST, "random_state": 0}
    is_number = task == "regression"
    tree = DecisionTreeRegressor(**size) if is_number else DecisionTreeClassifier(class_weight="balanced", **size)
    encoder = [TargetEncoder(target_type="continuous" if is_number else "auto", cv=folds(task))]
    scoring = "r2" if is_number else "balanced_accuracy"
    return make_pipeline(*(encoder if is_object_dtype(column) else []), tree), scoring


def as_numbers(column: "pd.DataFrame") -> "pd.DataFrame":
    """Times as seconds, texts as they are, all else as numbers."""
    from pandas.api.types import is_datetime64_any_dtype, is_object_dtype

    values = column["column"]
    if is_object_dtype(values):
        return column
    if is_datetime64_any_dtype(values):
        values = values.astype("int64").where(values.notna()) / 1e9
    return values.astype("float64").to_frame("column")
