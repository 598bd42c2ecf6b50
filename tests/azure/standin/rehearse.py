"""Run a command of a generated project against the stand-in of Azure: `uv run rehearse -- <command>`."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from standin import StandIn, hosts

EPILOG = """\
example, in a generated project that was installed with `uv sync`:
  uv run --project <this template> rehearse --project . -- uv run plan staging

Nothing here is Azure: no account is needed, nothing is paid for, and a success says nothing of roles, quota, image
builds or real timings. The stand-in keeps its state in .mlops/azure of the project, so that one command finds what the
last one made; delete that folder to begin anew. Endpoints answer while a command runs. It needs uv, Node 20 and npm;
the first run installs Azurite and the images of the project's environments. Exit code: the command's.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The command's exit code; 2 when the project says of no workspace."""
    parser = argparse.ArgumentParser(
        "rehearse", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--project", type=Path, default=Path(), help="the project's folder; the current one by default")
    parser.add_argument("command", nargs="+", help="what to run there, after --")
    arguments = parser.parse_args(argv)
    project = arguments.project.resolve()
    workspaces = workspaces_of(project)
    if not workspaces:
        print(f"{project / 'environments'}: no file names a workspace; give a project with --project", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    state = project / ".mlops" / "azure"
    print(f"rehearsal: nothing here is Azure; the stand-in keeps its state in {state}", file=sys.stderr)
    set_here = ", ".join(hosts.PERSONS)
    print(
        f"rehearsal: it sets what is yours to set elsewhere (docs/first-run.md): {set_here}",
        file=sys.stderr,
        flush=True,
    )
    with StandIn(state, workspaces, registries=registries_of(project)) as azure:
        code = run(arguments.command, project, azure.secret_login)
    for problem in dict.fromkeys(problem for entry in azure.log for problem in entry.problems):
        print(f"rehearsal: {problem}", file=sys.stderr)
    return code


def workspaces_of(project: Path) -> list[tuple[str, str]]:
    """The resource group and name of each workspace that the project's environments name."""
    found = places_of(project)
    return sorted({(one["resource_group"], one["name"]) for one in found if {"resource_group", "name"} <= one.keys()})


def registries_of(project: Path) -> list[str]:
    """The registries through which they share models."""
    return sorted({one["registry"] for one in places_of(project) if one.get("registry")})


def places_of(project: Path) -> list[dict[str, Any]]:
    """What each of the project's environments says of its workspace."""
    files = {file.stem: read(file) for file in sorted((project / "environments").glob("*.yml"))}
    return [{**files.get("base", {}), **one} for one in files.values()]


def read(file: Path) -> dict[str, Any]:
    """What an environment's file says of its workspace."""
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("workspace") or {}


def run(command: Sequence[str], folder: Path, azure: Mapping[str, str]) -> int:
    """The exit code of the command, run in the folder with these variables. 127 when there is no such command."""
    outside = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}  # the template's own
    try:
        process = subprocess.Popen(command, cwd=folder, env={**outside, **azure})
    except FileNotFoundError:
        print(f"{command[0]}: there is no such command", file=sys.stderr)
        return 127
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the command, which says when it ends
    try:
        return process.wait()
    finally:
        process.terminate()  # when it is the rehearsal that is ended
        process.wait()
