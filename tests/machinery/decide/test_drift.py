"""Drift: found when a shift is real and large, silent on noise and on trifles, and honest about too few rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.decide.drift import compare, holm, status_of
from mlops.settings.project import Monitoring

RULES = Monitoring(alpha=0.01, min_effect=0.1, min_rows=200, cooldown_days=7)
FEATURES = 10


def rows(seed, count, **shifts):
    """Ten normal columns and a carrier; a shift is in standard deviations, `dest` is the share of one value."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"x{at}": rng.normal(shifts.get(f"x{at}", 0), 1, count) for at in range(FEATURES)})
    share = shifts.get("carrier", 0.3)
    return frame.assign(carrier=rng.choice(["UA", "DL", "HA"], count, p=[share, 0.99 - share, 0.01]))


def drifted(before, now):
    return [each.feature for each in compare(before, now, RULES) if each.drifted]


def test_a_shifted_number_is_found_and_comes_first():
    shifts = compare(rows(0, 5000), rows(1, 1000, x3=0.5), RULES)
    assert [each.feature for each in shifts if each.drifted] == ["x3"]
    assert shifts[0].feature == "x3" and shifts[0].effect == pytest.approx(0.2, abs=0.05)
    assert status_of(1000, shifts, RULES) == "DRIFT"


def test_a_shifted_share_of_a_text_value_is_found():
    assert drifted(rows(0, 5000), rows(1, 1000, carrier=0.45)) == ["carrier"]


def test_a_burst_of_missing_values_is_found():
    now = rows(1, 1000)
    now.loc[:300, "x5"] = np.nan
    assert drifted(rows(0, 5000), now) == ["x5"]


def test_a_column_that_went_missing_altogether_is_found():
    assert drifted(rows(0, 5000), rows(1, 1000).assign(x5=np.nan)) == ["x5"]


def test_a_value_never_seen_before_is_found():
    now = rows(1, 1000)
    now.loc[:300, "carrier"] = "XX"
    assert drifted(rows(0, 5000), now) == ["carrier"]


def test_a_trifling_shift_of_everything_in_very_many_rows_is_no_drift():
    trifle = {f"x{at}": 0.05 for at in range(FEATURES)}
    shifts = compare(rows(0, 50_000), rows(1, 50_000, **trifle), RULES)
    assert min(each.p_value for each in shifts) < RULES.alpha, "beyond chance"
    assert status_of(50_000, shifts, RULES) == "STABLE", "but too small to matter"


def test_no_shift_raises_no_more_alarms_than_alpha_says():
    alarms = sum(bool(drifted(rows(seed, 2000), rows(seed + 1000, 200))) for seed in range(60))
    assert alarms <= 4, "99.8 % binomial limit for 60 reports at 1 %"


def test_too_few_rows_cannot_tell():
    shifts = compare(rows(0, 5000), rows(1, 199, x3=5.0), RULES)
    assert status_of(199, shifts, RULES) == "INSUFFICIENT"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0.001, 0.5))
def test_holm_rejects_exactly_what_stepping_down_rejects(p_values, alpha):
    rejected, order = set(), sorted(range(len(p_values)), key=lambda at: p_values[at])
    for step, at in enumerate(order):
        if p_values[at] * (len(p_values) - step) >= alpha:
            break
        rejected.add(at)
    assert {at for at, corrected in enumerate(holm(p_values)) if corrected < alpha} == rejected
