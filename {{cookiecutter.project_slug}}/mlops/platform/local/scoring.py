"""The scoring process of a deployment: Microsoft's inference server in the project's own serving environment."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from mlops import UserError
from mlops.platform import EXPLAIN
from mlops.platform.local.endpoint_state import Started
from mlops.platform.local.processes import Marker, cause_of_death, start

SCRIPT = "score.py"
BESIDE = (SCRIPT, "explanation.py")  # what a deployment's folder gets of serving/
REQUIREMENTS = Path("image") / "requirements.txt"  # beside the script
MODEL_FOLDER = "model_folder"  # beside the script; `model` is the name of the package that it brings
DONE = "installed"  # written last: an environment without it is half made
SERVER = Path(__file__).with_name("scoring_server.py")


def start_scoring(python: Path, folder: Path, port: int, key: str, log: Path, explain: bool = False) -> Started:
    """Serve the model in the folder with the script in the folder, on loopback and to those who know the key."""
    command = [str(python), "-I", "-u", str(SERVER), *marker(folder)]
    command += ["--model_dir", str(folder / MODEL_FOLDER), "--port", str(port), "--worker_count", "1"]
    environment = {
        "AML_APP_ROOT": str(folder),
        "MLOPS_SCORING_KEY": key,  # where other users cannot read it, unlike a command line
        "OMP_NUM_THREADS": "1",  # several servers share this machine, and a request is a few rows
    }
    return start(command, folder, log, environment | (EXPLAIN if explain else {}))


def marker(folder: Path) -> Marker:
    """What tells the folder's scoring process from all others."""
    return ["--entry_script", str(folder / SCRIPT)]


def serving_python(environments: Path, requirements: Path) -> Path:
    """The Python of the serving environment for these requirements; installed when first asked for."""
    key = requirements.read_bytes() + platform.python_version().encode()
    environment = environments / hashlib.sha256(key).hexdigest()[:12]
    if not (environment / DONE).exists():
        environments.mkdir(parents=True, exist_ok=True)
        with FileLock(environments / f"{environment.name}.lock"):
            if not (environment / DONE).exists():
                install(environment, requirements)
    folder, name = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return environment / folder / name


def install(environment: Path, requirements: Path) -> None:
    """Make the environment with uv. UserError when there is no uv, or when it fails."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise UserError("uv is needed to install the serving environment; `pip install uv`")
    print(f"installing the serving environment ({requirements}), once", flush=True)
    log = environment.with_name(f"{environment.name}.log")
    environment = environment.resolve()
    python = ["--python", str(environment)]
    elsewhere = tempfile.gettempdir()  # in the project's folder uv would apply the pins of the training environment
    with log.open("wb") as output:
        for command in (
            [uv, "venv", "--clear", "--python", sys.executable, str(environment)],
            [uv, "pip", "install", *python, "--require-hashes", "-r", str(requirements.resolve())],
        ):
            done = subprocess.run(command, cwd=elsewhere, stdout=output, stderr=output, check=False)
            if done.returncode:
                raise UserError(f"the serving environment cannot be installed: {cause_of_death(log)}; see {log}")
    (environment / DONE).touch()
