"""What Azure says would change, as lines that people read."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlops.platform.subscription.az import SECRET

NO_CHANGE = {"nochange", "ignore", "noeffect", "unsupported", "deploy"}  # the last two: Azure cannot tell
SHOWN = 60  # characters of a value
NUMBER = re.compile(r" [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # as a name


def without(secret: str, part: Any) -> Any:
    """The same with stars for the secret: Azure shows what one has become part of."""
    if isinstance(part, dict):
        return {key: without(secret, each) for key, each in part.items()}
    if isinstance(part, list):
        return [without(secret, each) for each in part]
    return part.replace(secret, "***") if secret and isinstance(part, str) else part


def lines_of(change: Mapping[str, Any]) -> Iterator[str]:
    """A line for a resource that comes or goes, or one for each of its properties that would change."""
    name, kind = short(str(change.get("resourceId", ""))), str(change["changeType"]).lower()
    if kind == "create":
        yield f"{name}: none -> there"
    elif kind == "delete":
        yield f"{name}: there -> none"
    elif kind not in NO_CHANGE:
        for each in properties_of(change.get("delta") or []):
            yield f"{name}: {each}"


def properties_of(delta: list[Mapping[str, Any]], prefix: str = "") -> Iterator[str]:
    """`path: before -> after` of the properties that would change."""
    for each in delta:
        path = f"{prefix}{each.get('path', '')}"
        if str(each.get("propertyChangeType", "")).lower() in NO_CHANGE:
            continue
        if each.get("children"):
            yield from properties_of(each["children"], f"{path}.")
        else:
            yield f"{path}: {shown(each.get('before'))} -> {shown(each.get('after'))}"


def together(lines: list[str]) -> list[str]:
    """Resources that have numbers for names, as role assignments have, counted by where they are."""
    counted: dict[str, int] = {}
    for line in lines:
        key = NUMBER.sub("", line)
        counted[key] = counted.get(key, 0) + 1
    return [line if number == 1 else f"{number} {line}" for line, number in counted.items()]


def shown(value: Any) -> str:
    """A value on one line, cut where it is long."""
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    text = SECRET.sub("***", text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def short(resource: str) -> str:
    """A resource as people know it: its type's last word, its name, and the group it lies in."""
    parts = resource.strip("/").split("/")
    if len(parts) < 6:
        return f"resource group {parts[-1]}"
    group = f" in {parts[3]}" if parts[2].lower() == "resourcegroups" else ""
    return f"{parts[-2]} {parts[-1]}{group}"
