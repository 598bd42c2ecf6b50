"""Whether two compiled templates are the same: as JSON, whatever version of Bicep says that it made them."""

from collections.abc import Iterator
from typing import Any

METADATA, GENERATOR = "metadata", "_generator"  # its version, and a hash of the rest


def places_that_differ(one: Any, other: Any) -> list[str]:
    """Where they differ, as `resources.groups.tags[0]`; empty when they are the same."""
    return list(differing(unsigned(one), unsigned(other)))


def unsigned(part: Any) -> Any:
    """The same without what Bicep says of itself, also in the templates inside it."""
    if isinstance(part, list):
        return [unsigned(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {key: unsigned(value) for key, value in part.items() if key != METADATA}
    said = part.get(METADATA)
    if isinstance(said, dict):
        said = {key: value for key, value in said.items() if key != GENERATOR}
    return {**kept, METADATA: said} if said else kept


def differing(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """The places below that one. A key that only one has is such a place, and so is a list of another length."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            where = f"{place}.{key}" if place else key
            if key in one and key in other:
                yield from differing(one[key], other[key], where)
            else:
                yield where
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differing(*pair, f"{place}[{index}]")
    elif type(one) is not type(other) or one != other:  # true is no 1
        yield place
