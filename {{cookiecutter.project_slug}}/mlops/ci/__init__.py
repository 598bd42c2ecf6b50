"""The seam between the commands and what runs them: GitHub Actions, Azure Pipelines or a terminal.

Everything above it is written against one protocol. It is the only code that knows a CI system.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from mlops import UserError
from mlops.data.files import write_text
from mlops.repo.git import Account, ask

MAIN = "main"  # the branch that the pipelines listen to
SUMMARIES = Path("out") / "summary"
CUT = "\n\n*Cut here; the summary of the run holds it all.*\n"


@dataclass(frozen=True)
class Proposal:
    """A change to files of the repository that a person is asked to merge.

    branch: as `promote/prices-staging-8`. body: Markdown. paths: edited in the working folder, and alone committed.
    """

    branch: str
    title: str
    body: str
    paths: Sequence[Path]


class CI(Protocol):
    """Where a command runs. Whatever returns a text returns a web address, or nothing where there is none."""

    name: str

    def account(self) -> Account:
        """Who commits and pushes here when nobody is configured. Without a token, one that opens what is public."""

    def summary(self, name: str, markdown: str) -> None:
        """A section of the run's page; kept as out/summary/<name>.md too."""

    def output(self, name: str, value: str) -> None:
        """A value for the condition of a later job."""

    def target(self) -> str | None:
        """The branch that the pull request goes to, as a ref that Git knows here; None when this is no pull request."""

    def main(self) -> str | None:
        """The branch main as it is at this moment, as a ref; None on a terminal, where what is checked out counts."""

    def comment(self, markdown: str) -> str:
        """Make this the one comment of this pipeline on its pull request. Nothing where the token may only read."""

    def propose(self, proposal: Proposal) -> str:
        """Open the pull request to the default branch, or update the open one of that branch.

        One of this title that a person closed unmerged is an answer: a line says so, and it is not opened again until
        the files differ from those on its branch. The working folder is left without the change, on the commit or
        branch it was on.
        """

    def publish(self, title: str, paths: Sequence[Path], starts: str) -> str:
        """Commit the files alone on the branch that this run is of, and push it.

        starts: the pipeline that listens to pushes to that branch, for the system where a push of a run is not heard.
        """

    def issue(self, title: str, body: str) -> str:
        """Open an issue, or update the open one of that title."""

    def start(self, pipeline: str) -> str:
        """Start the pipeline on the default branch."""

    def last_started(self, pipeline: str) -> datetime | None:
        """When a person or `start` last started the pipeline; None if never."""


def comment_marker() -> str:
    """How a later run finds its comment again, among those of other projects of the repository; no reader sees it."""
    return f"<!-- pull-request {ask('rev-parse', '--show-prefix') or ''}-->"


def open_ci() -> CI:
    """What this process runs in, known by the variables that each CI system sets."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from mlops.ci.github import GitHub

        return GitHub()
    if os.environ.get("TF_BUILD"):
        from mlops.ci.azure_devops import AzureDevOps

        return AzureDevOps()
    from mlops.ci.terminal import Terminal

    return Terminal()


def variable(name: str, remedy: str = "the CI system sets it by itself") -> str:
    """The environment variable. UserError with the remedy when it is not set."""
    value = os.environ.get(name)
    if not value:
        raise UserError(f"{name} is not set; {remedy}")
    return value


def run_branch(ref: str) -> str:
    """The name of the branch that `refs/heads/...` stands for. UserError when it is another kind of ref."""
    branch = ref.removeprefix("refs/heads/")
    if branch == ref:
        raise UserError(f"this run is for {ref}, which is no branch to push to; run it on a branch")
    return branch


def declined(title: str, address: str) -> str:
    """Say that a person has answered no; the address of the answer."""
    print(f"{title}: declined in {address}; it is proposed again when its files differ")
    return address


def keep_summary(name: str, markdown: str) -> Path:
    """Write the section into the summary folder; its absolute path."""
    path = (SUMMARIES / f"{name}.md").absolute()
    write_text(path, markdown)
    return path


def fit(markdown: str, longest: int) -> str:
    """The text as it is, or its first whole lines with a note, within that many characters."""
    if len(markdown) <= longest:
        return markdown
    lines = markdown[: longest - len(CUT) + 1].rpartition("\n")[0]
    return (lines or markdown[: longest - len(CUT)]) + CUT
