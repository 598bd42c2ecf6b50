"""The settings of the repository at its host, made what they should be by `infra up`.

Everything above it is written against one protocol. Nothing is remembered: what is so is read from the host each time.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from mlops import UserError
from mlops.decide.infrastructure.repository import RepositorySettings, Subject
from mlops.decide.infrastructure.starting import Start
from mlops.decide.infrastructure.wanted import Wanted
from mlops.repo.git import REMOTE, ask

GITHUB = (
    r"https://(?:[^/@]+@)?github\.com/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/?",
    r"(?:ssh://)?git@(?:ssh\.)?github\.com(?::443)?[:/](?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/?",
)
AZURE_DEVOPS = (
    r"https://(?:[^/@]+@)?dev\.azure\.com/(?P<owner>[^/]+)/(?:(?P<project>[^/]+)/)?_git/(?P<name>[^/]+)/?",
    r"(?:ssh://)?git@ssh\.dev\.azure\.com(?::22)?[:/]v3/(?P<owner>[^/]+)/(?P<project>[^/]+)/(?P<name>[^/]+)/?",
    r"https://(?:[^/@]+@)?(?P<owner>[^./]+)\.visualstudio\.com/(?:DefaultCollection/)?"
    r"(?:(?P<project>[^/]+)/)?_git/(?P<name>[^/]+)/?",
    r"(?:ssh://)?[^/@]+@vs-ssh\.visualstudio\.com(?::22)?[:/]v3/"
    r"(?P<owner>[^/]+)/(?P<project>[^/]+)/(?P<name>[^/]+)/?",
)
Read = Callable[[Path], str]  # the text of a file: as it is, or as it was committed last
KNOWN = re.compile(r"((ssh\.)?github|(ssh\.)?dev\.azure|[^.]+\.visualstudio)\.com", re.IGNORECASE)  # the hosts of these


class Repository(Protocol):
    """The repository at its host."""

    @property
    def name(self) -> str:
        """What the host is called."""

    @property
    def with_main(self) -> str:
        """What `up` can do only once main was pushed, as a sentence without its end."""

    def missing(self) -> list[str]:
        """All that keeps us from working with it, one line each, with what mends it."""

    def start(self) -> Start | None:
        """Where new data starts the pipeline `train`; None while that is not there."""

    def has_main(self) -> bool:
        """Whether anything was pushed to main: before that, a rule of main would refuse the first push."""

    def subjects(self, names: Sequence[str]) -> Mapping[str, Subject]:
        """What the jobs of these environments name themselves, as far as the host knows yet."""

    def wanted(self, desired: RepositorySettings, clients: Mapping[str, str]) -> list[Wanted]:
        """What should be, in the order in which it is made. clients: the id of each environment's identity."""

    def unwanted(self, desired: RepositorySettings) -> list[Wanted]:
        """What should no longer be: all that opens Azure or lets pipelines write. `observe` says what is there."""

    def files(self, desired: RepositorySettings, read: Read) -> Mapping[Path, str]:
        """The files of the project that have to say something else for this host, with what they should hold."""


def open_repository() -> Repository:
    """The host that Git's remote is at. UserError when there is none, or one that is not known."""
    address = ask("remote", "get-url", REMOTE)
    if not address:
        raise UserError(f"Git knows no remote {REMOTE}; make the repository on GitHub or in Azure Repos, and add it")
    if parts := matching(GITHUB, address):
        from mlops.ci.setup.github import GitHub

        return GitHub(parts["owner"], parts["name"])
    if parts := matching(AZURE_DEVOPS, address):
        from mlops.ci.setup.azure_devops import AzureDevOps

        return AzureDevOps(parts["owner"], parts["project"] or parts["name"], parts["name"])
    host = host_of(address)
    if KNOWN.fullmatch(host):
        raise UserError(
            f"the remote {REMOTE} is at {host}, but names no repository there;"
            f" `git remote set-url {REMOTE} <address>` with the address that its page shows for a clone"
        )
    raise UserError(
        f"the remote {REMOTE} is at {host}, which is neither github.com nor dev.azure.com;"
        " set the repository up by hand (docs/first-run.md)"
    )


def matching(forms: Sequence[str], address: str) -> dict[str, str] | None:
    """The parts of the address, if it has one of these forms."""
    for form in forms:
        if found := re.fullmatch(form, address, re.IGNORECASE):
            return {key: unquote(value or "") for key, value in found.groupdict().items()}
    return None


def host_of(address: str) -> str:
    """The host alone: an address may hold a password."""
    place = address.partition("://")[2] or address
    return place.partition("/")[0].rpartition("@")[2].partition(":")[0] or "a path"
