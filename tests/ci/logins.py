"""Logins to Azure: a project that has identities for them, and whether Azure DevOps logs in where it should."""

from dataclasses import replace
from pathlib import Path

from ci.events import Event
from ci.recorder import Recorder
from ci.server import Server

IDENTITY = {"AZURE_CLIENT_ID": "id"}  # on GitHub, variables; on Azure DevOps, the connections of variables.yml
CONNECTIONS = ("stagingConnection", "productionConnection", "monitoringConnection")
LOGINS = {"pull-request": 0, "train": 1, "deploy": 2, "monitor": 1}


def with_connections(server: Server, event: Event) -> Event:
    """The event in a project whose environments have service connections; a pull request needs none."""
    if event.kind == "pull_request":
        return event
    text = "variables:\n" + "".join(f"  {name}: azure\n" for name in CONNECTIONS)
    return replace(event, commit=server.push({"azure-pipelines/variables.yml": text}, "connected").commit)


def login_problem(pipeline: str, folder: Path) -> str:
    """What is wrong with the logins of Azure DevOps, which are commands; those of GitHub fail by themselves."""
    seen = Recorder(folder).calls()
    logins = sum(each["call"][:2] == ["az", "login"] for each in seen)
    if logins != LOGINS[pipeline]:
        return f"logged in {logins} times instead of {LOGINS[pipeline]}"
    forgotten = [each for each in seen if each["call"][1:3] == ["run", "rehearsal"] and not each["login"]]
    return "the login is forgotten by the commands after it" if logins and forgotten else ""
