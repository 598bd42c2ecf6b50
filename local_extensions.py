"""The default answer for `python_version`: a Python that is here, so that a project's first command downloads none."""

import shutil
import subprocess
import sys
from collections.abc import Sequence

from jinja2 import Environment
from jinja2.ext import Extension

SHOW = "import sys; print('%d.%d' % sys.version_info[:2])"
LIMIT = 10.0  # seconds that a Python has to say its version


def starts(version: str) -> bool:
    """Whether the command pythonX.Y is that Python: pyenv has such commands for Pythons that are switched off too."""
    command = shutil.which(f"python{version}")
    if command is None:
        return False
    try:
        done = subprocess.run(
            [command, "-c", SHOW], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.decode(errors="replace").strip() == version


def python_here(supported: Sequence[str]) -> str:
    """The running Python if it is supported, else the first supported one that starts here, else the first of all."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return running if running in supported else next(filter(starts, supported), supported[0])


class PythonHere(Extension):
    """The filter `python_here`, for cookiecutter.json."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["python_here"] = python_here
