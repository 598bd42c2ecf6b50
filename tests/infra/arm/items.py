"""The resources of one template, one by one: loops are unrolled, ids are known, bodies are not evaluated yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.errors import TemplateError
from arm.functions import yes_or_no
from arm.ids import resource_id
from arm.scope import Scope

NOT_IN_BODY = {
    "apiVersion",
    "comments",
    "condition",
    "copy",
    "dependsOn",
    "existing",
    "metadata",
    "name",
    "resourceGroup",
    "scope",
    "subscriptionId",
    "type",
}


@dataclass(frozen=True)
class Item:
    """One resource of a template, or one module."""

    id: str
    name: str
    place: str  # where it is deployed to
    source: Mapping[str, Any]
    copies: dict[str, int]
    depends: tuple[str, ...]  # as the template says it
    wanted: bool  # false: its condition is, or Azure has it
    symbol: str = ""
    loop: str = ""
    serial: bool = False  # one after the other

    @property
    def key(self) -> str:
        """The id, as it is compared."""
        return self.id.lower()


def expand(template: Mapping[str, Any], scope: Scope) -> list[Item]:
    """All items, as often as their loops say."""
    resources = template["resources"]
    named = resources.items() if isinstance(resources, Mapping) else (("", one) for one in resources)
    scope.starting = True
    items = [item for symbol, source in named for item in _repeated(symbol, source, scope)]
    scope.starting = False
    seen: set[str] = set()
    for item in items:
        if item.wanted and item.key in seen:
            raise TemplateError(f"{item.id} is defined twice")
        if item.wanted:
            seen.add(item.key)
    return items


def _repeated(symbol: str, source: Mapping[str, Any], scope: Scope) -> Iterator[Item]:
    for key in ("type", "apiVersion", "name"):
        if key not in source:
            raise TemplateError(f"a resource without {key!r}: {source}")
    if "copy" not in source:
        yield _item(symbol, source, scope, {})
        return
    name = source["copy"]["name"]
    count = scope.value(source["copy"]["count"])
    if not isinstance(count, int):
        raise TemplateError(f"loop {name!r}: {count!r} is not a number of copies")
    for index in range(count):
        yield _item(symbol, source, scope, {name.lower(): index, "": index})


def _item(symbol: str, source: Mapping[str, Any], scope: Scope, copies: dict[str, int]) -> Item:
    scope.copies = copies
    name, place = scope.value(source["name"]), _place(source, scope)
    copy = source.get("copy", {})
    wanted = yes_or_no(scope.value(source.get("condition", True))) and not source.get("existing", False)
    item = Item(
        id=_id(source["type"], name, place),
        name=name,
        place=place,
        source=source,
        copies=copies,
        depends=tuple(scope.value(source.get("dependsOn", []))),
        wanted=wanted,
        symbol=symbol,
        loop=copy.get("name", ""),
        serial=str(copy.get("mode", "")).lower() == "serial",
    )
    scope.copies = {}
    return item


def _id(kind: str, name: str, place: str) -> str:
    if not name:
        raise TemplateError(f"a resource {kind} has an empty name")
    try:
        return resource_id(place, kind, *name.split("/"))
    except TemplateError as error:
        raise TemplateError(f"{name}: {error}") from error


def _place(source: Mapping[str, Any], scope: Scope) -> str:
    """Where it is deployed: another group, the resource that it extends, or here."""
    if "scope" in source:
        extended = scope.value(source["scope"])
        return extended if extended.startswith("/") else f"{scope.place}/providers/{extended}"
    if "resourceGroup" in source or "subscriptionId" in source:
        subscription = scope.value(source.get("subscriptionId", scope.world.environment.subscription))
        place = f"/subscriptions/{subscription}"
        return f"{place}/resourceGroups/{scope.value(source['resourceGroup'])}" if "resourceGroup" in source else place
    return scope.place
