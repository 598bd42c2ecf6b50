"""Environments: what the build of their image would install, installed here."""

import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from standin.cloud import Cloud
from standin.messages import AzureError

REQUIREMENTS = "requirements.txt"
DONE = "installed"  # written last: an image without it is half made
OPTIONS = ("--require-hashes",)


class Images:
    """Environments with a build context. Of its files only requirements.txt counts: no Dockerfile is run."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud, self._folder = cloud, folder

    def python_of(self, environment: str) -> Path:
        """The Python of the image for the environment with this id, installed when first asked for. AzureError."""
        requirements = self._requirements(environment)
        digest = hashlib.sha256(requirements + platform.python_version().encode()).hexdigest()
        image = self._folder / digest[:12]
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(image.with_suffix(".lock")):  # others may share the folder
            if not (image / DONE).exists():
                install(image, requirements, self._cloud.machine)
        return image / "bin" / "python"

    def _requirements(self, environment: str) -> bytes:
        """The requirements in the environment's build context."""
        with self._cloud.lock:
            properties = self._cloud.get(environment.removeprefix("azureml:"))["properties"]
        if not properties.get("build"):
            raise refused(f"{environment}: only environments with a build context are played")
        with tempfile.TemporaryDirectory() as context:
            self._cloud.blobs.download(properties["build"]["contextUri"], Path(context))
            found = Path(context) / REQUIREMENTS
            if not found.exists():
                raise refused(f"{environment}: its build context has no {REQUIREMENTS}")
            return found.read_bytes()


def refused(message: str) -> AzureError:
    """Why an image cannot be made."""
    return AzureError(400, "ImageBuildFailure", message)


def install(image: Path, requirements: bytes, machine: Mapping[str, str]) -> None:
    """Make the image with uv. AzureError with uv's own words when it cannot be."""
    uv = shutil.which("uv") or "uv"
    wanted = image.with_suffix(".txt")
    wanted.write_bytes(requirements)
    commands = (
        [uv, "venv", "--clear", "--quiet", "--python", sys.executable, str(image)],
        [uv, "pip", "install", "--quiet", "--python", str(image), *OPTIONS, "-r", str(wanted)],
    )
    elsewhere = tempfile.gettempdir()  # in a project, or below it, uv would apply its constraints
    for command in commands:
        done = subprocess.run(command, cwd=elsewhere, env=machine, capture_output=True, text=True, check=False)
        if done.returncode:
            raise refused(done.stderr.strip())
    (image / DONE).touch()
