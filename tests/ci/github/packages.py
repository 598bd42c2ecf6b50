"""Node, and GitHub's own packages for it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from filelock import FileLock

FOLDER = Path(__file__).parent
LOCK = FOLDER / "package-lock.json"
INSTALLED_LOCK = FOLDER / "node_modules" / "installed-lock.json"
OLDEST_NODE = (20, 6)


def installed() -> str:
    """Empty when Node and the packages are there, else what is missing."""
    if not shutil.which("node"):
        return "Node is not installed"
    answer = subprocess.run(["node", "--version"], capture_output=True, encoding="utf-8", check=True).stdout
    if tuple(int(part) for part in answer.strip().lstrip("v").split(".")[:2]) < OLDEST_NODE:
        return f"Node {answer.strip()} is too old"
    return "" if is_current() else f"run `npm ci` in {FOLDER.name}, or set REQUIRE_NODE=1"


def install() -> None:
    """Install the packages of the lock file, unless they are there. One at a time: `npm ci` begins by removing all."""
    with FileLock(FOLDER / ".installing"):
        if not is_current():
            subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=FOLDER, check=True, capture_output=True)
            shutil.copy(LOCK, INSTALLED_LOCK)


def is_current() -> bool:
    """Whether what was installed last is what the lock file asks for."""
    return INSTALLED_LOCK.exists() and INSTALLED_LOCK.read_bytes() == LOCK.read_bytes()


def run_node(program: str, request: dict[str, Any]) -> list[str]:
    """The lines that the program prints, given the request. RuntimeError when it breaks."""
    done = subprocess.run(
        ["node", "--no-warnings", "--import", "./executor/json_imports.mjs", program],
        cwd=FOLDER,
        input=json.dumps(request),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()
