"""Renew every pin: `uv run pin`.

Takes the newest versions that fit the dependencies, on all platforms and Python versions at once, and writes them into
both pyproject.toml and the requirements.txt of the project's two Azure ML environments: that of pipelines/ and that of
serving/. Unlike a lock file, they hold no address of an index.
"""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import tomlkit

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "{{cookiecutter.project_slug}}"
TRAINING = PROJECT / "pipelines" / "environment"
SERVING = PROJECT / "serving" / "environment"
REQUIREMENTS = "requirements.txt"
OLDEST_PYTHON = "3.11"
JINJA = re.compile(r"\{\{.*?\}\}")
PIN_KEYS = ("constraint-dependencies", "build-constraint-dependencies")
EDITABLE_BUILD = "editables"  # hatchling asks for it while it builds, so that no metadata names it
PLAIN = ("--no-header", "--no-annotate")
EXPORT = ("export", "--frozen", "--no-emit-project", *PLAIN)
COMPILE = ("pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON, *PLAIN)


def uv(*arguments: str, folder: Path) -> str:
    """What uv prints. CalledProcessError when it refuses; its reasons stay on stderr."""
    return subprocess.run(["uv", *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def without_pins(text: str) -> str:
    """A pyproject.toml that uv can read and resolve afresh."""
    document = tomlkit.parse(JINJA.sub("name", text))
    for key in PIN_KEYS:
        document.get("tool", {}).get("uv", {}).pop(key, None)
    return tomlkit.dumps(document)


def with_pins(text: str, *pins: Sequence[str]) -> str:
    """The pyproject.toml with these pins and build pins, and all else as it was."""
    document = tomlkit.parse(text)
    settings = document["tool"].setdefault("uv", tomlkit.table())
    for key, lines in zip(PIN_KEYS, pins, strict=True):
        settings[key] = tomlkit.array().multiline(True)
        settings[key].extend(lines)
    return tomlkit.dumps(document)


def resolve(text: str, folder: Path) -> list[str]:
    """`name==version ; marker` of all that the pyproject.toml needs, in all its groups; locks it in the folder."""
    (folder / "pyproject.toml").write_text(without_pins(text), encoding="utf-8")
    uv("lock", "--quiet", "--fork-strategy", "fewest", folder=folder)
    return uv(*EXPORT, "--all-groups", "--no-hashes", folder=folder).splitlines()


def resolve_build(text: str, folder: Path) -> list[str]:
    """The same for the build backend."""
    requirements = [*tomlkit.parse(text)["build-system"]["requires"], EDITABLE_BUILD]
    (folder / "build.in").write_text("\n".join(requirements), encoding="utf-8")
    return uv(*COMPILE, "build.in", folder=folder).splitlines()


def pin_project(folder: Path, scratch: Path) -> list[str]:
    """Renew the pins of the folder's pyproject.toml; returns them, and leaves their lock in the scratch folder."""
    path = folder / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    pins = resolve(text, scratch)
    path.write_text(with_pins(text, pins, resolve_build(text, scratch)), encoding="utf-8", newline="\n")
    return pins


def pin_training(locked: Path) -> None:
    """Renew the hashed requirements of the training jobs: what the project itself needs, as locked in that folder."""
    requirements = uv(*EXPORT, "--no-default-groups", "--group", "job", folder=locked)
    (TRAINING / REQUIREMENTS).write_text(requirements, encoding="utf-8", newline="\n")


def pin_serving(pins: Sequence[str]) -> None:
    """Renew the hashed requirements of the scoring server.

    Both environments load the same model, so uv is made to prefer the project's pins, as if they were its last output.
    They cannot be constraints: the server demands other versions of a few packages that are no part of a model.
    """
    with TemporaryDirectory() as scratch:
        output = Path(scratch, REQUIREMENTS)
        output.write_text("\n".join(pins), encoding="utf-8")
        source = SERVING / "requirements.in"
        uv(*COMPILE, "--generate-hashes", "--output-file", output.name, str(source), folder=Path(scratch))
        (SERVING / REQUIREMENTS).write_bytes(output.read_bytes())


def main() -> None:
    """Renew all pins and say how many there are."""
    for folder in (ROOT, PROJECT):
        with TemporaryDirectory() as scratch:
            pins = pin_project(folder, Path(scratch))
            if folder == PROJECT:
                pin_training(Path(scratch))
        print(f"{folder.relative_to(ROOT) / 'pyproject.toml'}: {len(pins)} packages")
    pin_serving(pins)
    for folder in (TRAINING, SERVING):
        print(f"{folder.relative_to(ROOT) / REQUIREMENTS}: renewed")
