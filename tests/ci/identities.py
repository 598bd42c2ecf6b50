"""Identities in Azure: a project that has one for each environment, and which of them a command could log in with.

On GitHub the ids are variables, and whose identity it is follows from the job's environment; on Azure DevOps each
environment has its service connection, which knows the ids.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ci.events import Event
from ci.server import Server

VARIABLES = {f"AZURE_{part}_ID": part.lower() for part in ("CLIENT", "TENANT", "SUBSCRIPTION")}
CONNECTIONS = ("training", "staging", "production", "monitoring")
OPEN_THE_WORKSPACE = tuple(
    f"uv run {command}"
    for command in (
        "run_pipeline",
        "register",
        "promote",
        "apply",
        "smoke",
        "plan staging",
        "plan production",
        "revert",
        "monitor",
    )
)
NOT_THAT = "--pull-request"  # without any identity, on this machine alone


def opens_the_workspace(call: str) -> bool:
    """Whether the command asks something of Azure."""
    return call.startswith(OPEN_THE_WORKSPACE) and NOT_THAT not in call


def with_connections(server: Server, event: Event) -> Event:
    """The event in a project whose environments have service connections; a pull request needs none."""
    if event.kind == "pull_request":
        return event
    text = "variables:\n" + "".join(f"  {name}Connection: {name}\n" for name in CONNECTIONS)
    return replace(event, commit=server.push({"azure-pipelines/variables.yml": text}, "connected").commit)


def identity_of(call: str, seen: Mapping[str, Any]) -> str:
    """Whose identity the command that opens the workspace can log in with; nothing where one part is missing."""
    return str(seen["identity"]) if opens_the_workspace(call) else ""
