"""How jobs are wired: every reference leads to something there, and what it leads to is of the right type."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mlops.pipeline.component import Component
from mlops.pipeline.graph import Job, Source
from mlops.pipeline.keys import FILE, DataInput, DataOutput, JobKeys, OutputPort, Parameter, Port
from mlops.pipeline.literals import check_literal, is_literal
from mlops.pipeline.place import Place
from mlops.pipeline.references import MARK, data_path, source, target


@dataclass(frozen=True)
class Node:
    """A job as it is read: its keys and its component, not yet wired."""

    place: Place
    keys: JobKeys
    component: Component


@dataclass(frozen=True)
class Wiring:
    """given: the pipeline's inputs, literals or data. outputs: the names of its outputs."""

    given: Mapping[str, Any]
    outputs: Collection[str]
    nodes: Mapping[str, Node]

    def jobs(self) -> list[Job]:
        """The jobs, wired. UserError naming the first end that hangs loose or does not fit."""
        return [self.job(name, node) for name, node in self.nodes.items()]

    def job(self, name: str, node: Node) -> Job:
        component, keys = node.component, node.keys
        for kind, names, bound in [
            ("input", component.inputs, keys.inputs),
            ("output", component.outputs, keys.outputs),
        ]:
            for key in bound:
                node.place.at(f"{kind}s", key).known("the component", kind, key, names)
        return Job(
            name,
            component.command,
            self.inputs(node),
            frozenset(key for key, port in component.inputs.items() if port.optional),
            {key: self.target(node, key) for key in component.outputs},
            {key: str(value) for key, value in keys.environment_variables.items()},
        )

    def inputs(self, node: Node) -> dict[str, Source | str]:
        """The job's inputs. One that is left out has its default, or is optional."""
        inputs = {}
        for key, port in node.component.inputs.items():
            place = node.place.at("inputs", key)
            default = port.default if isinstance(port, Parameter) else None
            if key in node.keys.inputs:
                inputs[key] = self.input(place, node.keys.inputs[key], port)
            elif default is not None:
                inputs[key] = str(default)
            elif not port.optional:
                raise place.mistake("missing")
        return inputs

    def input(self, place: Place, value: Any, port: Port | Parameter) -> Source | str:
        """What an input is wired to, or the literal or path that it is."""
        if isinstance(value, dict):
            data = place.read(DataInput, value)
            if data.path is None:
                raise place.at("path").mistake("missing")
            if MARK not in data.path:
                check_fit(place, data, port)
                return data_path(place.at("path"), data.path, data.type)
            place, value = place.at("path"), data.path
        if isinstance(value, str) and MARK in value:
            found = source(place, value)
            check_fit(place, self.behind(place, found), port)
            return found
        check_fit(place, value, port)
        return str(value)

    def behind(self, place: Place, found: Source) -> Any:
        """What a reference leads to. UserError when there is nothing."""
        if not found.job:
            place.known("the pipeline", "input", found.name, self.given)
            return self.given[found.name]
        place.known("the pipeline", "job", found.job, self.nodes)
        outputs = self.nodes[found.job].component.outputs
        place.known(found.job, "output", found.name, outputs)
        return outputs[found.name]

    def target(self, node: Node, key: str) -> str:
        """The pipeline's output that a job's output is. UserError when the pipeline declares no such output."""
        place = node.place.at("outputs", key)
        if key not in node.keys.outputs:
            raise place.mistake("missing; make it an output of the pipeline")
        value = node.keys.outputs[key]
        if isinstance(value, dict):
            place, value = place.at("path"), place.read(DataOutput, value).path
        name = target(place, value)
        place.known("the pipeline", "output", name, self.outputs)
        return name


def check_fit(place: Place, value: Any, port: Port | Parameter) -> None:
    """UserError when the value (a literal, data or a job's output) is not what the component's input takes."""
    if isinstance(value, DataInput | OutputPort):
        if isinstance(port, Parameter) or (value.type == FILE) != (port.type == FILE):
            raise place.mistake(f"is a {value.type}, and the component takes a {port.type}")
    elif isinstance(port, Port) or not is_literal(value):
        raise place.mistake(f"is {value!r}, and the component takes a {port.type}")
    else:
        check_literal(place, value, port)
