"""Behaviour: a model that does what is asked keeps every test, one that does not is named with its worst row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.decide.behaviour import Subject, behave, in_time
from mlops.decide.tasks import TASKS
from mlops.settings.behaviour import Behaviour

ROWS = pd.DataFrame(
    {
        "temp": np.linspace(-10, 30, 101),
        "hour": np.arange(101) % 24,
        "town": ["Graz", "Linz", None, "Wels"][:4] * 25 + ["Graz"],
        "at": pd.date_range("2013-01-01", periods=101, freq="h"),
    },
    index=range(1000, 1101),
)
NAMES = ["Graz", "Linz", "Wels"]


def binary(rows):
    """A score that rises with the hour and falls with the temperature; a town adds its share, however it is spelt."""
    towns = [NAMES.index(town.title()) / 20 if town else 0 for town in rows["town"]]
    return 0.3 + rows["hour"].to_numpy() / 100 - rows["temp"].fillna(10).to_numpy() / 100 + np.array(towns)


def subject(ask, task="binary", labels=(0, 1)):
    return Subject(TASKS[task]("any", 0.5), list(labels), ask, ROWS, frozenset({"temp", "town", "hour"}))


def tried(ask, *tests, task="binary", labels=(0, 1), **top):
    """The outcome of each, without that of the columns' order."""
    behaviour = Behaviour(tests=[{"name": "a", **each} for each in tests], **top)
    return behave(behaviour, subject(ask, task, labels))[1:]


def status(ask, *tests, **others):
    return [each.check.status for each in tried(ask, *tests, **others)]


ROW = {"temp": 10, "hour": 5, "town": "Linz", "at": "2013-01-01"}  # 0.3 + 0.05 - 0.1 + 0.05 = 0.3
KEPT = {
    "spelling": {"change": {"town": {"case": "upper"}}, "within": 0},
    "rising": {"change": {"hour": {"add": 1}}, "never": "lower"},
    "falling": {"change": {"temp": {"add": 2.5}}, "never": "higher"},
    "nothing": {"change": {"temp": {"add": 0}}, "within": 0},
    "noise": {"change": {"temp": {"noise": 1}}, "within": 0.01},
    "missing": {"change": {"temp": {"to": None}}, "within": 0.2},
    "a value": {"change": {"hour": {"to": 23}}, "never": "lower"},
    "a time": {"change": {"at": {"to": "2014-01-01"}}, "within": 0},
    "a row": {"row": ROW, "between": [0.299, 0.301]},
    "a class": {"row": ROW, "answer": 0},
}
BROKEN = {
    "rising": {"change": {"hour": {"add": 1}}, "never": "higher"},
    "falling": {"change": {"temp": {"add": 2.5}}, "never": "lower"},
    "noise": {"change": {"temp": {"noise": 1}}, "within": 0.009},
    "missing": {"change": {"temp": {"to": None}}, "within": 0.19},
    "a town": {"change": {"town": {"to": "Wels"}}, "within": 0.09},
    "a row": {"row": ROW, "between": [0.301, 1]},
    "a class": {"row": ROW, "answer": 1},
}


@pytest.mark.parametrize("kind", KEPT)
def test_what_the_model_does_is_kept(kind):
    (found,) = tried(binary, KEPT[kind])
    assert (found.check.status, found.row) == ("PASS", None)


@pytest.mark.parametrize("kind", BROKEN)
def test_what_it_does_not_do_is_broken(kind):
    assert status(binary, BROKEN[kind]) == ["FAIL"]


def test_the_worst_row_is_shown_with_what_was_changed_and_both_answers():
    (found,) = tried(lambda rows: binary(rows) * (rows["town"] != "LINZ").to_numpy(), KEPT["spelling"])
    worst = int(np.argmax(np.where(ROWS["town"] == "Linz", binary(ROWS), 0)))
    assert found.check.seen == (
        f"broken by 25 of 101 rows, by row {1000 + worst} of test.parquet most ({binary(ROWS)[worst]:.4g} -> 0)"
    )
    assert found.check.name == "behaviour: a" and found.check.wanted == "answers at most 0 apart"
    pd.testing.assert_series_equal(found.row, ROWS.iloc[worst])


def test_a_share_of_the_rows_may_break_it():
    def odd(rows):
        """Five rows of a hundred and one go the other way."""
        return binary(rows) - 10 * rows["hour"].to_numpy() * (rows["temp"] > 28).to_numpy()

    broken = int((ROWS["temp"] > 28).sum())
    assert broken == 5
    rising = {"change": {"hour": {"add": 1}}, "never": "lower"}
    assert status(odd, {**rising, "share": 96 / 101}) == ["PASS"]
    assert status(odd, {**rising, "share": 97 / 101}) == ["FAIL"]
    assert tried(odd, {**rising, "share": 0.9})[0].check.wanted == "no answer lower for 90% of the rows"


def test_a_model_that_goes_by_the_places_of_columns_is_found():
    found = behave(Behaviour(), subject(lambda rows: rows.iloc[:, 0].map(hash).to_numpy() % 7 / 7))
    assert [(each.check.name, each.check.status) for each in found] == [("behaviour: order of columns", "FAIL")]
    assert behave(Behaviour(), subject(binary))[0].check.status == "PASS"


def test_every_answer_is_in_its_range_and_nan_in_none():
    low, high = binary(ROWS).min(), binary(ROWS).max()
    assert status(binary, between=[low, high]) == ["PASS"]
    assert status(binary, between=[low + 0.001, high]) == status(binary, between=[low, high - 0.001]) == ["FAIL"]
    assert status(lambda rows: np.full(len(rows), np.nan), between=[0, 1]) == ["FAIL"]
    once = iter([binary(ROWS), binary(ROWS), np.full(101, np.nan)])
    assert status(lambda rows: next(once), {"change": {"temp": {"add": 1}}, "never": "lower"}) == ["FAIL"]


@pytest.mark.parametrize(("apart", "found"), [(1e-9, "PASS"), (1.1e-9, "FAIL")])
def test_answers_that_only_rounding_tells_apart_are_the_same(apart, found):
    answers = iter([np.zeros(101), np.zeros(101), np.full(101, apart)])
    assert status(lambda rows: next(answers), {"change": {"temp": {"add": 1}}, "within": 0}) == [found]
    assert status(lambda rows: np.full(len(rows), apart), {"row": ROW, "between": [-1, 0]}) == [found]


def probabilities(rows):
    """Of three classes; the second is the likelier the warmer it is."""
    warm = 1 / (1 + np.exp(-rows["temp"].to_numpy() / 10))
    return np.column_stack([(1 - warm) * 0.75, warm, (1 - warm) * 0.25])


def test_of_several_classes_one_is_named_or_the_most_moved_counts():
    asked = {"task": "multiclass", "labels": ["a", "b", "c"]}
    warmer = {"change": {"temp": {"add": 5}}}
    tests = [{**warmer, "never": "lower", "of": "b"}, {**warmer, "never": "lower", "of": "a"}]
    assert [status(probabilities, each, **asked) for each in tests] == [["PASS"], ["FAIL"]]
    apart = np.abs(probabilities(ROWS) - probabilities(ROWS.assign(temp=ROWS["temp"] + 5))).max()
    assert status(probabilities, {**warmer, "within": apart}, **asked) == ["PASS"]
    assert status(probabilities, {**warmer, "within": 0.99 * apart}, **asked) == ["FAIL"]
    cold = {**ROW, "temp": -20}
    assert status(probabilities, {"row": cold, "answer": "a"}, **asked) == ["PASS"]
    assert status(probabilities, {"row": cold, "answer": "b"}, **asked) == ["FAIL"]
    with pytest.raises(UserError, match="of must name a class, one of a, b, c"):
        tried(probabilities, {**warmer, "never": "lower"}, **asked)
    with pytest.raises(UserError, match="no class 'd'; there is a, b, c"):
        tried(probabilities, {"row": cold, "answer": "d"}, **asked)


def test_of_a_class_that_is_named_the_others_do_not_count():
    asked = {"task": "multiclass", "labels": ["a", "b", "c"]}
    warmer, after = {"change": {"temp": {"add": 5}}}, probabilities(ROWS.assign(temp=ROWS["temp"] + 5))
    least = np.abs(probabilities(ROWS) - after)[:, 2].max()
    assert status(probabilities, {**warmer, "within": least, "of": "c"}, **asked) == ["PASS"]
    assert status(probabilities, {**warmer, "within": least, "of": "b"}, **asked) == ["FAIL"]


def test_of_several_classes_a_row_counts_once_and_the_worst_is_shown():
    asked = {"task": "multiclass", "labels": ["a", "b", "c"]}
    within, after = 0.03, probabilities(ROWS.assign(temp=ROWS["temp"] + 5))
    moved = np.abs(probabilities(ROWS) - after).max(axis=1)
    (found,) = tried(probabilities, {"change": {"temp": {"add": 5}}, "within": within}, **asked)
    assert found.check.seen.startswith(f"broken by {(moved > within).sum()} of 101 rows")
    pd.testing.assert_series_equal(found.row, ROWS.iloc[int(np.argmax(moved))])
    likeliest = probabilities(ROWS).max(axis=1)
    (found,) = tried(probabilities, between=[0, 0.9], **asked)
    assert found.check.seen.startswith(f"broken by {(likeliest > 0.9).sum()} of 101 rows")
    assert found.check.seen.endswith(f"({likeliest.max():.4g})")
    pd.testing.assert_series_equal(found.row, ROWS.iloc[int(np.argmax(likeliest))])


def test_a_whole_number_may_be_missing():
    seen = []

    def ask(rows):
        seen.append(rows["hour"])
        return np.zeros(len(rows))

    assert status(ask, {"change": {"hour": {"to": None}}, "within": 0}) == ["PASS"]
    assert seen[-1].isna().all() and not seen[0].isna().any()


def test_one_row_may_take_as_long_as_is_said():
    assert in_time(Behaviour(), 1e9) == []
    outcomes = [in_time(Behaviour(latency_ms=5), took)[0].check for took in (5, 5.01)]
    assert [each.status for each in outcomes] == ["PASS", "FAIL"]
    assert (outcomes[1].seen, outcomes[1].wanted) == ("5.01 ms", "at most 5 ms")


def test_a_regression_has_values_and_no_classes():
    asked = {"task": "regression", "labels": ()}
    assert status(lambda rows: 100 * binary(rows), {"row": ROW, "between": [29, 31]}, **asked) == ["PASS"]
    with pytest.raises(UserError, match="answer is for classes"):
        tried(binary, {"row": ROW, "answer": 30}, **asked)


UNFIT = {
    "noise on text": ({"town": {"noise": 1}}, "town holds no numbers"),
    "more of a time": ({"at": {"add": 1}}, "at holds no numbers"),
    "capitals of a number": ({"temp": {"case": "upper"}}, "temp holds no text"),
    "text for a number": ({"temp": {"to": "warm"}}, "'warm' is no value of temp"),
    "text for a time": ({"at": {"to": "soon"}}, "'soon' is no value of at"),
    "a day or a month first": ({"at": {"to": "04.03.2025"}}, "'04.03.2025' is no value of at"),
    "null where none was": ({"at": {"to": None}}, "at was never missing in training; an endpoint refuses null"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_change_that_does_not_fit_its_column_is_one_line(kind):
    change, said = UNFIT[kind]
    with pytest.raises(UserError) as refused:
        tried(binary, {"change": change, "within": 1})
    assert str(refused.value).startswith(f"tests: a: {said}") and "\n" not in str(refused.value)


@given(st.integers(0, 2**32), st.floats(0.01, 5))
def test_noise_stays_within_its_bounds_is_seeded_and_leaves_whole_numbers_whole(seed, most):
    seen = []

    def ask(rows):
        seen.append(rows)
        return np.zeros(len(rows))

    noise = {"change": {"temp": {"noise": most}, "hour": {"noise": most}}, "within": 0}
    for _ in range(2):
        tried(ask, noise, seed=seed)
    one, again = seen[2], seen[5]
    pd.testing.assert_frame_equal(one, again)
    assert (one["temp"] - ROWS["temp"]).abs().max() <= most and (one["temp"] != ROWS["temp"]).any()
    assert one["hour"].dtype == ROWS["hour"].dtype and (one["hour"] - ROWS["hour"]).abs().max() <= most + 0.5
