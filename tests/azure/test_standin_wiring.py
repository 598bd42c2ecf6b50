"""Is a pipeline's body read as Azure ML reads it: sources, order and command lines?"""

from typing import Any

import pytest

from standin import wiring

GIVEN = {
    "a": {"value": "${{parent.inputs.x}}"},
    "b": {"value": "${{parent.jobs.n.outputs.o}}"},
    "c": {"uri": "azureml:d:1"},
}
TAKES = {"name": "c", "inputs": {"a": {}, "b": {}, "c": {}, "d": {"default": 2}, "e": {"optional": True}}}


def test_each_input_of_a_node_has_its_source() -> None:
    assert wiring.sources({"inputs": GIVEN}, TAKES) == {
        "a": wiring.Source(None, "x"),
        "b": wiring.Source("n", "o"),
        "c": wiring.Source(None, None, "azureml:d:1"),
        "d": wiring.Source(None, None, 2),
    }


@pytest.mark.parametrize(
    ("given", "takes", "complaint"),
    [
        ({"z": {"value": "1"}}, {}, "no input z"),
        ({}, {"a": {}}, "not given its input a"),
    ],
)
def test_an_input_too_many_or_too_few_is_refused(given: dict[str, Any], takes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(wiring.WiringError, match=complaint):
        wiring.sources({"inputs": given}, {"name": "c", "inputs": takes})


def needing(*others: str) -> dict[str, Any]:
    """A node that takes from these others."""
    return {"inputs": {other: {"value": f"${{{{parent.jobs.{other}.outputs.o}}}}"} for other in others}}


def test_nodes_run_after_those_they_take_from() -> None:
    assert wiring.order({"c": needing("b", "a"), "b": needing("a"), "a": needing()}) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [({"a": needing("b"), "b": needing("a")}, "wait for each other"), ({"a": needing("z")}, "no job z")],
)
def test_a_pipeline_that_cannot_be_ordered_is_refused(nodes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(wiring.WiringError, match=complaint):
        wiring.order(nodes)


def test_an_optional_part_of_a_command_needs_its_value() -> None:
    text = "do ${{inputs.a}} $[[--b ${{inputs.b}}]]"
    assert wiring.command(text, {"inputs.a": "1", "inputs.b": "2"}) == "do 1 --b 2"
    assert wiring.command(text, {"inputs.a": "1"}) == "do 1 "
    with pytest.raises(wiring.WiringError, match=r"inputs\.a"):
        wiring.command(text, {"inputs.b": "2"})
