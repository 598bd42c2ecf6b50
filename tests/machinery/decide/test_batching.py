"""Files dealt out and tried again: each is scored or given up, and how far a run is adds up."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.decide.batching import MiniBatch, Progress, again, deal

NAMES = st.lists(st.sampled_from([f"{number}.csv" for number in range(30)]), unique=True)


@given(files=NAMES, size=st.integers(1, 40))
def test_every_file_is_dealt_once_and_in_order(files, size):
    dealt = deal(files, size)
    assert [name for each in dealt for name in each.files] == files
    assert all(1 <= len(each.files) <= size for each in dealt)


@given(files=NAMES, size=st.integers(1, 40), retries=st.integers(0, 4), data=st.data())
def test_a_file_that_always_fails_is_tried_once_and_retried_as_often_as_was_asked(files, size, retries, data):
    bad = set(data.draw(st.lists(st.sampled_from(files))) if files else [])
    waiting, tried = deal(files, size), dict.fromkeys(files, 0)
    while waiting:
        batch = waiting.pop(0)
        for name in batch.files:
            tried[name] += 1
        waiting += again(batch, bad, retries)
    assert tried == {name: 1 + retries if name in bad else 1 for name in files}


def test_what_failed_together_is_tried_again_alone():
    assert again(MiniBatch(("a", "b", "c")), {"a", "c"}, 2) == [MiniBatch(("a",), 1), MiniBatch(("c",), 1)]
    assert again(MiniBatch(("a",), 2), {"a"}, 2) == []


def progress(done, under_way, seconds=10.0):
    sizes = {"a": 100, "b": 300, "c": 0}
    return Progress(sizes, {"a": 1000, "b": 3000, "c": 0}, done, under_way, seconds)


def test_it_is_told_in_files_rows_speed_and_time_left():
    assert str(progress({"a": 1000}, {"b": 1000})) == "1 of 3 files, 2,000 rows, 200 rows a second; about 10 s left"
    assert str(progress({}, {})) == "0 of 3 files, 0 rows, 0 rows a second"
    assert progress({}, {}).left == inf


def test_all_done_nothing_is_left():
    whole = progress({"a": 1000, "b": 3000, "c": 0}, {})
    assert (whole.share, whole.left, whole.rate) == (1.0, 0.0, 400.0)


def test_files_of_unknown_length_count_when_they_are_done():
    unknown = Progress({"a": 100, "b": 100}, {}, {"a": 10}, {"b": 5}, 4.0)
    assert (unknown.share, unknown.left, unknown.rows) == (0.5, pytest.approx(4.0), 15)


@given(data=st.data())
def test_a_share_is_a_share_and_grows_with_what_is_done(data):
    names = data.draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1))
    numbers = st.integers(0, 10**6)
    sizes, lengths = ({name: data.draw(numbers) for name in names} for _ in range(2))
    done = data.draw(st.sets(st.sampled_from(names)))
    under_way = {name: data.draw(numbers) for name in names if name not in done}
    found = Progress(sizes, lengths, dict.fromkeys(done, 1), under_way, 5.0)
    more = Progress(sizes, lengths, dict.fromkeys(names, 1), {}, 5.0)
    assert 0 <= found.share <= more.share == 1.0 and found.left >= 0 == more.left
