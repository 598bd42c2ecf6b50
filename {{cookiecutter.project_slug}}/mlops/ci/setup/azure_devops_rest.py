"""The REST interface of Azure DevOps: of the organisation, the project and the people, and what all settings need."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from mlops import UserError
from mlops.ci import MAIN
from mlops.ci.api import Api, Query
from mlops.ci.azure_devops import VERSION
from mlops.ci.setup.login import AZURE_DEVOPS_VARIABLE, Token
from mlops.decide.infrastructure.repository import RepositorySettings
from mlops.repo.git import REMOTE

SERVER, PEOPLE = "https://dev.azure.com", "https://vssps.dev.azure.com"
REF = f"refs/heads/{MAIN}"
NEEDS = f"log in as an administrator of the project: `az login`, or {AZURE_DEVOPS_VARIABLE} with full access"
Thing = dict[str, Any]


@dataclass(frozen=True)
class Remembering(Api):
    """One that asks each question once until something is written: most settings ask for the same few things."""

    memory: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    def call(self, method: str, path: str, body: Any = None, query: Query | None = None, kind: str = "json") -> Any:
        if method != "GET":
            self.memory.clear()
            return super().call(method, path, body, query, kind)
        question = self.address(path), repr(sorted({**self.query, **(query or {})}.items()))
        if question not in self.memory:
            self.memory[question] = super().call(method, path, body, query, kind)
        return deepcopy(self.memory[question])


@dataclass(frozen=True)
class Rest:
    """What opens the repository, which is named by its organisation, project and own name."""

    organisation: str
    project: str
    repository: str
    token: Token

    @cached_property
    def whole(self) -> Api:
        """The organisation."""
        base = f"{SERVER}/{quote(self.organisation, safe='')}/_apis"
        return Remembering(base, self.token.text, NEEDS, query={"api-version": VERSION}, personal=self.token.personal)

    @cached_property
    def api(self) -> Api:
        """The project."""
        path = f"{quote(self.organisation, safe='')}/{self.quoted_project}"
        return replace(self.whole, base=f"{SERVER}/{path}/_apis")

    @cached_property
    def preview(self) -> Api:
        """What pipelines use, of which this version has a preview only: environments, checks and permissions."""
        return replace(self.api, base=f"{self.api.base}/pipelines", query={"api-version": f"{VERSION}-preview.1"})

    @cached_property
    def people(self) -> Api:
        """Whoever is known to the organisation."""
        return replace(self.whole, base=f"{PEOPLE}/{quote(self.organisation, safe='')}/_apis")

    @property
    def quoted_project(self) -> str:
        return quote(self.project, safe="")

    @property
    def quoted_repository(self) -> str:
        return quote(self.repository, safe="")

    @cached_property
    def project_id(self) -> str:
        return str(self.whole.call("GET", f"projects/{self.quoted_project}")["id"])

    @cached_property
    def repository_id(self) -> str:
        found = self.api.find(f"git/repositories/{self.quoted_repository}")
        if found is None:
            raise UserError(
                f"Azure DevOps shows no repository {self.repository} in {self.organisation}/{self.project};"
                f" let the remote {REMOTE} name one that is there, or {NEEDS}"
            )
        return str(found["id"])

    @property
    def folder(self) -> str:
        """Where the pipelines are: `monitor` looks for `train` there."""
        return f"\\{self.repository}"

    def environment(self, name: str) -> int | None:
        """The number of the environment; None when there is none."""
        found = self.preview.call("GET", "environments", query={"name": name})["value"]
        return next((int(each["id"]) for each in found if each["name"] == name), None)

    def pipelines(self) -> Mapping[str, int]:
        """The numbers of the pipelines in our folder, by name."""
        found = self.api.call("GET", "build/definitions", query={"path": self.folder})["value"]
        return {str(each["name"]): int(each["id"]) for each in found}

    def connection(self, environment: str) -> Thing | None:
        """The service connection, whole; None when there is none."""
        name = connection_name(self.repository, environment)
        found = self.api.call("GET", "serviceendpoint/endpoints", query={"endpointNames": name})["value"]
        return next((dict(each) for each in found if each["name"] == name), None)

    def me(self) -> Thing:
        """Who is logged in."""
        query = {"api-version": f"{VERSION}-preview"}
        return dict(self.whole.call("GET", "connectionData", query=query)["authenticatedUser"])

    def person(self, mail: str) -> str:
        """The id of that person. UserError when there is none, or more than one."""
        query = {"searchFilter": "MailAddress", "filterValue": mail}
        found = self.people.call("GET", "identities", query=query)["value"]
        if len(found) != 1:
            raise UserError(
                f"infra/parameters.yml: reviewers: Azure DevOps knows {len(found)} people with the address {mail};"
                " write one that belongs to one person of the organisation"
            )
        return str(found[0]["id"])

    def reviewers(self, desired: RepositorySettings) -> list[str]:
        """The ids of those whom the project names."""
        return [self.person(mail) for mail in desired.reviewers]


def connection_name(repository: str, environment: str) -> str:
    """What the connection of the environment is called; other repositories of the project have theirs."""
    return f"{repository}-{environment}"
