"""The unmodified Azure CLI, installed once for all test processes in an environment of its own, and its login."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from filelock import FileLock

from standin import StandIn
from standin.login import TENANT

REQUIREMENTS = Path(__file__).parent / "az" / "requirements.txt"
DONE = "installed"  # written last
CALLS = "CALLS_OF_AZ"  # names the file in which `az` notes its arguments
QUIET = {"AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_CORE_ONLY_SHOW_ERRORS": "true", "AZURE_CORE_NO_COLOR": "true"}


def installed(factory: pytest.TempPathFactory) -> Path:
    """The folder that has `az`, and nothing but it that a user would have."""
    return installed_below(factory.getbasetemp().parent)


def installed_below(shared: Path) -> Path:
    """The same, below a folder that others may share."""
    place, programs = shared / "azure-cli", shared / "azure-cli-programs"
    with FileLock(shared / "azure-cli.lock"):  # of all workers
        if not (place / DONE).exists():
            uv, elsewhere = (
                shutil.which("uv") or "uv",
                tempfile.gettempdir(),
            )  # below the template, uv would apply its pins
            for command in (
                [uv, "venv", "--clear", "--quiet", "--python", sys.executable, str(place)],
                [uv, "pip", "install", "--quiet", "--python", str(place), "--require-hashes", "-r", str(REQUIREMENTS)],
            ):
                subprocess.run(command, cwd=elsewhere, check=True)
            programs.mkdir(exist_ok=True)
            lines = ("#!/bin/sh", f'echo "$@" >> "${CALLS}"', f'exec "{place}/bin/python" -m azure.cli "$@"', "")
            (programs / "az").write_text("\n".join(lines), encoding="utf-8")
            (programs / "az").chmod(0o755)
            (place / DONE).touch()
    return programs


def variables(azure: StandIn, programs: Path, home: Path) -> dict[str, str]:
    """What leads `az` to the stand-in, with its settings in that folder."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**azure.environment, **QUIET, "PATH": path, "AZURE_CONFIG_DIR": str(home / ".azure")}


def log_in(azure: StandIn, environment: Mapping[str, str]) -> None:
    """As a person would, but with a secret: nobody can open a browser here."""
    secret = f"--password={azure.cloud.secret('client')}"  # in one word: it may begin with a dash
    who = ("--username", azure.secret_login["AZURE_CLIENT_ID"], secret)
    command = ["az", "login", "--service-principal", *who, "--tenant", TENANT, "--output", "none"]
    subprocess.run(command, env={**os.environ, **environment, CALLS: os.devnull}, check=True)
