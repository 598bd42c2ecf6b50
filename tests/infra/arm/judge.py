"""What the services would refuse of a deployment: by Microsoft's types of each api-version, and by the rules."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from arm.deployment import Deployed
from arm.ids import place_of
from arm.live import Resource
from arm.rules import broken
from arm.scope import Live
from standin.oracles.bicep import PROVIDER, READ_ONLY, Contract, load

SUBSCRIPTION, GROUP, EXTENSION = 4, 8, 16  # bits of where a type may be written


@dataclass(frozen=True)
class Problem:
    """What is wrong with a resource."""

    id: str
    what: str

    def __str__(self) -> str:
        return f"{self.id}: {self.what}"


def problems(deployed: Deployed, live: Live, types: Path | None) -> list[Problem]:
    """All that is wrong, by resource; without the folder of the types only what the rules find."""
    found = []
    for resource in deployed.resources:
        against_types = contract_problems(types, resource) if types else ()
        found += [Problem(resource.id, what) for what in (*against_types, *broken(resource, deployed, live))]
    return found


def contract_problems(folder: Path, resource: Resource) -> Iterator[str]:
    """What Microsoft's types say against the body, and against the place that it is put to."""
    types, entry = _entry(folder, resource.type.lower(), resource.api_version)
    if entry is None:
        yield f"no types of {resource.type}@{resource.api_version}"
        return
    if not entry["writableScopes"] & _scope(resource):
        yield f"{resource.type} cannot lie in {place_of(resource.id)}"
    if "location" not in resource.body and _has_location(types, entry):
        yield "has no location, which Azure asks for wherever there can be one"
    yield from _Known(types, sent=True).body(entry, resource.name, resource.body)


class _Known(Contract):
    """Takes no word that Microsoft does not list, even where the service may know more: Bicep warns of those, too."""

    def union(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        elements = (self.types[int(each["$ref"].removeprefix("#/"))] for each in type_["elements"])
        words = sorted(each["value"] for each in elements if each["$type"] == "StringLiteralType")
        if words and isinstance(value, str) and value.lower() not in map(str.lower, words):
            yield f"{path}: {value!r} is none of {words}"
        else:
            yield from super().union(type_, value, path)


def _has_location(types: list[dict[str, Any]], entry: dict[str, Any]) -> bool:
    location = types[int(entry["body"]["$ref"].removeprefix("#/"))].get("properties", {}).get("location")
    return location is not None and not location["flags"] & READ_ONLY


def _scope(resource: Resource) -> int:
    place = place_of(resource.id).lower()
    if "/providers/" in place:
        return EXTENSION
    return GROUP if "/resourcegroups/" in place else SUBSCRIPTION


def _entry(folder: Path, kind: str, api_version: str) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The types of an api-version and the one of this kind. Those of other providers lie in a folder beside."""
    if kind.startswith(f"{PROVIDER.lower()}/"):
        file = folder / f"{api_version}.json"
        types = load(file) if file.exists() else []
        return types, Contract(types, sent=True).find("ResourceType", kind.partition("/")[2])
    beside = folder.parent / "infra-types"
    place = _index(beside).get(f"{kind}@{api_version}")
    if place is None:
        return [], None
    types = load(beside / place["file"])
    return types, types[place["type"]]


@cache
def _index(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """File and number of each resource type, by kind in small letters and api-version."""
    return {key.lower(): place for key, place in json.loads((folder / "index.json").read_text("utf-8")).items()}
