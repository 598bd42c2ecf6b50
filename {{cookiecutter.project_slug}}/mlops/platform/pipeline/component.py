"""A command component: its command, its environment, and what its inputs take."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlops.platform.pipeline.node import FOLDERS, LITERALS, Node

WIDER = {"number": ("number", "integer"), **dict.fromkeys(FOLDERS, FOLDERS)}  # what takes more than its own type
ANY = re.compile(r"\$\{\{(.*?)\}\}")
PLACEHOLDER = re.compile(r"\$\{\{\s*((?:inputs|outputs)\.\w+)\s*\}\}")
OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
SHELL = frozenset("();<>|&")
ASSET = re.compile(r"azureml:(//.+|/subscriptions/.+|[^:@/]+[:@][^:@/]+)")


def read_component(node: Node) -> Node:
    """The component that a job names or holds. UserError when it cannot be run on both platforms."""
    component = node.linked().check("component")
    component.at("resources").check("resources")
    component.at("name").check_name(r"[a-z][a-z0-9_]*")
    for port in component.at("inputs").children().values():
        port.check("port").at("type").read(str)
        port.at("optional").read(bool, False)
        if port.at("default").value is not None:
            check_fit(port.at("default"), port.at("default"), port)
    for output in component.at("outputs").children().values():
        output.check("output")
    check_command(component)
    if component.at("code").value is not None:
        component.at("code").path("folder")
    image_of(component.at("environment"))
    return component


def type_of(value: Node) -> str:
    """The type of a literal, or the one that data says it has."""
    if isinstance(value.value, dict):
        return value.at("type").read(str, "uri_folder")
    if type(value.value) not in LITERALS:
        raise value.mistake(f"must be data or a literal, got {value.value!r}")
    return LITERALS[type(value.value)]


def check_fit(node: Node, value: Node, port: Node) -> None:
    """UserError at the node when the value (data, a literal or a job's output) is not what the port takes."""
    kind, wanted, given = type_of(value), port.at("type").read(str), value.value
    if kind not in WIDER.get(wanted, (wanted,)):
        shown = kind if isinstance(given, dict) else f"{kind} ({given!r})"
        quote = "; quote it" if wanted == "string" and kind in LITERALS.values() else ""  # YAML reads `no` as False
        raise node.mistake(f"is of type {shown}, and the component takes {wanted}{quote}")
    if kind == "string":
        replace(node, value=given).one_of(port.at("enum").read(list, [given]))
    if kind in ("integer", "number"):
        least, most = port.at("min").read(float, float("-inf")), port.at("max").read(float, float("inf"))
        if not least <= given <= most:
            raise node.mistake(f"must be from {least:g} to {most:g}, got {given!r}")


def check_command(component: Node) -> None:
    """UserError when the command needs a shell, or does not fit the component's inputs and outputs."""
    node = component.at("command")
    command = node.read(str)
    check_words(node, command)
    ports = {
        f"{kind}.{name}": port for kind in ("inputs", "outputs") for name, port in component.at(kind).children().items()
    }
    for name in ANY.findall(command):
        replace(node, value=name.strip()).one_of(ports)
    always = PLACEHOLDER.findall(OPTIONAL.sub("", command))
    for name, port in ports.items():
        if name not in PLACEHOLDER.findall(command):
            raise port.mistake("the command does not use it; name it there, or take it out")
        if port.at("optional").value and name in always:
            raise port.mistake("is optional, so the command may name it within $[[...]] only")


def check_words(node: Node, command: str) -> None:
    """UserError when the command is more than one program with its arguments: it runs without a shell here."""
    if "\n" in command.strip():
        raise node.mistake("must be one line; write it with >- instead of |")
    try:
        words = list(shlex.shlex(ANY.sub("value", command), posix=True, punctuation_chars=True))
    except ValueError as error:
        raise node.mistake(f"cannot be read: {str(error).lower()}") from None
    for word in words:
        if set(word) <= SHELL:
            raise node.mistake(f"{word} needs a shell; a step is one program with its arguments")


def fill(command: str, values: Mapping[str, str]) -> list[str]:
    """The command as arguments. An optional part `$[[...]]` goes when one of its values is not there."""

    def keep(match: re.Match[str]) -> str:
        return match[1] if all(name in values for name in PLACEHOLDER.findall(match[1])) else ""

    tight = PLACEHOLDER.sub(lambda match: f"${{{{{match[1]}}}}}", OPTIONAL.sub(keep, command))
    return [PLACEHOLDER.sub(lambda match: values[match[1]], word) for word in shlex.split(tight)]


def check_asset(node: Node) -> None:
    """UserError when this names no asset of Azure ML's, or not which version of it."""
    if not ASSET.fullmatch(node.read(str)):
        raise node.mistake(f"must be azureml:<name>:<version> or azureml:<name>@<label>, got {node.value!r}")


def image_of(node: Node) -> Path | None:
    """The folder that an environment is built from, None where it is not.

    UserError when it is neither an asset with a version, nor a file or keys that say how to build one.
    """
    if isinstance(node.value, str) and not node.value.startswith("file:"):
        check_asset(node)
        return None
    node = node.linked()
    build, path = node.at("build"), node.at("build").at("path")
    if (build.value is None) == (node.at("image").value is None):
        raise node.mistake("needs build or image, and not both")
    if build.value is not None:
        dockerfile = build.at("dockerfile_path").read(str, "Dockerfile")
        if not (path.path("folder") / dockerfile).is_file():
            raise path.mistake(f"{path.value} holds no {dockerfile}")
        if node.at("conda_file").value is not None:
            raise node.at("conda_file").mistake("goes with image, not with build")
        return path.path("folder").resolve()
    return None
