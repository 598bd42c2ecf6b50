"""Both CI systems behind one call, and what a pipeline did in a form in which the two can be compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci import azure_devops, github
from ci.events import Command, Event, Result, Run, Runner
from ci.identities import identity_of, opens_the_workspace
from ci.recorder import Recorder

PIPELINES = ("pull-request", "train", "deploy", "monitor")


@dataclass(frozen=True)
class System:
    """A CI system: where it looks for a pipeline, and its executor."""

    name: str
    folder: str
    execute: Callable[[Path, str, Event, Runner], Run]

    def run(self, remote: Path, pipeline: str, event: Event, runner: Runner) -> Run:
        return self.execute(remote, f"{self.folder}/{pipeline}.yml", event, runner)


GITHUB = System("GitHub", ".github/workflows", github.execute)
AZURE_DEVOPS = System("Azure DevOps", "azure-pipelines", azure_devops.execute)


@dataclass(frozen=True)
class Trace:
    """What both systems have to agree on.

    calls: the environment that a command is bound to, the command, whether it succeeded, whether it saw the repository
    with its history, whether it was given the run's token for what it does at the host, and whose identity it can
    log in to Azure with. Azure DevOps wants the same token for that, so a command that only logs in has it there alone.
    others: scripts of any other kind, but those that install uv and name the identity, which each system does its way.
    artifacts: what was uploaded.
    """

    triggered: bool
    result: Result
    calls: Sequence[tuple[str, str, bool, bool, bool, str]]
    gates: Sequence[tuple[str, bool]]
    others: Sequence[str] = ()
    artifacts: Sequence[str] = ()


ONLY_AZURE_DEVOPS = ("python -m pip install uv==", 'echo "##vso[task.setvariable variable=AZURE_')
NOT_NEEDED = ": $(CHAT_WEBHOOK) is not defined and stays as text"  # most projects tell no chat
LOGS_IN_ONLY = tuple(f"uv run {name}" for name in ("run_pipeline", "register", "smoke", "plan"))


def compared_call(system: System, command: Command, seen: Mapping[str, Any]) -> tuple[str, str, bool, bool, bool, str]:
    """A command of the trace, as `Trace.calls` has it."""
    call = " ".join(seen["call"])
    for_the_login = system is AZURE_DEVOPS and opens_the_workspace(call) and call.startswith(LOGS_IN_ONLY)
    token = seen["token"] and not for_the_login
    return command.gate, call, command.exit_code == 0, seen["whole"], token, identity_of(call, seen)


@dataclass(frozen=True)
class Scenario:
    """What happens to a pipeline.

    refused_calls: beginnings of commands that fail. changes: what `plan --output` says. ids: of Azure, as a person has
    set them up.
    """

    name: str
    pipeline: str
    event: Event
    refused_calls: Sequence[str] = ()
    refused_gates: Sequence[str] = ()
    changes: bool = True
    ids: Mapping[str, str] = field(default_factory=dict)


def told_of_azure(system: System, ids: Mapping[str, str]) -> dict[str, Any]:
    """Where the ids are set: in variables on GitHub, in service connections on Azure DevOps."""
    return {"variables": ids} if system is GITHUB else {"ids": ids}


def trace(system: System, remote: Path, scenario: Scenario, folder: Path) -> Trace:
    """Run the scenario with recorded commands. The folder is new."""
    recorder = Recorder(folder, {"changes": "true" if scenario.changes else "false"})
    recorder.install([call.split() for call in scenario.refused_calls])
    runner = Runner([folder], refused=frozenset(scenario.refused_gates), **told_of_azure(system, scenario.ids))
    run = system.run(remote, scenario.pipeline, scenario.event, runner)
    warnings = [each for each in run.warnings if not each.endswith(NOT_NEEDED)]
    assert not warnings, f"{system.name}: {warnings}"
    calls = [seen for seen in recorder.calls() if seen["call"][0] == "uv"]  # how uv is installed is each system's own
    commands = [command for command in run.commands if command.script.startswith("uv ")]
    compared = [compared_call(system, command, seen) for command, seen in zip(commands, calls, strict=True)]
    rest = [each.script for each in run.commands if not each.script.startswith(("uv ", *ONLY_AZURE_DEVOPS))]
    return Trace(run.triggered, run.result, compared, list(run.gates), rest, list(run.artifacts))
