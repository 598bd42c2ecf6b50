"""The split: every row on one side, groups whole, and by hash the same whatever rows come and in whatever order."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.data.row_hashes import row_hashes
from mlops.data.splitting import FEWEST_CLUSTERS, LEAST_ROWS, check_side, clusters, hashed_columns, lowest, newest
from mlops.settings.project import Data
from mlops.settings.split import Split

TIMES = pd.Series(pd.date_range("2013-01-10", "2013-04-05", freq="D"))


def data(**more):
    return Data(uri="data", suite="suite.json", target="late", known_only_after=[], **more)


def held_out(keys, share=0.2):
    return lowest(row_hashes(pa.table({"key": keys})), Split(by="random", share=share))


def test_the_newest_calendar_month_is_held_out_where_nothing_else_is_said():
    assert TIMES[newest(TIMES, Split())].min() == pd.Timestamp("2013-04-01")
    assert TIMES[~newest(TIMES, Split())].max() == pd.Timestamp("2013-03-31")


def test_times_with_a_zone_are_split_alike_and_without_a_warning():
    with warnings.catch_warnings(action="error"):
        assert newest(TIMES.dt.tz_localize("UTC"), Split()).tolist() == newest(TIMES, Split()).tolist()


def test_the_last_days_are_held_out():
    assert list(TIMES[newest(TIMES, Split(days=3))]) == list(pd.date_range("2013-04-03", "2013-04-05"))


@pytest.mark.parametrize(("share", "rows"), [(0.2, 2), (0.25, 3), (0.01, 1), (0.95, 9)])
def test_the_newest_share_of_ten_rows(share, rows):
    assert newest(TIMES[:10], Split(share=share)).tolist() == [False] * (10 - rows) + [True] * rows


@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=60).filter(lambda hours: len(set(hours)) > 1),
    st.floats(0.01, 0.9),
)
def test_a_share_is_the_newest_rows_and_no_time_is_on_both_sides(hours, share):
    times = pd.Series(pd.Timestamp("2013-01-01") + pd.to_timedelta(hours, unit="h"))
    test = newest(times, Split(share=share))
    assert test.any()
    assert times[~test].max() < times[test].min() or test.all()
    later = times > times[test].min()
    assert later.sum() < share * len(times) + 1, "one time more than the share at most"


def test_one_month_alone_cannot_be_split():
    with pytest.raises(UserError, match=r"^data: all rows are of 2013-03; a split by time needs a month before it$"):
        newest(pd.Series(pd.date_range("2013-03-01", "2013-03-31")), Split())


@given(st.lists(st.integers(), unique=True, min_size=1), st.lists(st.integers(), unique=True, min_size=1), st.randoms())
def test_a_row_stays_on_its_side_when_rows_are_added_and_files_are_reordered(keys, added, random):
    before = dict(zip(keys, held_out([str(key) for key in keys]), strict=True))
    every = [*keys, *(key for key in added if key not in before)]
    random.shuffle(every)
    after = dict(zip(every, held_out([str(key) for key in every]), strict=True))
    assert {key: after[key] for key in keys} == before


def test_a_key_of_integers_keeps_its_sides_when_a_null_makes_floats_of_them():
    assert (held_out([*range(500)]) == held_out([float(key) for key in range(500)])).all()


def test_a_group_is_on_one_side():
    groups = np.random.default_rng(1).integers(0, 300, 5000)
    sides = pd.DataFrame({"group": groups, "test": held_out(groups)}).groupby("group")["test"]
    assert (sides.nunique() == 1).all()
    assert 0.15 < sides.first().mean() < 0.25


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_each_class_is_held_out_in_that_share(share):
    target = np.repeat([0, 1, 2], [20_000, 8_000, 2_000])
    test = held_out([*range(30_000)], share)
    for value in (0, 1, 2):
        assert test[target == value].mean() == pytest.approx(share, abs=0.03)


def test_a_larger_share_keeps_the_rows_of_a_smaller_one():
    keys = [*range(1000)]
    assert (held_out(keys, 0.3) >= held_out(keys, 0.2)).all()


def test_what_is_hashed_is_the_group_else_the_key_else_the_whole_row():
    grouped = data(key=["flight"], split=Split(by="group", group="plane"))
    assert hashed_columns(grouped) == ["plane"]
    assert hashed_columns(data(key=["flight", "day"])) == ["flight", "day"]
    assert hashed_columns(data()) is None


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ([], "test: 0 rows, and 20 are the least"),
        ([0, 1] * 9 + [1], "test: 19 rows, and 20 are the least"),
        ([1] * LEAST_ROWS, "test: late is 1 in all 20 rows"),
    ],
)
def test_a_side_that_says_nothing_is_refused(target, line):
    with pytest.raises(UserError, match=f"^{line}; add data, or change data.split$"):
        check_side("test", pd.Series(target, name="late"))
    check_side("test", pd.Series([0, 1] * 10, name="late"))


HOURS = pd.DataFrame({"time": pd.date_range("2013-01-10", periods=24 * 20, freq="h"), "who": np.arange(480) % 12})


def same(left, right):
    """Whether both put the same rows together."""
    left, right = np.asarray(left), np.asarray(right)
    return (np.equal.outer(left, left) == np.equal.outer(right, right)).all()


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_rows_of_a_day_came_together_where_there_is_a_time(zone):
    rows = HOURS.assign(time=HOURS["time"].dt.tz_localize(zone))
    assert same(clusters(rows, data(time="time")), HOURS["time"].dt.dayofyear)


def test_a_group_or_what_is_named_goes_before_the_day():
    assert same(clusters(HOURS, data(time="time", split={"by": "group", "group": "who"})), HOURS["who"])
    hour = HOURS.assign(hour=HOURS["time"].dt.hour)
    assert same(
        clusters(hour, data(time="time", split={"by": "group", "group": "who", "cluster": "hour"})), hour["hour"]
    )


def test_rows_of_which_nothing_says_that_they_came_together_have_no_clusters():
    assert clusters(HOURS, data()) is None


@pytest.mark.parametrize(("days", "there"), [(FEWEST_CLUSTERS - 1, False), (FEWEST_CLUSTERS, True)])
def test_a_few_clusters_say_nothing(days, there):
    assert (clusters(HOURS[: 24 * days], data(time="time")) is not None) == there


def test_rows_without_a_group_came_together_too():
    rows = HOURS.assign(who=HOURS["who"].where(HOURS["who"] > 0))
    assert same(clusters(rows, data(split={"by": "group", "group": "who"})), HOURS["who"])
