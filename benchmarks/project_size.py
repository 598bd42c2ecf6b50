"""How big a generated project is, and how long its environment and its check take.

    uv run python benchmarks/project_size.py [--at COMMIT]

Counts what the first commit of a project with the default answers holds, by folder; locks, requirements and data are
not counted. Then installs its environment, once to fill uv's cache and once timed, and runs `uv run check` in it. An
older template is asked for the Python that runs this.
"""

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

from cookiecutter.main import cookiecutter

from _project import options, seconds

ROOT = Path(__file__).parent.parent
NOT_COUNTED = ("uv.lock", "requirements*.txt", "*.parquet")


def template(folder: Path, commit: str | None) -> Path:
    """The template as it stands here, or a clone of it as it was at the commit."""
    if commit is None:
        return ROOT
    subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(folder)], check=True)
    subprocess.run(["git", "checkout", "--quiet", commit], cwd=folder, check=True)
    return folder


def counted(project: Path) -> tuple[Counter[str], Counter[str]]:
    """Its files and their lines, by folder."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=project, check=True, stdout=subprocess.PIPE)
    files, lines = Counter[str](), Counter[str]()
    for name in filter(None, told.stdout.decode().split("\0")):
        if not any(fnmatch(Path(name).name, pattern) for pattern in NOT_COUNTED):
            folder = f"{name.split('/')[0]}/" if "/" in name else "at the top"
            files[folder] += 1
            lines[folder] += (project / name).read_bytes().count(b"\n")
    return files, lines


def main() -> None:
    asked = options(__doc__, at="a commit of the template; without it, the template as it stands here")
    with tempfile.TemporaryDirectory() as scratch:
        source = template(Path(scratch) / "template", asked.at)
        python = {"python_version": "{}.{}".format(*sys.version_info)} if asked.at else {}
        project = Path(cookiecutter(str(source), no_input=True, output_dir=scratch, extra_context=python))
        files, lines = counted(project)
        print("| folder | files | lines |\n| --- | ---: | ---: |")
        for folder in sorted(files):
            print(f"| {folder} | {files[folder]} | {lines[folder]:,} |")
        print(f"| together | {files.total()} | {lines.total():,} |")
        for _ in range(1 if asked.quick else 2):
            shutil.rmtree(project / ".venv", ignore_errors=True)
            taken = seconds(project, "uv", "sync", "--quiet")
        size = sum(path.lstat().st_size for path in (project / ".venv").rglob("*"))
        print(f"\nenvironment: {size / 1e6:.0f} MB; `uv sync` with a full cache: {taken:.1f} s")
        print(f"`uv run check`: {seconds(project, 'uv', 'run', 'check', *(['--help'] if asked.quick else [])):.1f} s")


if __name__ == "__main__":
    main()
