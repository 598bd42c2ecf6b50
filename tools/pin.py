"""Renew every pin: `uv run pin`.

The template's own are constraints in its pyproject.toml. A project's come from the project's own `pin`, run in one that
is generated for it; its uv.lock is kept without the addresses of the package index that a lock file holds.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import tomlkit
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "{{cookiecutter.project_slug}}"
REQUIREMENTS = [Path(name, "image", "requirements.txt") for name in ("pipelines", "serving")]
CLI = ROOT / "tests" / "azure" / "az" / "requirements.txt"
LOCK = "uv.lock"
ABOUT_LOCK = """\
# The versions this project was tested with. The first command adds the addresses of your package index: commit it.
# `uv run pin` renews them.
"""
PIN_KEYS = ("constraint-dependencies", "build-constraint-dependencies")
EDITABLE_BUILD = "editables"  # hatchling asks for it while it builds, so that no metadata names it
PLAIN = ("--no-header", "--no-annotate")
EXPORT = ("export", "--frozen", "--no-emit-project", "--all-groups", "--no-hashes", *PLAIN)
COMPILE = ("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", *PLAIN)


def uv(*arguments: str, folder: Path) -> str:
    """What uv prints. CalledProcessError when it refuses; its reasons stay on stderr."""
    return subprocess.run(["uv", *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def without_pins(text: str) -> str:
    """A pyproject.toml that uv can resolve afresh."""
    document = tomlkit.parse(text)
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
    """`name==version ; marker` of all that the pyproject.toml needs, in all its groups."""
    (folder / "pyproject.toml").write_text(without_pins(text), encoding="utf-8")
    uv("lock", "--quiet", "--fork-strategy", "fewest", folder=folder)
    return uv(*EXPORT, folder=folder).splitlines()


def resolve_build(text: str, folder: Path) -> list[str]:
    """The same for the build backend."""
    requirements = [*tomlkit.parse(text)["build-system"]["requires"], EDITABLE_BUILD]
    (folder / "build.in").write_text("\n".join(requirements), encoding="utf-8")
    return uv(*COMPILE, "build.in", folder=folder).splitlines()


def pin_template() -> None:
    """Renew the constraints in the template's pyproject.toml."""
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    with TemporaryDirectory() as scratch:
        pins = resolve(text, Path(scratch)), resolve_build(text, Path(scratch))
    path.write_text(with_pins(text, *pins), encoding="utf-8", newline="\n")


def without_addresses(lock: str) -> str:
    """The versions of a uv.lock alone. uv prefers them where it locks anew, as it has to for the addresses."""
    document = tomllib.loads(lock)
    lines = [f'version = 1\nrequires-python = "{document["requires-python"]}"']
    lines += ["\n[options]", *(f'{key} = "{value}"' for key, value in document["options"].items())]
    for package in document["package"]:
        if "registry" in package["source"]:
            lines += ["\n[[package]]", *(f'{key} = "{package[key]}"' for key in ("name", "version"))]
            lines += ['source = { registry = "." }']
    return ABOUT_LOCK + "\n".join(lines) + "\n"


def pin_project() -> None:
    """Renew uv.lock and the requirements of both environments, in a project generated with the default answers."""
    with TemporaryDirectory() as scratch:
        options = {"no_input": True, "default_config": True, "accept_hooks": False}
        folder = Path(cookiecutter(str(ROOT), output_dir=scratch, **options))
        environment = {**os.environ, "PYTHONPATH": str(folder), "UV_PYTHON": sys.executable}
        subprocess.run([sys.executable, "-m", "mlops.commands.pin"], cwd=folder, env=environment, check=True)
        lock = without_addresses((folder / LOCK).read_text(encoding="utf-8"))
        (PROJECT / LOCK).write_text(lock, encoding="utf-8", newline="\n")
        for path in REQUIREMENTS:
            (PROJECT / path).write_bytes((folder / path).read_bytes())


def pin_cli() -> None:
    """Renew the requirements of the Azure CLI, which the tests drive in an environment of its own."""
    needed = CLI.with_suffix(".in").read_bytes()
    with TemporaryDirectory() as scratch:  # below the template, uv would apply its constraints
        (Path(scratch) / "requirements.in").write_bytes(needed)
        pins = uv(*COMPILE, "--generate-hashes", "requirements.in", folder=Path(scratch))
    CLI.write_text(pins, encoding="utf-8", newline="\n")


def main() -> None:
    """Renew all pins."""
    pin_template()
    pin_project()
    pin_cli()
