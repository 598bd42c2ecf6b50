"""What Microsoft's own contracts say of a request to Azure Resource Manager and of the stand-in's reply to it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from standin import schedules
from standin.oracles import bicep, wheel

TYPES_VARIABLE = "AZURE_TYPES_DIR"
PROVIDED = re.compile(r"/providers/Microsoft\.MachineLearningServices/((?:workspaces|registries)/.+)$", re.IGNORECASE)

# Where the contract is not the service's. The SDK itself sends a number where the specification says text. And by the
# specification a probe's path must have a letter in it, while the probe of Microsoft's own inference server is at "/".
NEWEST = "2025-12-01"  # the version of the wheel's models
AT_ROOT = "$.properties.inferenceConfig.{}.path: '/' does not match [a-zA-Z0-9_]"
DEVIATIONS = {
    ("workspaces/codes/versions", "$.properties.properties.hash_version: 202208 is not text"),
    ("workspaces/environments/versions", AT_ROOT.format("livenessRoute")),
    ("workspaces/environments/versions", AT_ROOT.format("readinessRoute")),
}


class Entry(Protocol):
    """What of a log entry is looked at."""

    method: str
    host: str
    path: str
    api_version: str | None
    body: Any
    status: int
    reply: Any


@dataclass(frozen=True)
class Target:
    """What a path names: a resource, a list of them (no name), or an action on one."""

    kind: str  # such as workspaces/onlineEndpoints/deployments
    name: str | None
    action: str | None = None


def target(method: str, path: str) -> Target | None:
    """The target of a request; None for what the contracts do not cover, as polls of operations and other providers."""
    match = PROVIDED.search(path)
    if match is None:
        return None
    parts = match[1].strip("/").split("/")
    action = parts.pop() if method == "POST" else None
    kind = "/".join(parts[0::2])
    return Target(kind, parts[-1] if len(parts) % 2 == 0 else None, action)


def check(what: Target, api_version: str | None, body: Any, sent: bool) -> list[str]:
    """What every contract at hand finds wrong with one body."""
    if what.action and (model := wheel.silent(what.kind, what.action)):
        return wheel.check_action(model, body)
    found = [] if what.action else wheel.check(what.kind, in_new_words(what, body), sent)
    if folder := os.environ.get(TYPES_VARIABLE):
        found += bicep.check(Path(folder), what, api_version or "", body, sent)
    return [problem for problem in found if (what.kind, problem) not in DEVIATIONS]


def in_new_words(what: Target, body: Any) -> Any:
    """The body as the wheel's models have it: the SDK itself writes monitors in an older version's words."""
    return schedules.as_of(NEWEST, body) if what.kind == "workspaces/schedules" else body


def problems(entry: Entry) -> list[str]:
    """What is wrong with a request and its reply, one line each; nothing for what no contract covers."""
    what = target(entry.method, entry.path) if entry.host == "management.azure.com" else None
    if what is None:
        return []
    found = []
    if entry.body is not None:
        if entry.method == "PATCH":  # Microsoft's type files have whole resources only
            wrong = wheel.check(what.kind, entry.body, sent=True, in_part=True)
        else:
            wrong = check(what, entry.api_version, entry.body, sent=True)
        found += [f"request: {problem}" for problem in wrong]
    if entry.reply is not None and entry.status < 400:
        listed = what.name is None and what.action is None
        for item in entry.reply["value"] if listed else [entry.reply]:
            one = Target(what.kind, item["name"]) if listed else what
            found += [f"reply: {problem}" for problem in check(one, entry.api_version, item, sent=False)]
    return [f"{entry.method} {entry.path} {problem}" for problem in dict.fromkeys(found)]
