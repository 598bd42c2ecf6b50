"""Bodies against the Bicep types, which Microsoft generates from its REST specifications, one file an api-version."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standin.oracles import Target

REQUIRED, READ_ONLY = 1, 2  # bits of a property's flags
PROVIDER = "Microsoft.MachineLearningServices"
ENVELOPE = {"id", "name", "type", "apiVersion", "systemData"}  # of every resource, and in its path, not its body


@cache
def load(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text(encoding="utf-8"))


def check(folder: Path, what: "Target", api_version: str, body: Any, sent: bool) -> list[str]:
    """What is wrong with the body of a resource or action, in a request (sent) or a reply."""
    file = folder / f"{api_version}.json"
    if not file.exists():
        return [f"no types of api-version {api_version!r}"]
    contract = Contract(load(file), sent)
    if what.action:
        return list(contract.action(what.kind, what.action, body))
    return list(contract.resource(what.kind, what.name, body))


@dataclass(frozen=True)
class Contract:
    """The types of one api-version, as they hold for a request (sent) or a reply."""

    types: list[dict[str, Any]]
    sent: bool

    def find(self, tag: str, name: str) -> dict[str, Any] | None:
        """The first type of this tag whose full name starts so, None if there is none. Case does not count."""
        for type_ in self.types:
            full = f"{type_.get('resourceType', '')}/{type_.get('name', '')}@".lstrip("/").lower()
            if type_["$type"] == tag and full.startswith(f"{PROVIDER}/{name}@".lower()):
                return type_
        return None

    def resource(self, kind: str, name: str | None, body: Any) -> Iterator[str]:
        """What is wrong with a resource. Its envelope only repeats the path, so the name is taken from there."""
        found = self.find("ResourceType", kind)
        if found is None:
            yield f"no resource type {kind}"
        else:
            yield from self.body(found, name, body)

    def body(self, entry: dict[str, Any], name: str | None, body: Any) -> Iterator[str]:
        """What is wrong with a resource of the type that an entry of the file describes."""
        if not isinstance(body, dict):
            yield f"$: {body!r} is not an object"
        else:
            properties = self.types[int(entry["body"]["$ref"].removeprefix("#/"))]["properties"]
            inner = {key: part for key, part in properties.items() if key not in ENVELOPE}
            yield from self.value(properties["name"]["type"], name, "$.name")
            yield from self.properties({"properties": inner}, {k: v for k, v in body.items() if k not in ENVELOPE}, "$")

    def action(self, kind: str, action: str, body: Any) -> Iterator[str]:
        """What is wrong with what a POST takes or gives."""
        found = self.find("ResourceFunctionType", f"{kind}/{action}")
        if found is None:
            yield f"no action {action} on {kind}"
        elif reference := found.get("input" if self.sent else "output"):
            yield from self.value(reference, body, "$")

    def value(self, reference: dict[str, str], value: Any, path: str) -> Iterator[str]:
        """What is wrong with a value of the type that a reference points to. A reply may say null for what it lacks."""
        type_ = self.types[int(reference["$ref"].removeprefix("#/"))]
        if value is None:
            if self.sent:
                yield f"{path}: null"
            return
        checks = {
            "AnyType": self.anything,
            "StringType": self.text,
            "StringLiteralType": self.literal,
            "IntegerType": self.number,
            "BooleanType": self.boolean,
            "UnionType": self.union,
            "ArrayType": self.items,
            "ObjectType": self.properties,
            "DiscriminatedObjectType": self.variant,
        }
        yield from checks[type_["$type"]](type_, value, path)

    def anything(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        yield from ()

    def text(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path}: {value!r} is not text"
        elif not type_.get("minLength", 0) <= len(value) <= type_.get("maxLength", len(value)):
            yield f"{path}: {value!r} is too short or too long"
        elif not re.search(type_.get("pattern", ""), value):
            yield f"{path}: {value!r} does not match {type_['pattern']}"

    def literal(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        if str(value).lower() != type_["value"].lower():
            yield f"{path}: {value!r} is not {type_['value']!r}"

    def number(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        """Numbers with a fraction too: these types know only one kind of number."""
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            yield f"{path}: {value!r} is not a number"
        elif not type_.get("minValue", value) <= value <= type_.get("maxValue", value):
            yield f"{path}: {value!r} is out of range"

    def boolean(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, bool):
            yield f"{path}: {value!r} is not a boolean"

    def union(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        """Any of the elements will do; else the complaints of the first."""
        found = [list(self.value(element, value, path)) for element in type_["elements"]]
        if all(found):
            yield f"{path}: {value!r} fits none of the allowed: {found[0][0]}"

    def items(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is not a list"
            return
        for number, item in enumerate(value):
            yield from self.value(type_["itemType"], item, f"{path}[{number}]")

    def variant(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        """An object whose discriminator chooses the rest of its properties."""
        key = type_["discriminator"]
        named = value.get(key) if isinstance(value, dict) else None
        chosen = {name.lower(): element for name, element in type_["elements"].items()}.get(str(named).lower())
        if chosen is None:
            yield f"{path}.{key}: {named!r} is none of {sorted(type_['elements'])}"
            return
        own = self.types[int(chosen["$ref"].removeprefix("#/"))]
        properties = type_["baseProperties"] | own.get("properties", {})
        yield from self.properties({**own, "properties": properties}, value, path)

    def properties(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        """An object: closed, nothing read-only sent, nothing required missing."""
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is not an object"
            return
        properties, other = type_.get("properties") or {}, type_.get("additionalProperties")
        for key, item in value.items():
            if key in properties:
                if self.sent and properties[key]["flags"] & READ_ONLY:
                    yield f"{path}.{key}: read-only, but sent"
                yield from self.value(properties[key]["type"], item, f"{path}.{key}")
            elif other:
                yield from self.value(other, item, f"{path}.{key}")
            else:
                yield f"{path}: unknown property {key!r}"
        for key, part in properties.items():
            if part["flags"] & REQUIRED and key not in value:
                yield f"{path}: required {key!r} is missing"
