"""What was collected, as the rows that the model was trained on look; and what a report says first."""

import numpy as np
import pandas as pd
import pytest

from mlops.operate.monitoring import collected_rows, headlines, input_drift
from mlops.settings.project import Monitoring

RULES = Monitoring(alpha=0.01, min_effect=0.1, min_rows=200, cooldown_days=7)
TRAINING = pd.DataFrame(
    {
        "scheduled": pd.to_datetime(["2013-01-01T05:00", "2013-01-01T06:00"]).astype("datetime64[ns]"),
        "carrier": ["UA", None],
        "distance": [1400.0, 2500.0],
    }
)


def request(*rows, columns=("carrier", "distance", "scheduled")):
    return {"inputs": {"columns": list(columns), "data": [list(row) for row in rows]}}


def test_all_requests_together_have_the_columns_and_the_types_of_the_training_rows():
    rows = collected_rows(
        [
            request(["UA", 1400, "2013-02-01T05:00:00"], [None, None, None]),
            request(["B6"], columns=["carrier"]),
            request([7, "B6", 100], columns=["unknown", "carrier", "distance"]),
        ],
        TRAINING,
    )
    assert rows.dtypes.to_dict() == TRAINING.dtypes.to_dict()
    assert list(rows.columns) == list(TRAINING.columns)
    assert rows["carrier"].tolist() == ["UA", None, "B6", "B6"]
    np.testing.assert_array_equal(rows["distance"], [1400, np.nan, np.nan, 100])
    assert rows["scheduled"].notna().tolist() == [True, False, False, False]


def test_where_nothing_was_collected_there_are_no_rows_of_those_columns():
    rows = collected_rows([], TRAINING)
    assert rows.empty and rows.dtypes.to_dict() == TRAINING.dtypes.to_dict()


@pytest.mark.parametrize(("rows", "status"), [(200, "DRIFT"), (199, "INSUFFICIENT")])
def test_drift_is_looked_for_from_the_rows_on_that_the_rules_name(rows, status):
    before, now = (
        pd.DataFrame({"distance": np.arange(float(start), start + count)}) for start, count in ((0, 1000), (5000, rows))
    )
    found = input_drift(before, now, RULES)
    assert (found["status"], found["rows"], found["reference_rows"]) == (status, rows, 1000)
    assert [each["feature"] for each in found["features"]] == (["distance"] if status == "DRIFT" else [])


def test_the_headlines_name_what_has_drifted_and_nothing_else():
    features = [
        {"feature": "distance", "effect": 0.514, "drifted": True},
        {"feature": "carrier", "effect": 0.2, "drifted": True},
        {"feature": "origin", "effect": 0.09, "drifted": False},
    ]
    facts = {"endpoint": "flights", "status": "DRIFT", "rows": 1234, "features": features}
    quality = {"status": "HOLDING", "summary": "9 labelled rows"}
    assert headlines({**facts, "quality": quality}) == [
        "DRIFT: 1,234 rows collected at flights; distance (0.51), carrier (0.20)",
        "HOLDING: 9 labelled rows",
    ]
    stable = {**facts, "status": "STABLE", "features": features[2:], "quality": quality}
    assert headlines(stable)[0] == "STABLE: 1,234 rows collected at flights"
