"""Drift: found when a shift is real and large, silent on noise and on trifles, and honest about too few rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.decide.drift import common, compare, holm, number_shift, shift, status_of, text_shift, value_shift
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
    found = compare(rows(0, 5000), now, RULES)[0]
    assert (found.rows, found.missing_before, found.missing_now) == (699, 0, 0.301)


def test_numbers_are_compared_by_those_that_are_there():
    before, now = rows(0, 500)["x1"], rows(1, 500)["x1"]
    with_gaps = pd.concat([now, pd.Series([np.nan] * 500)])
    assert number_shift(before, with_gaps) == number_shift(before, now)
    assert number_shift(with_gaps, before)[0] == number_shift(before, now)[0]


def test_a_missing_text_is_a_value_like_others():
    effect, p_value = text_shift(pd.Series(["UA"] * 100), pd.Series(["UA"] * 75 + [None] * 25))
    assert effect == 0.25 and p_value < 0.001


def test_a_column_that_went_missing_altogether_is_found():
    assert drifted(rows(0, 5000), rows(1, 1000).assign(x5=np.nan)) == ["x5"]
    for there in (pd.Series([1.0, 2.0]), pd.Series(["a", "b"])):
        missing = there.where(there.isna())
        assert value_shift(there, missing) == value_shift(missing, there) == (0, 1), "its values did not shift"


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
    assert status_of(200, shifts, RULES) == "DRIFT", "as many as the rules ask for are enough"


@pytest.mark.parametrize(("moved", "found"), [(128, ["x"]), (127, [])])
def test_a_shift_as_large_as_the_rules_say_counts(moved, found):
    before, now = (pd.DataFrame({"x": np.arange(start, start + 512.0)}) for start in (0, moved))
    rules = RULES.model_copy(update={"min_effect": 0.25})
    assert [each.feature for each in compare(before, now, rules) if each.drifted] == found


def test_a_large_shift_in_so_few_values_that_it_may_be_chance_does_not_count():
    before, now = rows(0, 5000), rows(1, 300)
    now.loc[5:, "x2"] = before.loc[5:, "x2"] = np.nan
    now.loc[:4, "x2"] += 1
    (found,) = [each for each in compare(before, now, RULES) if each.feature == "x2"]
    assert found.effect > RULES.min_effect and not found.drifted


def test_the_test_that_found_the_drift_is_the_one_that_is_told():
    frame = rows(0, 100)
    told = shift(frame["x1"], frame["x1"], [(0.5, 0.5), (0.2, 0.001)], RULES)
    assert (told.effect, told.p_value, told.drifted) == (0.2, 0.001, True)
    told = shift(frame["x1"], frame["x1"], [(0.02, 0.001), (0.5, 0.5)], RULES)
    assert (told.effect, told.drifted) == (0.5, False)


def column(**counts):
    """A frame of one text column in which each value stands so many times."""
    return pd.DataFrame({"id": [value for value, count in counts.items() for _ in range(count)]})


def test_half_of_what_the_shares_differ_by_is_the_effect():
    assert text_shift(column(UA=60, DL=40)["id"], column(UA=45, DL=55)["id"])[0] == pytest.approx(0.15)
    effect, p_value = text_shift(column(UA=500, DL=500)["id"], column(UA=600, DL=400)["id"])
    assert effect == pytest.approx(0.1) and p_value < 0.001, "two values are enough"
    assert text_shift(column(UA=60)["id"], column(UA=20)["id"]) == (0, 1)


def test_other_rare_values_than_before_but_as_many_rows_of_them_are_no_drift():
    """As with the tail number of a plane: nearly every one is new, and two rows that share one are no evidence."""
    before = column(common=7000, **{f"old{at}": 2 for at in range(1500)})
    now = column(common=700, **{f"new{at}": 2 for at in range(150)})
    (found,) = compare(before, now, RULES)
    assert found.effect > RULES.min_effect and found.p_value > 0.9 and not found.drifted


def test_each_value_with_enough_rows_is_tested_by_itself():
    before = column(common=8000, **{f"value{at}": 200 for at in range(10)})
    now = column(common=800, **{f"value{at}": 40 for at in range(5)})
    (found,) = compare(before, now, RULES)
    assert found.effect == pytest.approx(0.1) and found.p_value < 1e-6


def test_values_are_pooled_where_the_textbook_says_that_the_test_fails():
    """Fewer than 5 rows expected on one side, if both had the same share."""
    counts = pd.DataFrame({"before": [80, 11, 5, 4], "now": [82, 9, 5, 4]})
    assert common(counts).tolist() == [[80, 82], [11, 9], [5, 5]], "alone, the rare one is left out"
    counts = pd.DataFrame({"before": [80, 8, 5, 4, 3], "now": [80, 12, 4, 3, 1]})
    assert common(counts).tolist() == [[80, 80], [8, 12], [12, 8]]
    counts = pd.DataFrame({"before": [95, 3, 2], "now": [95, 2, 3]})
    assert common(counts).tolist() == [[95, 95], [5, 5]], "together they are just enough"


def test_one_row_with_a_value_never_seen_is_no_evidence_of_a_shift():
    known = {f"known{at}": 1000 for at in range(10)}
    before, now = column(**known), column(**dict.fromkeys(known, 20), new=1)
    assert text_shift(before["id"], now["id"])[1] > 0.99
    assert text_shift(column(a=2)["id"], column(b=2)["id"]) == (1, 1), "nor are four rows"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0.001, 0.5))
def test_holm_rejects_exactly_what_stepping_down_rejects(p_values, alpha):
    rejected, order = set(), sorted(range(len(p_values)), key=lambda at: p_values[at])
    for step, at in enumerate(order):
        if p_values[at] * (len(p_values) - step) >= alpha:
            break
        rejected.add(at)
    assert {at for at, corrected in enumerate(holm(p_values)) if corrected < alpha} == rejected
    assert max(holm(p_values)) <= 1
