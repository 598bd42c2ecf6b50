"""A generated project with a repository at a host and a subscription, neither of which has anything yet."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cli
import measured

from conftest import MACHINERY, TEMPLATE, a_users
from standin import Entry, StandIn, hosts
from standin.cloud import SUBSCRIPTION, Cloud
from standin.faults import drop
from standin.login import claims_of
from standin.messages import Request

sys.path += [str(TEMPLATE), str(MACHINERY / "support")]  # the hosts' stand-ins need both

from azure_devops_settings import AzureDevOpsSettings
from github_settings import ROOT, GitHubSettings
from trouble import KILLED, Trouble

NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
WHO = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
PROJECT = "flight-delays"
TO_AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"  # what Entra calls it
HOME = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
REGION = {"region: eastus": "region: westeurope", 'region: "eastus"': 'region: "westeurope"'}


class KnowsEntra(AzureDevOpsSettings):  # type: ignore[misc]
    """Lets in who is logged in with `az`, by a token that was made for Azure DevOps and for nothing else."""

    def __init__(self, repository: Path, cloud: Cloud) -> None:
        super().__init__(repository)
        self.cloud = cloud

    def answer(self, request: Any) -> Any:
        said = claims_of(self.cloud, request.headers.get("Authorization", "").removeprefix("Bearer "))
        if said and said["aud"] == TO_AZURE_DEVOPS:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return super().answer(request)


@dataclass(frozen=True)
class At:
    """A host: the address of the repository, the servers that play it, and the variable that has its token."""

    remote: str
    service: Callable[[Path, Cloud], Any]
    servers: Mapping[str, str]
    variable: str = ""  # none: the login of `az` is enough


GITHUB = At(
    "https://github.com/someone/flights.git",
    lambda repository, cloud: GitHubSettings(repository),
    {"api.github.com": ROOT},
    "GH_TOKEN",
)
AZURE_DEVOPS = At(
    "https://dev.azure.com/someone/Data%20Science/_git/flights",
    KnowsEntra,
    {"dev.azure.com": "", "vssps.dev.azure.com": ""},
)


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
        told = self.environment(**variables)
        return subprocess.Popen(command, cwd=self.folder, env=told, encoding="utf-8", start_new_session=True, **pipes)

    def killed_at(self, write: str, when: str, *arguments: str) -> None:
        """Run it, and kill it with all that it has started at the next write to Azure that looks like that."""
        process = self.start(*arguments)

        def kill() -> None:
            os.killpg(process.pid, signal.SIGKILL)
            drop()

        self.azure.faults.at_next(write, kill, when)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, f"nothing like {write} was written"

    def killed_at_host(self, write: int, *arguments: str, **variables: str) -> None:
        """Run it, and kill it once that write at the host was done."""
        self.host.calm()
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
def subscribed(project: Path, python: Path, programs: Path, place: Path, at: At = GITHUB) -> Iterator[Subscribed]:
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
    with set_up(folder, python, programs, place, at=at) as here:
        yield here


@contextmanager
def set_up(
    folder: Path, python: Path, programs: Path, place: Path, images: Path | None = None, at: At = GITHUB
) -> Iterator[Subscribed]:
    """The project in its repository, with who sets it up logged in to both hosts, on which there is nothing yet."""
    with StandIn(place / "azure", workspaces=[], images=images) as azure, at.service(bare(place), azure.cloud) as host:
        azure.cloud.elsewhere |= {name: f"{host.url}{root}" for name, root in at.servers.items()}
        told = {**cli.variables(azure, programs, place), cli.CALLS: str(place / "calls.txt")}
        told |= {at.variable: host.token} if at.variable else {}
        here = Subscribed(folder, python, azure, host, told, place / "calls.txt")
        here.git("remote", "add", "origin", at.remote)
        cli.log_in(azure, told)
        yield here


def bare(place: Path) -> Path:
    """The repository behind the host."""
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch", "main", str(place / "host.git")], check=True
    )
    return place / "host.git"


def workspace(stage: str) -> str:
    """The id of the stage's workspace."""
    name = f"{PROJECT}-{stage}"
    return f"{HOME}/{name}/providers/Microsoft.MachineLearningServices/workspaces/{name}"


def serve(here: Subscribed) -> None:
    """An endpoint with traffic, how it scales, a job under way, and a schedule that starts others."""
    put, place = here.azure.cloud.put, workspace("production")
    endpoint = f"{place}/onlineEndpoints/{PROJECT}-production"
    where = {"location": "westeurope", "identity": {"type": "SystemAssigned"}}
    put(
        endpoint,
        {**where, "properties": {"authMode": "Key", "traffic": {"blue": 100}, "provisioningState": "Succeeded"}},
    )
    state = {"provisioningState": "Succeeded", "endpointComputeType": "Managed"}
    put(f"{endpoint}/deployments/blue", {**where, "properties": state})
    scale = f"{HOME}/{PROJECT}-production/providers/Microsoft.Insights/autoscalesettings/{PROJECT}-production-blue"
    profiles = {"targetResourceUri": f"{endpoint}/deployments/blue", "profiles": [], "enabled": True}
    put(scale, {"location": "westeurope", "properties": profiles})
    job = {"jobType": "Command", "status": "Queued", "command": "x", "environmentId": "e", "experimentName": "Default"}
    put(f"{place}/jobs/one", {"properties": job})
    action = {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": {}}
    trigger = {"triggerType": "Cron", "expression": "0 0 * * *"}
    put(f"{place}/schedules/nightly", {"properties": {"action": action, "trigger": trigger}})
