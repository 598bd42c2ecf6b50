"""Names that Azure makes: ids of resources, and texts that are the same for the same input."""

import base64
import hashlib
import uuid

from arm.errors import TemplateError

GUIDS = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")  # the namespace in which Azure makes them
GROUPS = "Microsoft.Resources/resourceGroups"


def resource_id(place: str, kind: str, *names: str) -> str:
    """The id of a resource of this kind below a place: a subscription, a group, another resource."""
    provider, *types = kind.split("/")
    if len(names) != len(types):
        raise TemplateError(f"{kind} has {len(types)} names, given are {len(names)}: {', '.join(map(str, names))}")
    if kind.lower() == GROUPS.lower():
        return f"{place}/resourceGroups/{names[0]}"
    return f"{place}/providers/{provider}" + "".join(f"/{one}/{name}" for one, name in zip(types, names, strict=True))


def kind_of(id_: str) -> str:
    """`Microsoft.Storage/storageAccounts` of a resource's id."""
    if "/providers/" not in id_.lower():
        return GROUPS
    provider, *parts = id_[id_.lower().rindex("/providers/") + len("/providers/") :].split("/")
    return "/".join([provider, *parts[0::2]])


def parent_of(id_: str) -> str | None:
    """The id of the resource that this one is a part of; None for one that stands alone."""
    return id_.rsplit("/", 2)[0] if kind_of(id_).count("/") > 1 else None


def place_of(id_: str) -> str:
    """Where a resource lies: the subscription, the group, or the resource that it extends."""
    at = id_.lower().rfind("/providers/")
    return id_[:at] if at >= 0 else id_.rsplit("/", 2)[0]


def unique_text(*parts: str) -> str:
    """13 letters and digits. Not those that Azure makes of the same parts, but as constant."""
    return base64.b32encode(hashlib.sha256("-".join(parts).encode()).digest()).decode().lower()[:13]


def guid(*parts: str) -> str:
    """A UUID made of the parts, always the same."""
    return str(uuid.uuid5(GUIDS, "-".join(parts)))
