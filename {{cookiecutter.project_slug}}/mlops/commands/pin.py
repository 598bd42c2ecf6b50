"""Renew the pins: the newest versions that fit pyproject.toml, the same for all platforms and Pythons.

Writes uv.lock, which the project is installed from, and the requirements.txt that jobs and deployments are built from,
in pipelines/image and serving/image. Nothing is written unless all three can be.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mlops import UserError
from mlops.commands.console import YES, command
from mlops.data.files import write_text
from mlops.settings.reading import read_text

LOCK = Path("uv.lock")
TRAINING = Path("pipelines", "image", "requirements.txt")
SERVING = Path("serving", "image", "requirements.txt")
NEEDED = SERVING.with_suffix(".in")
PLAIN = ("--quiet", "--no-header", "--no-annotate")
EXPORT = ("export", *PLAIN, "--frozen", "--no-emit-project")
COMPILE = ("pip", "compile", *PLAIN, "--universal", "--generate-hashes")
CHANGE = re.compile(r"^(?:Added|Removed|Updated) .+$", re.MULTILINE)
OLDEST_PYTHON = re.compile(r'^requires-python = "\D*([\d.]*\d)', re.MULTILINE)


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run uv to its end. UserError when there is none, and with uv's own reason when it refuses."""
    program = os.environ.get("UV") or shutil.which("uv")
    if not program:
        raise UserError("uv is needed to renew the pins; `pip install uv`")
    done = subprocess.run([program, *arguments], capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        reason = done.stderr.partition("error: ")[2] or done.stderr
        raise UserError(f"uv cannot pin: {' '.join(reason.split())}")
    return done


def training_requirements() -> str:
    """What the project itself needs and what jobs need besides, with hashes: exactly the versions in uv.lock."""
    return uv(*EXPORT, "--no-group", "dev", "--group", "job").stdout


def serving_requirements(last: str) -> str:
    """What score.py needs, with hashes: the versions in uv.lock, then those of the last requirements, then the newest.

    A model is loaded with the versions that made it, so uv is made to prefer them, as if they were its last output. As
    constraints they would fail: the server demands other versions of a few packages that are no part of a model.
    """
    pins = uv(*EXPORT, "--all-groups", "--no-hashes").stdout
    [oldest] = OLDEST_PYTHON.findall(read_text(LOCK, "lock it again: uv lock"))
    with TemporaryDirectory() as scratch:
        output = Path(scratch, SERVING.name)
        output.write_text(f"{pins}\n{last}", encoding="utf-8")
        uv(*COMPILE, "--python-version", oldest, "--output-file", str(output), str(NEEDED))
        return read_text(output, "pin again")


def renewed(keep: bool) -> tuple[list[str], str, str]:
    """What uv says it changed in uv.lock, and both requirements. UserError, with uv.lock as it was, when one fails."""
    before = LOCK.read_bytes()
    try:
        changes = [] if keep else CHANGE.findall(uv("lock", "--upgrade").stderr)
        last = read_text(SERVING, "pin without --keep") if keep else ""
        return changes, training_requirements(), serving_requirements(last)
    except (UserError, KeyboardInterrupt):
        LOCK.write_bytes(before)
        raise


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="pin", description=__doc__)
    about = "write the other two for uv.lock as it is: after `uv add`, or in a pull request that changes it"
    parser.add_argument("--keep", action="store_true", help=about)
    args = parser.parse_args(argv)
    if not LOCK.exists():
        raise UserError(f"{LOCK.resolve()}: no such file; `uv lock` makes it, in the project's folder")
    changes, training, serving = renewed(args.keep)
    write_text(TRAINING, training)
    write_text(SERVING, serving)
    print("\n".join([*changes, f"pinned: {', '.join(path.as_posix() for path in (LOCK, TRAINING, SERVING))}"]))
    return YES


if __name__ == "__main__":
    sys.exit(main())
