"""Generate a project and take it round the loop: `uv run demo [--folder DIR]`.

Renders the template with its defaults, installs the project's environment and runs demo/story.py in it, or with --year
demo/year.py: flights day by day, watched by `monitor`, and a training a month. No cloud, no account; everything stays
in the folder and on 127.0.0.1.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cookiecutter.exceptions import CookiecutterException
from cookiecutter.main import cookiecutter
from rich.console import Console

TEMPLATE = Path(__file__).parent.parent
STORY, YEAR = (Path(__file__).parent / name for name in ("story.py", "year.py"))
DAYS = 275  # from April to December


def generate(folder: Path, **answers: str) -> Path:
    """A project with these answers in the folder, else the default ones; so for the Python here, if it is supported."""
    return Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=str(folder), extra_context=answers))


def install(project: Path) -> None:
    """The project's environment, from its own pins, compiled so that not even the first import is slow."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise FileNotFoundError("uv is not on the PATH; install it with: pip install uv")
    subprocess.run(
        [uv, "sync", "--quiet", "--compile-bytecode"], cwd=project, env=outside_this_environment(), check=True
    )


def outside_this_environment() -> dict[str, str]:
    """The environment variables without those that point at this template's own Python, or that slow Python down."""
    ours = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def python_of(project: Path) -> Path:
    """The project's interpreter."""
    return project / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to generate the project (default: a new temporary folder)")
    parser.add_argument("--year", action="store_true", help="replay a year instead: half an hour or less")
    parser.add_argument("--days", type=int, default=DAYS, help="of that year, from its April on (default: all)")
    args = parser.parse_args(argv)
    console, folder = Console(), args.folder or Path(tempfile.mkdtemp(prefix="gitops-demo-"))
    try:
        with console.status("generating the project"):
            project = generate(folder.resolve())
        start = time.monotonic()
        with console.status("installing its environment (once; about 700 MB the first time)"):
            install(project)
    except (CookiecutterException, FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    console.print(f"project: {project} (environment installed in {time.monotonic() - start:.0f} s)", soft_wrap=True)
    told = [str(YEAR), str(args.days)] if args.year else [str(STORY)]
    story = [str(python_of(project)), *told]
    return subprocess.run(story, cwd=project, env=outside_this_environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
