"""What a model cannot answer an endpoint refuses: how large a number may be is found out by asking the model."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures

from mlops.data.limits import finite, ladder, limits
from mlops.data.model_folder import payload
from mlops.data.probe import examine
from mlops.data.scoring_script import scoring_script

SCRIPT = scoring_script()
DRAW = np.random.default_rng(0)
ROWS = pd.DataFrame(
    {
        "length": DRAW.random(200) * 9 + 1,
        "count": DRAW.integers(1, 9, 200),
        "weight": (DRAW.random(200) + 0.5).astype("float32"),
        "maybe": pd.array([None, 3] * 100, dtype="Int64"),
    }
)
TARGET = 3 * ROWS["length"] + ROWS["count"]
FULL = ["length", "count", "weight"]


def logarithm(rows):
    return np.log(rows.astype("float64"))


MODELS = {
    "trees": (HistGradientBoostingRegressor(max_iter=5), list(ROWS)),
    "forest of 32 bits": (RandomForestRegressor(3, random_state=0), FULL),
    "linear": (LinearRegression(), FULL),
    "squares": (make_pipeline(PolynomialFeatures(2), LinearRegression()), FULL),
    "powers of twenty": (make_pipeline(PolynomialFeatures(20), LinearRegression()), ["length"]),
    "logarithms": (make_pipeline(FunctionTransformer(logarithm), LinearRegression()), FULL),
}


def served_columns(model, rows):
    """The columns as the scoring script knows them, by way of JSON."""
    return SCRIPT.columns_of({"metadata": {"columns": json.dumps(examine(model, rows)[0])}})


@pytest.fixture(scope="module", params=MODELS)
def fitted(request):
    model, names = MODELS[request.param]
    return model.fit(ROWS[names], TARGET), ROWS[names]


def test_what_the_script_lets_through_the_model_answers(fitted):
    model, rows = fitted
    columns = served_columns(model, rows)

    @settings(deadline=None, max_examples=50)
    @given(st.data())
    def ask(data):
        row = {}
        for name, column in columns.items():
            least, most = SCRIPT.ends(column)
            narrow = {"width": 8 * column.dtype.itemsize} if column.kind == "number" else {}
            drawn = st.integers if column.kind == "integer" else st.floats
            ends = st.sampled_from([least, most])
            row[name] = data.draw(ends if narrow.get("width") == 32 else ends | drawn(least, most, **narrow))
        asked = SCRIPT.read_rows(json.dumps(row), columns)
        assert finite(model, asked), row

    ask()


def test_rows_of_training_are_let_through(fitted):
    model, rows = fitted
    read = SCRIPT.read_rows(json.dumps(payload(rows)), served_columns(model, rows))
    pd.testing.assert_frame_equal(read, rows)


def test_a_model_that_answers_everything_has_no_limits():
    model, names = MODELS["trees"]
    assert limits(model.fit(ROWS[names], TARGET), ROWS[names]) == {}


def test_a_forest_takes_what_32_bits_can_hold_of_the_columns_that_have_more():
    model, names = MODELS["forest of 32 bits"]
    assert limits(model.fit(ROWS[names], TARGET), ROWS[names]) == {"length": {"least": -3.4e38, "most": 3.4e38}}


def test_twentieth_powers_take_a_thousand_times_what_training_had():
    model, names = MODELS["powers of twenty"]
    most = 1000 * ROWS["length"].max()
    assert limits(model.fit(ROWS[names], TARGET), ROWS[names]) == {"length": {"least": -most, "most": most}}


def test_what_is_answered_alone_but_not_together_is_lowered():
    rows = pd.DataFrame({name: DRAW.random(50) for name in "ab"})
    assert limits(LinearRegression().fit(rows, 0.9 * rows.sum(axis=1)), rows).keys() == {"a", "b"}


def test_a_logarithm_takes_less_than_training_had_but_not_zero():
    model, names = MODELS["logarithms"]
    found = limits(model.fit(ROWS[names], TARGET), ROWS[names])
    assert {name: list(ends) for name, ends in found.items()} == {name: ["least"] for name in FULL}
    assert found["length"]["least"] == pytest.approx(ROWS["length"].min() / 1000)


def test_a_column_of_nulls_alone_is_tried_at_zero_last():
    assert ladder(pd.Series([np.nan]), "most")[-1] == 0


def test_scores_of_a_classifier_are_numbers_too():
    model = LogisticRegression().fit(ROWS[["length"]] * 1e-9, TARGET > 20)
    model.coef_ *= 1e9  # what is large makes infinity, and of two of them no number
    model.coef_ = np.vstack([-model.coef_, model.coef_, model.coef_])
    model.intercept_, model.classes_ = np.zeros(3), np.arange(3)
    assert limits(model, ROWS[["length"]])["length"].keys() == {"least", "most"}


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("length", 1e39, "a number from -3.4e+38 to 3.4e+38"),
        ("length", "1", "a number from -3.4e+38 to 3.4e+38"),
        ("weight", 1e39, "a number up to 3.40282e+38"),
    ],
)
def test_beyond_the_limits_it_is_one_line_and_the_document_says_them(name, value, wanted):
    model, names = MODELS["forest of 32 bits"]
    columns = served_columns(model.fit(ROWS[names], TARGET), ROWS[names])
    with pytest.raises(SCRIPT.BadRequestError, match=rf"column '{name}': row 0 must be ") as raised:
        SCRIPT.read_rows(json.dumps({"length": 1.5, "count": 1, "weight": 1.5} | {name: value}), columns)
    assert wanted in str(raised.value)
    said = SCRIPT.openapi(columns, "regression", 1)["components"]["schemas"]["Row"]["properties"]
    assert (said["length"]["minimum"], said["length"]["maximum"]) == (-3.4e38, 3.4e38)
    assert "minimum" not in said["weight"]
