"""Write docs/reference.md of the project: `uv run reference`. Generates and installs a project to ask its own code.

Every command with its --help, and every key of project.yml and environments/ with what the settings models take, the
default if it has one, and the comment that stands beside it in the file.
"""

import argparse
import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from unittest.mock import patch

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "{{cookiecutter.project_slug}}" / "docs" / "reference.md"
KEY = re.compile(r"^(?P<indent> *)(?P<key>[a-z_][\w-]*):(?P<value>[^#]*)(?:# (?P<comment>.*))?$")
WIDTH = "100"  # columns of the help texts
TYPES = {"str": "text", "int": "whole number", "float": "number", "NoneType": "null", "bool": "true or false"}
DURATION = "duration: `90s`, `30m` or `2h`; 168h at most"
HEAD = "# Reference\n\nMade from the commands' own `--help` and from the settings models; do not edit it by hand.\n"


class ReadyError(Exception):
    """A command has made its parser and is about to read its arguments."""


def help_of(module: str) -> str:
    """The help text of the command, as it is shown on a terminal of WIDTH columns."""
    made: list[argparse.ArgumentParser] = []

    def stop(parser: argparse.ArgumentParser, *_: object) -> None:
        made.append(parser)
        raise ReadyError

    with patch.object(argparse.ArgumentParser, "parse_args", stop), patch.dict(os.environ, COLUMNS=WIDTH):
        try:
            import_module(module).main([])
        except ReadyError:
            return made[0].format_help().rstrip()
    raise AssertionError(f"{module} reads no arguments")


def commands(project: Path, folder: str) -> Iterator[str]:
    """A section a command of the folder."""
    for path in sorted((project / folder).glob("*.py")):
        if "argparse" in path.read_text(encoding="utf-8"):
            module = ".".join(path.relative_to(project).with_suffix("").parts)
            yield f"### {path.stem}\n\n```\n{help_of(module)}\n```"


def comments(text: str) -> dict[str, str]:
    """The comment beside each key of a YAML file, by dotted key."""
    found: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    for match in filter(None, map(KEY.match, text.splitlines())):
        depth = len(match["indent"])
        parents = [*(each for each in parents if each[0] < depth), (depth, match["key"])]
        found[".".join(key for _, key in parents)] = (match["comment"] or "").strip()
    return found


def type_text(kind: Any, limits: str = "") -> str:
    """The type for a person: `whole number, > 0`."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        text = " or ".join(f"`{each}`" for each in inner)
    elif origin in (types.UnionType, Union):
        text = " or ".join(map(type_text, inner))
    elif origin is list:
        text = f"list of {type_text(inner[0])}"
    elif origin is dict:
        text = "keys and values"
    elif origin is Annotated:
        text = type_text(inner[0])
    else:
        text = TYPES.get(kind.__name__, "text")
    return ", ".join(filter(None, [text, limits]))


def is_duration(field: Any) -> bool:
    """Whether it is written with a unit and read as seconds."""
    return any(getattr(getattr(each, "func", None), "__name__", "") == "seconds" for each in field.metadata)


def limits_of(field: Any) -> str:
    """The bounds of a number or a text: `> 0, <= 1`."""
    signs = {"gt": "> {}", "ge": ">= {}", "lt": "< {}", "le": "<= {}", "pattern": "matching `{}`"}
    parts = [(sign, getattr(each, name, None)) for each in field.metadata for name, sign in signs.items()]
    return ", ".join(sign.format(value) for sign, value in parts if value is not None)


def block_of(kind: Any) -> Any:
    """The model of a block of keys, which may be left out; None of a single value."""
    kinds = get_args(kind) if get_origin(kind) in (types.UnionType, Union) else [kind]
    return next((each for each in kinds if hasattr(each, "model_fields")), None)


def keys(model: Any, told: Mapping[str, str], prefix: str = "") -> Iterator[str]:
    """A table row a key, blocks row by row."""
    for name, field in model.model_fields.items():
        key, kind = f"{prefix}{name}", field.annotation
        if block := block_of(kind):
            yield from keys(block, told, f"{key}.")
            continue
        value = "" if field.is_required() else field.get_default(call_default_factory=True)
        default = "`null`" if value is None else f"`{value}`" if value != "" else ""
        takes = DURATION if is_duration(field) else type_text(kind, limits_of(field)).replace("|", "\\|")
        yield f"| `{key}` | {told.get(key) or field.description or ''} | {takes} | {default} |"


def settings(project: Path) -> Iterator[str]:
    """A table of project.yml, one of environments/, and one of infra/parameters.yml."""
    from mlops.settings.environments import Manifest, Stages
    from mlops.settings.infrastructure import PARAMETERS, Infrastructure
    from mlops.settings.project import Project

    head = "| key | what | takes | default |\n| --- | --- | --- | --- |\n"
    told = comments((project / "project.yml").read_text(encoding="utf-8"))
    yield f"## project.yml\n\n{head}" + "\n".join(keys(Project, told))
    files = [project / "environments" / name for name in ("base.yml", "production.yml")]
    told = {key: text for path in files for key, text in comments(path.read_text(encoding="utf-8")).items()}
    rows = [*keys(Stages, told), *keys(Manifest, told)]
    yield f"## environments/\n\nA file overrides base.yml by key.\n\n{head}" + "\n".join(rows)
    told = comments((project / PARAMETERS).read_text(encoding="utf-8"))
    yield f"## {PARAMETERS.as_posix()}\n\n{head}" + "\n".join(keys(Infrastructure, told))


def reference(project: Path) -> str:
    """The whole page, for the project in that folder, whose code is the one that is imported."""
    parts = [
        HEAD,
        "## Steps of the loop",
        *commands(project, "steps"),
        "## Other commands",
        *commands(project, "mlops/commands"),
        *settings(project),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def main() -> None:
    """Write the page into the template's project folder."""
    from demo.run import generate, install, python_of  # not there where this file runs within a project

    with TemporaryDirectory() as folder:
        project = generate(Path(folder))
        install(project)
        command = [str(python_of(project)), __file__, str(project)]
        page = subprocess.run(command, cwd=project, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    PAGE.write_text(page, encoding="utf-8", newline="\n")
    print(f"{PAGE.relative_to(ROOT)}: written")


if __name__ == "__main__":
    print(reference(Path(sys.argv[1])), end="")
