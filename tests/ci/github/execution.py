"""A run: the request to the executor, and its trace."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ci.events import Command, Event, PipelineError, Run, Runner
from ci.github.packages import run_node


def execute(remote: Path, workflow: str, event: Event, runner: Runner) -> Run:
    """Run the workflow of that path in the repository for the event. PipelineError when GitHub would refuse it."""
    with tempfile.TemporaryDirectory() as folder:
        request = {
            "remote": str(remote.resolve()),
            "workflow": workflow,
            "event": asdict(event),
            "runner": {
                "path": [str(place) for place in runner.path],
                "environment": dict(runner.environment),
                "variables": dict(runner.variables),
                "refused": sorted(runner.refused),
            },
            "folder": folder,
        }
        lines = [json.loads(line) for line in run_node("executor/execute.mjs", request)]
    return read_trace(lines)


def read_trace(lines: Sequence[Mapping[str, Any]]) -> Run:
    """The run that the lines tell of."""
    for refusal in of(lines, "refused"):
        raise PipelineError(refusal)
    (run,) = of(lines, "run")
    if not run["triggered"]:
        return Run(triggered=False, result=run["result"])
    return Run(
        triggered=True,
        result=run["result"],
        commands=[Command(**command) for command in of(lines, "command")],
        gates=[(line["gate"], line["approved"]) for line in lines if "gate" in line],
        jobs={line["job"]: line["result"] for line in lines if "job" in line},
        artifacts=of(lines, "artifact"),
        summaries=of(lines, "summary"),
        warnings=of(lines, "warning"),
    )


def of(lines: Sequence[Mapping[str, Any]], kind: str) -> list[Any]:
    """What the lines of that kind hold."""
    return [line[kind] for line in lines if kind in line]
