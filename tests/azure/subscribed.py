"""A generated project with a repository on GitHub and a subscription, neither of which has anything yet."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cli
import measured

from conftest import MACHINERY, TEMPLATE, a_users
from standin import Entry, StandIn, hosts
from standin.messages import Request

sys.path += [str(TEMPLATE), str(MACHINERY / "support")]  # GitHub's stand-in needs both

from github_settings import ROOT, GitHubSettings
from trouble import KILLED, Trouble

NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
WHO = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
REMOTE = "https://github.com/someone/flights.git"
REGION = {"region: eastus": "region: westeurope", 'region: "eastus"': 'region: "westeurope"'}


@dataclass
class Done:
    """What became of a command."""

    code: int
    out: str
    err: str
    asked: list[Entry]

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def error(self) -> str:
        """Its one line of error."""
        [line] = self.err.splitlines()
        return line

    @property
    def wrote(self) -> list[str]:
        """What it changed in Azure: methods and paths below the subscription."""
        return [f"{one.method} {one.path}" for one in self.asked if one.is_write]


@dataclass
class Subscribed:
    """The project's folder, the Python that has its packages, and both stand-ins."""

    folder: Path
    python: Path
    azure: StandIn
    host: Any
    variables: dict[str, str]
    calls: Path  # of `az`, a line each
    printed: list[str] = field(default_factory=list)
    counts: list[Path] = field(default_factory=list)  # of the lines that each run reached

    def environment(self, **more: str) -> dict[str, str]:
        return {**a_users(), **NOBODY, **self.variables, **more}

    def counted(self, *arguments: str, **variables: str) -> Done:
        """The same, with its lines counted. That costs seconds, so it is done where most of them are reached."""
        self.counts.append(self.calls.with_name(f"{len(self.counts)}.json"))
        return self.infra(*arguments, before=measured.counting(self.counts[-1]), **variables)

    def infra(self, *arguments: str, typed: str = "", before: Sequence[str] = (), **variables: str) -> Done:
        """Run `infra`, with these words typed and these variables set."""
        first = len(self.azure.log)
        process = self.start(*arguments, before=before, **variables)
        out, err = process.communicate(typed)
        self.printed += [out, err]
        return Done(process.returncode, out, err, self.azure.log[first:])

    def start(self, *arguments: str, before: Sequence[str] = (), **variables: str) -> "subprocess.Popen[str]":
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        command = [str(self.python), *before, "-m", "mlops.commands.infra", *arguments]
        return subprocess.Popen(command, cwd=self.folder, env=self.environment(**variables), encoding="utf-8", **pipes)

    def killed_at_host(self, write: int, *arguments: str, **variables: str) -> None:
        """Run it, and kill it once that write at the host was done."""
        process = self.start(*arguments, **variables)
        self.host.trouble = Trouble(KILLED, write, process.pid)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        self.host.calm()

    def given_to_az(self) -> str:
        """The arguments of every call of `az` so far, as a list of processes shows them."""
        return self.calls.read_text(encoding="utf-8") if self.calls.exists() else ""

    def stack(self) -> dict[str, Any]:
        """The properties of the project's deployment stack."""
        stacks = [one for one in self.azure.cloud.resources.values() if "stack" in one["type"].lower()]
        found: dict[str, Any] = stacks[0]["properties"]
        return found

    def id_token(self) -> str:
        """What GitHub gives a job of staging."""
        asked = Request(
            "GET", hosts.GITHUB, "/idtoken", {"audience": hosts.AUDIENCE, "subject": hosts.SUBJECT}, {}, b""
        )
        return hosts.id_token(self.azure.cloud, asked, hosts.SUBJECT)

    def parameters(self) -> dict[str, Any]:
        """The least that the template is given."""
        place = {"name": "staging", "group": "g", "workspace": "work", "budgetStart": "2026-11-01T00:00:00Z"}
        who = {"name": "training", "kind": "train", "place": 0, "autoscale": False, "credentials": []}
        given = {"project": "x1", "location": "westeurope", "places": [{**place, "endpoints": []}], "identities": [who]}
        return {name: {"value": value} for name, value in given.items()}

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *WHO, *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def resources(self, kind: str = "") -> list[str]:
        """The names of what Azure has of that type, or of all."""
        found = self.azure.cloud.resources.values()
        return sorted(one["name"] for one in found if kind.lower() in str(one["type"]).lower())


@contextmanager
def subscribed(project: Path, python: Path, programs: Path, place: Path) -> Iterator[Subscribed]:
    """A copy of the project, in its own repository, with who sets it up logged in to both."""
    folder = place / "project"
    kept_out = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".mlops", "out", "uv.lock")
    shutil.copytree(project, folder, ignore=kept_out)
    base = folder / "environments" / "base.yml"
    text = base.read_text(encoding="utf-8")
    for old, new in REGION.items():
        text = text.replace(old, new)
    base.write_text(text, encoding="utf-8")
    for arguments in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("config", "user.name", "somebody"),
        ("config", "user.email", "somebody@example.org"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", "first"),
    ):
        subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **NOBODY}, check=True)
    with set_up(folder, python, programs, place) as here:
        yield here


@contextmanager
def set_up(folder: Path, python: Path, programs: Path, place: Path, images: Path | None = None) -> Iterator[Subscribed]:
    """The project in its repository, with who sets it up logged in to both hosts, on which there is nothing yet."""
    with StandIn(place / "azure", workspaces=[], images=images) as azure, GitHubSettings(bare(place)) as host:
        azure.cloud.elsewhere["api.github.com"] = f"{host.url}{ROOT}"
        told = {**cli.variables(azure, programs, place), "GH_TOKEN": host.token, cli.CALLS: str(place / "calls.txt")}
        here = Subscribed(folder, python, azure, host, told, place / "calls.txt")
        here.git("remote", "add", "origin", REMOTE)
        cli.log_in(azure, told)
        yield here


def bare(place: Path) -> Path:
    """The repository behind the host."""
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch", "main", str(place / "host.git")], check=True
    )
    return place / "host.git"
