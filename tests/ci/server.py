"""A repository as a host has it: a bare one, and one person's clone to push from."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci.events import Event

PERSON = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")


def git(folder: Path, *arguments: str) -> str:
    """What git prints in that folder. An assertion holding all of it when it refuses."""
    done = subprocess.run(["git", *PERSON, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


@dataclass(frozen=True)
class Server:
    """The bare repository, and the clone."""

    bare: Path
    clone: Path

    @classmethod
    def of(cls, project: Path, folder: Path) -> "Server":
        """One that holds the project as its branch main holds it."""
        server = cls(folder / "project.git", folder / "clone")
        git(folder, "clone", "--quiet", "--bare", "--branch", "main", str(project), str(server.bare))
        git(folder, "clone", "--quiet", str(server.bare), str(server.clone))
        return server

    def head(self, ref: str = "main") -> str:
        """The commit that the branch is at."""
        return git(self.bare, "rev-parse", ref)

    def push(self, edits: Mapping[str, str], branch: str = "main") -> Event:
        """A person's commit of these files on the branch, and the event of its push."""
        git(self.clone, "fetch", "--quiet", "origin")
        git(self.clone, "checkout", "--quiet", "-B", branch, "origin/main")
        for name, text in edits.items():
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / name).write_text(text, encoding="utf-8")
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--message", f"Change {', '.join(edits)}")
        git(self.clone, "push", "--quiet", "--force", "origin", branch)
        return self.pushed(branch)

    def pushed(self, branch: str = "main") -> Event:
        """The event of a push of the branch's newest commit."""
        changed = git(self.bare, "diff", "--name-only", f"{branch}~1", branch).splitlines()
        return Event("push", self.head(branch), branch, changed=changed)

    def pull_request(self, number: int, source: str) -> Event:
        """The event of a pull request of that branch to main, with the commit that would merge it."""
        git(self.clone, "fetch", "--quiet", "origin")
        git(self.clone, "checkout", "--quiet", "--detach", "origin/main")
        git(self.clone, "merge", "--quiet", "--no-ff", "--message", f"Merge {source}", f"origin/{source}")
        git(self.clone, "push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/merge")
        changed = git(self.clone, "diff", "--name-only", "origin/main", "HEAD").splitlines()
        commit = git(self.clone, "rev-parse", "HEAD")
        return Event("pull_request", commit, number=number, source=source, changed=changed)

    def scheduled(self) -> Event:
        return Event("schedule", self.head())

    def by_hand(self) -> Event:
        return Event("manual", self.head())
