"""Two compiled templates are compared as JSON: all counts but what Bicep says of itself."""

import pytest

from mlops.decide.infrastructure.compiled import places_that_differ

INNER = {"resources": {"store": {"name": "[parameters('name')]", "tags": ["a", "b"]}}}
TEMPLATE = {"parameters": {"name": {"metadata": {"description": "What it is."}}}, "resources": [{"template": INNER}]}


def signed(template):
    return {"metadata": {"_generator": {"name": "bicep", "version": "0.30.23.1", "templateHash": "1"}}, **template}


def test_who_made_it_does_not_count_in_it_or_inside_it():
    theirs = signed({**TEMPLATE, "resources": [{"template": signed(INNER)}]})
    assert places_that_differ(TEMPLATE, theirs) == places_that_differ(theirs, TEMPLATE) == []


def test_the_order_of_keys_does_not_count():
    assert places_that_differ(TEMPLATE, dict(reversed(TEMPLATE.items()))) == []


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 2}]}}, ["a.b[0].c"]),
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, ["a", "b", "c"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a"]),
        ({"a": {}}, {"a": []}, ["a"]),
        ({"a": None}, {}, ["a"]),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a": 0}, {"a": ""}, ["a"]),
        ({"metadata": {"description": "x"}}, signed({}), ["metadata"]),
        ({"metadata": "x"}, {"metadata": "y"}, ["metadata"]),
        ({"_generator": 1}, {}, ["_generator"]),
    ],
)
def test_all_else_is_named_by_its_place(one, other, places):
    assert places_that_differ(one, other) == places
