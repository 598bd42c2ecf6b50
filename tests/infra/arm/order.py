"""The order in which a template's resources are made: what `dependsOn` says, else as they are written."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from arm.errors import TemplateError
from arm.items import Item


def in_order(items: list[Item]) -> Iterator[tuple[Item, set[str]]]:
    """Each item and the keys of those that it directly waits for."""
    needed: dict[str, set[str]] = {}
    for number, item in enumerate(items):
        waits = {key for name in item.depends for key in _meant(name, item, items)}
        if item.serial:
            waits |= {other.key for other in items[:number] if other.loop == item.loop}
        needed[item.key] = needed.get(item.key, set()) | waits - {item.key}
    sorter = TopologicalSorter(dict.fromkeys(needed, ()))  # all of them first, so that the order is as written
    for key, keys in needed.items():
        sorter.add(key, *sorted(keys, key=list(needed).index))
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        raise TemplateError(f"these wait for each other: {', '.join(dict.fromkeys(error.args[1]))}") from error
    by_key = {item.key: item for item in sorted(items, key=lambda one: one.wanted)}
    yield from ((by_key[key], needed[key]) for key in order)


def _meant(name: str, item: Item, items: list[Item]) -> set[str]:
    """The keys of those that an entry of `dependsOn` names: by id, loop, symbolic name or name."""
    low = name.lower()
    found = {
        other.key
        for other in items
        if other.key == low or low in {other.loop.lower(), other.symbol.lower(), other.name.lower()} - {""}
    }
    if not found:
        raise TemplateError(f"{item.name} waits for {name!r}, which the template does not define")
    if found == {item.key}:
        raise TemplateError(f"{item.name} waits for itself")
    return found
