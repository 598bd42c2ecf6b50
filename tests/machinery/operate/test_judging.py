"""A verdict that is made again: what of it counts as other, and what is the last digit of another processor."""

import pytest

from mlops.operate.judging import difference

EQUAL = {
    "the same": ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
    "a tuple for a list": ({"a": (1, 2)}, {"a": [1, 2]}),
    "the last digits": ({"a": 0.5}, {"a": 0.5 * (1 + 0.9e-6)}),
    "next to nothing": ({"a": 0.0}, {"a": 0.9e-9}),
    "a whole number for a decimal": ({"a": 1 + 1e-9}, {"a": 1}),
    "a check's own words": ({"a": [{"seen": "0.5"}]}, {"a": [{"seen": "0.6"}]}),
}
OTHER = {
    "a value": ({"a": {"b": 1}, "c": 2}, {"a": {"b": 2}, "c": 3}, "a.b"),
    "a word": ({"a": "PASS"}, {"a": "FAIL"}, "a"),
    "more than the last digits": ({"a": 0.5}, {"a": 0.5 * (1 + 1.9e-6)}, "a"),
    "more than nothing": ({"a": 0.0}, {"a": 1.9e-9}, "a"),
    "a whole number": ({"a": 5_000_000}, {"a": 5_000_001}, "a"),
    "a number as text": ({"a": 0.5}, {"a": "0.5"}, "a"),
    "what is missing": ({"a": 0.5}, {}, "a"),
    "what is too much": ({}, {"a": 0.5}, "a"),
    "a list that is longer": ({"a": [1]}, {"a": [1, 2]}, "a"),
    "a place in a list": ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a.1.b"),
    "a list for a number": ({"a": 1}, {"a": [1]}, "a"),
    "a number for a list": ({"a": [1]}, {"a": 1}, "a"),
    "a mapping for a number": ({"a": 1}, {"a": {"b": 1}}, "a"),
    "a number for a mapping": ({"a": {"b": 1}}, {"a": 1}, "a"),
    "all of it": (1, 2, "all of it"),
}


@pytest.mark.parametrize("kind", EQUAL)
def test_what_is_equal(kind):
    assert difference(*EQUAL[kind]) == ""


@pytest.mark.parametrize("kind", OTHER)
def test_what_is_other_is_named_by_its_place(kind):
    made, found, place = OTHER[kind]
    assert difference(made, found) == place
