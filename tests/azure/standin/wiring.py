"""What the body of a pipeline job says: which node takes what from where, in which order, with which command."""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

BINDING = re.compile(
    r"\$\{\{parent\.(?:(?P<kind>inputs|outputs)\.(?P<name>\w+)|jobs\.(?P<node>\w+)\.outputs\.(?P<output>\w+))\}\}"
)
REFERENCE = re.compile(r"\$\{\{([\w.]+)\}\}")
OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)


class WiringError(Exception):
    """A pipeline that cannot be run as it is wired."""


class Source(NamedTuple):
    """Where a value comes from: a node's output, an input of the pipeline (no node), or itself (no name)."""

    node: str | None
    name: str | None
    value: Any = None


def source(said: Mapping[str, Any]) -> Source:
    """Where an input of a node, as the body says it, comes from."""
    value = said.get("value", said.get("uri"))
    match = BINDING.fullmatch(str(value))
    if match is None:
        return Source(None, None, value)
    return Source(match["node"], match["output"] or match["name"])


def sources(node: Mapping[str, Any], component: Mapping[str, Any]) -> dict[str, Source]:
    """The source of each input of a node; what is not given has its default, or is left out when optional."""
    given, declared = node.get("inputs") or {}, component.get("inputs") or {}
    for name in given.keys() - declared.keys():
        raise WiringError(f"the component {component['name']} has no input {name}")
    found = {}
    for name, wanted in declared.items():
        if name in given:
            found[name] = source(given[name])
        elif wanted.get("default") is not None:
            found[name] = Source(None, None, wanted["default"])
        elif not wanted.get("optional"):
            raise WiringError(f"the component {component['name']} is not given its input {name}")
    return found


def order(nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The nodes, each after those that it takes from."""
    needs = {
        name: {source(said).node for said in (node.get("inputs") or {}).values()} - {None}
        for name, node in nodes.items()
    }
    for missing in set().union(*needs.values()) - nodes.keys():
        raise WiringError(f"there is no job {missing}")
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise WiringError(f"the jobs wait for each other: {' -> '.join(error.args[1])}") from None


def result(node: Mapping[str, Any], output: str) -> str | None:
    """The output of the pipeline that an output of the node is bound to, None if it is the node's own."""
    said = (node.get("outputs") or {}).get(output)
    match = BINDING.fullmatch(str(said.get("value"))) if said else None
    return match["name"] if match else None


def command(text: str, values: Mapping[str, str]) -> str:
    """The command line of a component: optional parts without a value are dropped, values go in as they are."""
    kept = OPTIONAL.sub(lambda part: part[1] if values.keys() >= set(REFERENCE.findall(part[1])) else "", text)
    for missing in set(REFERENCE.findall(kept)) - values.keys():
        raise WiringError(f"the command names {missing}, which has no value")
    return REFERENCE.sub(lambda reference: values[reference[1]], kept)
