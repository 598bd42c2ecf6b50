"""The repository's settings on GitHub, by its REST interface."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlops import UserError
from mlops.ci import MAIN
from mlops.ci.api import Api
from mlops.ci.github import VERSION
from mlops.ci.setup import github_actions
from mlops.ci.setup.github_environments import environment
from mlops.ci.setup.github_rules import main_rule
from mlops.ci.setup.github_variables import no_variable, variable
from mlops.ci.setup.login import github_token
from mlops.decide.infrastructure.repository import CLIENT, RepositorySettings, Subject
from mlops.decide.infrastructure.starting import Start, on_github
from mlops.decide.infrastructure.wanted import Wanted

SERVER = "https://api.github.com"
ISSUER = "https://token.actions.githubusercontent.com"
NEEDS = "log in as an administrator of the repository: `gh auth login`, or GH_TOKEN with the scope `repo`"
DEFAULT_CLAIMS = ["repo", "context"]
OWNERS = Path(".github") / "CODEOWNERS"
CUSTOMISATION = "actions/oidc/customization/sub"


@dataclass(frozen=True)
class GitHub:
    """A repository on github.com."""

    owner: str
    repository: str
    name: str = "GitHub"
    with_main: str = "main gets its rules"

    @cached_property
    def api(self) -> Api:
        """The API of this repository. UserError when nobody is logged in."""
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
        base = f"{SERVER}/repos/{quote(self.owner, safe='')}/{quote(self.repository, safe='')}"
        return Api(base, github_token(), NEEDS, headers)

    @cached_property
    def people(self) -> Api:
        """The API of the whole host."""
        return replace(self.api, base=SERVER)

    def missing(self) -> list[str]:
        try:
            found = self.api.find("")
        except UserError as error:
            return [str(error)]
        if found is None:
            return [f"GitHub shows no repository {self.owner}/{self.repository}; make it, or {NEEDS}"]
        lines = []
        if not found.get("permissions", {}).get("admin"):
            lines.append(f"{self.owner}/{self.repository}: its settings are its administrators' alone; {NEEDS}")
        return lines + problem_of(self.prefix)

    def start(self) -> Start:
        return on_github(self.owner, self.repository)

    def has_main(self) -> bool:
        return self.api.find(f"branches/{MAIN}") is not None

    def prefix(self) -> str:
        """How the subject of this repository's jobs begins. UserError when it cannot be known."""
        said = self.api.find(CUSTOMISATION)
        if said is None:
            raise UserError(
                "GitHub does not say how the subject of this repository's jobs begins; let an owner look at the"
                " organisation's OpenID Connect (Settings > Actions > General), and let this token read it"
            )
        if not said["use_default"] and said.get("include_claim_keys", DEFAULT_CLAIMS) != DEFAULT_CLAIMS:
            raise UserError(
                "GitHub: the subject of this repository's jobs has claims that somebody chose; put the default back:"
                f" `gh api -X PUT repos/{self.owner}/{self.repository}/{CUSTOMISATION} -F use_default=true`"
            )
        return said.get("sub_claim_prefix") or self.older_prefix(bool(said.get("use_immutable_subject")))

    def older_prefix(self, by_id: bool) -> str:
        """The beginning where GitHub does not name it."""
        found = self.api.call("GET", "")
        owner, name = str(found["full_name"]).split("/")
        return f"repo:{owner}@{found['owner']['id']}/{name}@{found['id']}" if by_id else f"repo:{owner}/{name}"

    def subjects(self, names: Sequence[str]) -> Mapping[str, Subject]:
        prefix = self.prefix()
        return {name: Subject(ISSUER, f"{prefix}:environment:{name}") for name in names}

    def wanted(self, desired: RepositorySettings, clients: Mapping[str, str]) -> list[Wanted]:
        """Actions come last: before that, no push may start anything."""
        environments = [environment(self.api, self.people, name, desired) for name in desired.environments]
        of_each = [
            variable(self.api, f"environments/{quote(name, safe='')}", CLIENT, client)
            for name, client in clients.items()
        ]
        of_all = [variable(self.api, "actions", key, value) for key, value in desired.variables.items()]
        rules = [main_rule(self.api, desired)] if desired.pulls_only else []
        return [
            *environments,
            *rules,
            *of_each,
            *of_all,
            github_actions.may_propose(self.api),
            github_actions.on(self.api),
        ]

    def unwanted(self, desired: RepositorySettings) -> list[Wanted]:
        of_each = [
            no_variable(self.api, f"environments/{quote(name, safe='')}", CLIENT) for name in desired.environments
        ]
        of_all = [no_variable(self.api, "actions", key) for key in desired.variables]
        return [*of_each, *of_all, github_actions.may_not_propose(self.api)]

    def files(self, desired: RepositorySettings, read: Callable[[Path], str]) -> Mapping[Path, str]:
        """Who owns the files, which main's rule asks for, unless somebody has said it; pipelines need no file."""
        text = read(OWNERS) if OWNERS.exists() else ""
        if not desired.together or re.search(r"^\s*[^#\s]", text, re.MULTILINE):
            return {}
        return {OWNERS: f"{text}* {' '.join(f'@{login}' for login in desired.reviewers)}\n"}


def problem_of(question: Callable[[], Any]) -> list[str]:
    """The line that it ends with, if it does."""
    try:
        question()
    except UserError as error:
        return [str(error)]
    return []
