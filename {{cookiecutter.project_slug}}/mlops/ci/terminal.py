"""A laptop: what a CI system would show is printed, what it would push is committed on the current branch."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mlops.ci import Proposal
from mlops.repo import commits
from mlops.repo.git import Account


class Terminal:
    name = "terminal"

    def account(self) -> Account:
        """For who has configured no name; no token, so that Git opens the remote by their own credentials."""
        return Account("terminal", "terminal@localhost", "", "")

    def summary(self, name: str, markdown: str) -> None:
        """Nothing: commands print by themselves."""

    def output(self, name: str, value: str) -> None:
        """Nothing: no job comes later."""

    def target(self) -> str | None:
        return None

    def main(self) -> str | None:
        return None

    def comment(self, markdown: str) -> str:
        print(markdown)
        return ""

    def propose(self, proposal: Proposal) -> str:
        """Commit the files on the current branch. UserError when Git refuses; the files stay edited then."""
        commits.commit(proposal.title, proposal.paths)
        return ""

    def publish(self, title: str, paths: Sequence[Path], starts: str) -> str:
        """Commit the files on the current branch; pushing is left to its owner, and nothing is started."""
        commits.commit(title, paths)
        return ""

    def issue(self, title: str, body: str) -> str:
        print(f"{title}\n\n{body}")
        return ""

    def start(self, pipeline: str) -> str:
        print(f"to start {pipeline} here: uv run run_pipeline")
        return ""

    def last_started(self, pipeline: str) -> datetime | None:
        return None
