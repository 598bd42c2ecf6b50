"""A command component, read from a file of its own or from within a job."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops.pipeline.keys import FILE, FOLDERS, ComponentKeys, OutputPort, Parameter, Port
from mlops.pipeline.literals import TYPES, check_parameter
from mlops.pipeline.place import Place
from mlops.pipeline.placeholders import check_command
from mlops.pipeline.references import check_code, check_environment
from mlops.settings.reading import read_yaml

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Component:
    """What a job's wiring has to fit."""

    place: Place
    command: str
    inputs: Mapping[str, Port | Parameter]
    outputs: Mapping[str, OutputPort]


def read_component(place: Place, value: Any) -> Component:
    """The component that a job names or holds. UserError when it cannot be run on both platforms."""
    if isinstance(value, dict):
        return checked_component(place, value)
    text = str(value).removeprefix("file:")
    if text.startswith("azureml:"):
        raise place.mistake(f"{text} is in a workspace, and this machine cannot run it; name the component's file")
    file = place.regular_file(text)
    return checked_component(Place(file), read_yaml(file))


def checked_component(place: Place, content: dict[str, Any]) -> Component:
    """The component with these keys. UserError at the first one that is wrong."""
    only_command(place, content)
    keys = place.read(ComponentKeys, content)
    check_names(place.at("inputs"), keys.inputs)
    check_names(place.at("outputs"), keys.outputs)
    inputs = {name: read_port(place.at("inputs", name), spec) for name, spec in keys.inputs.items()}
    outputs = {name: place.at("outputs", name).read(OutputPort, spec) for name, spec in keys.outputs.items()}
    check_command(place, keys.command, inputs, outputs)
    if keys.code is not None:
        check_code(place.at("code"), keys.code)
    check_environment(place.at("environment"), keys.environment)
    return Component(place, keys.command, inputs, outputs)


def only_command(place: Place, content: Any) -> None:
    """UserError when a job or component says that it is of another type, whose keys would all seem unknown."""
    if isinstance(content, dict) and content.get("type", "command") != "command":
        raise place.at("type").mistake(f"only command jobs and components can be run, got {content['type']!r}")


def read_port(place: Place, spec: Any) -> Port | Parameter:
    """A declared input: data or a literal, as its type says."""
    kind = spec.get("type", FILE) if isinstance(spec, dict) else FILE
    if kind not in (known := [*FOLDERS, FILE, *TYPES]):
        raise place.at("type").mistake(f"must be one of {', '.join(known)}, got {kind!r}")
    if kind not in TYPES:
        return place.read(Port, spec)
    parameter = place.read(Parameter, spec)
    check_parameter(place, parameter)
    return parameter


def check_names(place: Place, names: Iterable[Any], pattern: re.Pattern[str] = NAME) -> None:
    """UserError when Azure ML would refuse one of the names."""
    for name in names:
        if not pattern.fullmatch(str(name)):
            raise place.at(str(name)).mistake(f"this name is refused by Azure ML; it must match {pattern.pattern}")
