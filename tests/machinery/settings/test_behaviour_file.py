"""tests/behaviour.yml: what it may say, and one line for what it may not."""

import pytest
import yaml

from mlops import UserError
from mlops.settings.behaviour import load_behaviour

FEATURES = ["temp", "carrier", "hour"]
ROW = {"temp": 20.5, "carrier": None, "hour": 7}
NOISE = {"temp": {"noise": 1}}


def load(tmp_path, *tests, **top):
    path = tmp_path / "behaviour.yml"
    path.write_text(yaml.safe_dump({"tests": list(tests), **top}), encoding="utf-8")
    return load_behaviour(path, FEATURES)


def test_every_kind_of_test_is_read(tmp_path):
    found = load(
        tmp_path,
        {"name": "noise", "change": NOISE, "within": 0.1, "share": 0.9},
        {"name": "direction", "change": {"hour": {"add": 1}}, "never": "lower"},
        {"name": "spelling", "change": {"carrier": {"case": "lower"}}, "within": 0},
        {"name": "missing", "change": {"temp": {"to": None}}, "within": 0.5, "of": "x"},
        {"name": "row", "row": ROW, "between": [0, 0.5]},
        {"name": "class", "row": ROW, "answer": False},
        between=[0, 1],
        latency_ms=5,
    )
    assert [(each.within, each.never, each.between, each.answer) for each in found.tests] == [
        (0.1, None, None, None),
        (None, "lower", None, None),
        (0, None, None, None),
        (0.5, None, None, None),
        (None, None, [0, 0.5], None),
        (None, None, None, False),
    ]
    assert (found.rows, found.tests[0].share, found.tests[1].share) == (500, 0.9, 1)
    assert load(tmp_path).tests == []


def test_an_empty_file_is_one_line_that_says_what_to_write(tmp_path):
    path = tmp_path / "behaviour.yml"
    for text in ("", "# tests:\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"behaviour\.yml: nothing stands in it; write `tests: \[\]` where"):
            load_behaviour(path, FEATURES)
    path.write_text("tests:\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"behaviour\.yml: tests: nothing stands there; write what belongs to it, or"):
        load_behaviour(path, FEATURES)
    path.write_text("tests: []\n", encoding="utf-8")
    assert load_behaviour(path, FEATURES).tests == []


WRONG = {
    "no such feature": (
        {"change": {"tmp": {"add": 1}}, "within": 1},
        "tests: a: tmp is no feature; the nearest are temp",
    ),
    "a row with a missing column": (
        {"row": {"temp": 1, "hour": 2}, "between": [0, 1]},
        "tests: a: the row has no carrier",
    ),
    "a row with a strange column": ({"row": {**ROW, "x": 1}, "between": [0, 1]}, "tests: a: x is no feature"),
    "neither": ({"within": 1}, "either a change or a row"),
    "both": ({"change": NOISE, "row": ROW, "within": 1}, "either a change or a row"),
    "no rule": ({"change": NOISE}, "for a change write one of never or within"),
    "two rules": ({"change": NOISE, "within": 1, "never": "lower"}, "for a change write one of never or within"),
    "a rule for rows": ({"change": NOISE, "between": [0, 1]}, "for a change write one of never or within"),
    "a rule for changes": ({"row": ROW, "within": 1}, "for a row write one of answer or between"),
    "no change": ({"change": {"temp": {}}, "within": 1}, "one of to, add, noise or case"),
    "two changes": ({"change": {"temp": {"add": 1, "noise": 1}}, "within": 1}, "one of to, add, noise or case"),
    "no number": ({"change": {"temp": {"add": None}}, "within": 1}, "one of to, add, noise or case"),
    "a range upside down": ({"row": ROW, "between": [1, 0]}, "tests: a: from 1 to 0 is no range"),
    "half a range": ({"row": ROW, "between": [1]}, "between"),
    "no share": ({"change": NOISE, "within": 1, "share": 0}, "share"),
    "an odd case": ({"change": {"carrier": {"case": "small"}}, "within": 1}, "case"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_mistake_is_one_line_with_the_file_and_the_test(tmp_path, kind):
    test, said = WRONG[kind]
    with pytest.raises(UserError) as refused:
        load(tmp_path, {"name": "a", **test})
    line = str(refused.value)
    assert line.startswith(f"{tmp_path / 'behaviour.yml'}: ") and said in line and "\n" not in line


@pytest.mark.parametrize(("name", "near"), [("tmp", "temp"), ("xyz", "temp, carrier, hour")])
def test_the_nearest_features_are_named_or_else_the_first(tmp_path, name, near):
    with pytest.raises(UserError, match=f"{name} is no feature; the nearest are {near}$"):
        load(tmp_path, {"name": "a", "change": {name: {"add": 1}}, "within": 1})


def test_a_range_may_be_one_number(tmp_path):
    assert load(tmp_path, between=[0.5, 0.5]).between == [0.5, 0.5]


def test_two_tests_of_one_name_and_a_range_of_all_answers_upside_down(tmp_path):
    test = {"name": "a", "change": NOISE, "within": 1}
    with pytest.raises(UserError, match="two are called a"):
        load(tmp_path, test, test)
    with pytest.raises(UserError, match="between: from 2 to 1 is no range"):
        load(tmp_path, between=[2, 1])
