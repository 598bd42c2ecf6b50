"""The repository's settings on Azure DevOps, by its REST interface.

What it has no words for stays with a person: the grant of free hosted agents (docs/first-run.md).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.ci import MAIN
from mlops.ci.api import Api
from mlops.ci.setup.azure_devops_checks import checks, of_connection, of_environment
from mlops.ci.setup.azure_devops_environments import connection, environment, no_connection, pipeline
from mlops.ci.setup.azure_devops_permissions import build_service, may, may_not, no_use, rights, use
from mlops.ci.setup.azure_devops_policies import policies
from mlops.ci.setup.azure_devops_rest import NEEDS, Rest, connection_name
from mlops.ci.setup.login import Token, azure_devops_token
from mlops.decide.infrastructure.repository import RepositorySettings, Subject
from mlops.decide.infrastructure.starting import Start, on_azure_devops
from mlops.decide.infrastructure.wanted import Wanted

VARIABLES, TABLE = (Path("azure-pipelines") / name for name in ("variables.yml", "pipelines.txt"))
PROJECTS = "52d39943-cb85-4d7f-8fa8-c6baac873819"  # permissions of projects
EDIT_PROJECT = 2


@dataclass(frozen=True)
class AzureDevOps:
    """A repository of Azure Repos."""

    organisation: str
    project: str
    repository: str
    name: str = "Azure DevOps"
    with_main: str = "main gets its rules, and the pipelines the right to propose,"
    _given: list[Token] = field(default_factory=list, repr=False, compare=False)  # the last one alone

    @property
    def token(self) -> Token:
        """Asked for again before it ends: while Azure makes its part, it may. UserError when nobody is logged in."""
        if not self._given or self._given[0].ends_soon():
            self._given[:] = [azure_devops_token()]
        return self._given[0]

    @property
    def rest(self) -> Rest:
        """A new look at what is there."""
        return Rest(self.organisation, self.project, self.repository, self.token)

    def missing(self) -> list[str]:
        place = f"{self.organisation}/{self.project}"
        try:
            rest = self.rest
            project = rest.whole.find(f"projects/{rest.quoted_project}")
            if project is None:
                return [f"Azure DevOps shows no project {place}; make it, or {NEEDS}"]
            lines = []
            if rest.api.find(f"git/repositories/{rest.quoted_repository}") is None:
                lines.append(f"{place}: no repository {self.repository}; `az repos create --name {self.repository}`")
            if not may_edit(rest.whole, project["id"]):
                lines.append(f"{place}: its settings are its administrators' alone; {NEEDS}")
            return lines
        except UserError as error:
            return [str(error)]

    def start(self) -> Start | None:
        number = self.rest.pipelines().get("train")
        return None if number is None else on_azure_devops(self.organisation, self.project, number)

    def has_main(self) -> bool:
        rest = self.rest
        path = f"git/repositories/{rest.repository_id}/refs"
        found = rest.api.call("GET", path, query={"filter": f"heads/{MAIN}"})["value"]  # and what begins like it
        return any(each["name"] == f"refs/heads/{MAIN}" for each in found)

    def subjects(self, names: Sequence[str]) -> Mapping[str, Subject]:
        """Known as soon as the connection is there, which needs the identity first."""
        rest = self.rest
        found = {name: rest.connection(name) for name in names}
        return {name: subject for name, each in found.items() if each and (subject := subject_of(each))}

    def wanted(self, desired: RepositorySettings, clients: Mapping[str, str]) -> list[Wanted]:
        """Pipelines come before what they may use, and the policies that start one of them last but the rights.

        Who has those is known once a pipeline has run, so that the first push comes before them.
        """
        rest = self.rest
        places = {name: of_environment(rest, name) for name in desired.environments}
        found = [environment(rest, name) for name in places]
        for place in places.values():
            found += checks(rest, place, desired)
        found += [pipeline(rest, name) for name in desired.pipelines]
        for name, client in clients.items():
            resource = of_connection(rest, name)
            found.append(connection(rest, name, client, desired))
            found += checks(rest, resource, desired)
            found.append(use(rest, resource, name, desired))
        found += [use(rest, place, name, desired) for name, place in places.items()]
        found += policies(rest, desired)
        given = rights(rest) if self.has_main() or build_service(rest) else []
        return [*found, *(may(rest, right) for right in given)]

    def unwanted(self, desired: RepositorySettings) -> list[Wanted]:
        rest = self.rest
        places = [of_environment(rest, name) for name in desired.environments]
        return [
            *(no_use(rest, place, desired) for place in places),
            *(no_connection(rest, name) for name in desired.environments),
            *(may_not(rest, right) for right in rights(rest)),
        ]

    def files(self, desired: RepositorySettings, read: Callable[[Path], str]) -> Mapping[Path, str]:
        """The names of the connections, which pipelines have to know before they start; their table says it, too."""
        found = {}
        for path, key, quote in ((VARIABLES, "", '"'), (TABLE, "variables.", "")):
            text = before = read(path)
            for name in desired.environments:
                line = f"  {key}{name}Connection: {quote}{connection_name(self.repository, name)}{quote}"
                there = re.search(rf"^  {re.escape(key)}{re.escape(name)}Connection:.*$", text, re.MULTILINE)
                text = text.replace(there[0], line) if there else f"{text}{line}\n"
            if text != before:
                found[path] = text
        return found


def may_edit(whole: Api, project: str) -> bool:
    """Whether whoever is logged in may change the project."""
    token = f"$PROJECT:vstfs:///Classification/TeamProject/{project}"
    return bool(whole.call("GET", f"permissions/{PROJECTS}/{EDIT_PROJECT}", query={"tokens": token})["value"][0])


def subject_of(connection: Mapping[str, Any]) -> Subject | None:
    """As the connection says it; None while it does not."""
    said = connection["authorization"].get("parameters") or {}
    parts = said.get("workloadIdentityFederationIssuer"), said.get("workloadIdentityFederationSubject")
    return Subject(str(parts[0]), str(parts[1])) if all(parts) else None
