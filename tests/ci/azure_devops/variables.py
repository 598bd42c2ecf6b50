"""Variables: those the system sets by itself, `$(macros)`, and what of them a command finds in its environment."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from ci.events import Event, Runner

MACRO = re.compile(r"\$\(([A-Za-z_][\w.]*)\)", re.ASCII)
TOKEN = "System.AccessToken"
REASONS = {"push": "IndividualCI", "pull_request": "PullRequest", "schedule": "Schedule", "manual": "Manual"}
DEEPEST = 10


def environment_name(name: str) -> str:
    return re.sub(r"[. ]", "_", name).upper()


def predefined(event: Event, runner: Runner) -> dict[str, str]:
    """What the server knows before the run, the token apart. The runner's environment has the last word on each."""
    branch = f"refs/pull/{event.number}/merge" if event.kind == "pull_request" else f"refs/heads/{event.branch}"
    values = {
        "Build.Reason": REASONS[event.kind],
        "Build.SourceBranch": branch,
        "Build.SourceBranchName": branch.rpartition("/")[2],
        "Build.SourceVersion": event.commit,
        "Build.BuildId": "1",
        "Build.BuildNumber": "1",
        "Build.Repository.Name": "project",
        "Build.Repository.ID": "8e35a7a4-31c5-4ff7-8a09-4a5f3a3f2f11",
        "Build.Repository.Provider": "TfsGit",
        "System.TeamProject": "project",
        "System.CollectionUri": "https://dev.azure.com/organization/",
        "System.JobAttempt": "1",
        "System.OidcRequestUri": "https://dev.azure.com/organization/project/_apis/distributedtask/oidctoken",
        "TF_BUILD": "True",
    }
    if event.kind == "pull_request":
        values |= {
            "System.PullRequest.PullRequestId": str(event.number),
            "System.PullRequest.SourceBranch": f"refs/heads/{event.source}",
            "System.PullRequest.TargetBranch": f"refs/heads/{event.branch}",
            "System.PullRequest.TargetBranchName": event.branch,
        }
    return {name: runner.environment.get(environment_name(name), value) for name, value in values.items()}


def of_agent(workspace: Path, job: str) -> dict[str, str]:
    """What the agent adds: where things are."""
    sources = str(workspace / "s")
    return {
        "Agent.BuildDirectory": str(workspace),
        "Agent.HomeDirectory": str(workspace.parent / "agent"),
        "Agent.JobName": job,
        "Agent.JobStatus": "Succeeded",
        "Agent.Name": "agent",
        "Agent.OS": "Linux",
        "Agent.OSArchitecture": "X64",
        "Agent.TempDirectory": str(workspace.parent / "temporary"),
        "Agent.WorkFolder": str(workspace.parent),
        "Build.ArtifactStagingDirectory": str(workspace / "a"),
        "Build.BinariesDirectory": str(workspace / "b"),
        "Build.Repository.LocalPath": sources,
        "Build.SourcesDirectory": sources,
        "Build.StagingDirectory": str(workspace / "a"),
        "Common.TestResultsDirectory": str(workspace / "TestResults"),
        "Pipeline.Workspace": str(workspace),
        "System.DefaultWorkingDirectory": sources,
    }


class Variables:
    """The variables of one job. Names are the same in any case. Secret ones do not reach the environment."""

    def __init__(self, values: Mapping[str, str], token: str) -> None:
        self.values: dict[str, str] = {}
        self.secret: set[str] = set()
        for name, value in values.items():
            self.set(name, value)
        self.set(TOKEN, token, secret=True)
        for name, value in values.items():
            self.set(name, self.settle(value))

    def set(self, name: str, value: str, secret: bool = False) -> None:
        """Add the variable, or give it another value. Once secret, always secret."""
        for known in [known for known in self.values if known.lower() == name.lower()]:
            del self.values[known]
        self.values[name] = value
        if secret:
            self.secret.add(name.lower())

    def get(self, name: str) -> str | None:
        return next((value for known, value in self.values.items() if known.lower() == name.lower()), None)

    def settle(self, value: str) -> str:
        """The value with the variables it names, and those that they name."""
        for _ in range(DEEPEST):
            value = self.expand(value, lambda _: None)
        return value

    def expand(self, text: str, undefined: Callable[[str], None]) -> str:
        """The text with each `$(name)` replaced, once. What is not defined stays as it is and is told."""

        def replace(match: re.Match[str]) -> str:
            value = self.get(match[1])
            if value is None:
                undefined(match[0])
            return match[0] if value is None else value

        return MACRO.sub(replace, text)

    def environment(self) -> dict[str, str]:
        """What every command finds in its environment."""
        return {environment_name(name): value for name, value in self.values.items() if name.lower() not in self.secret}

    def hidden(self) -> frozenset[str]:
        """The names that the environment must not have by itself."""
        return frozenset(map(environment_name, self.secret))
