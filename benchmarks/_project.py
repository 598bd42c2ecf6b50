"""What the benchmarks share: their options, and a generated project in which commands are timed."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Part = Callable[[Any], Iterator[str]]

LENDER = "BENCHMARKS_BORROW"  # names an installed project whose environment is taken instead of installing one
QUICK = "only a little of the work, to see that it runs; no measurement"


def options(about: str | None, **others: str) -> argparse.Namespace:
    """The command line: `--quick` and what else this benchmark takes, with its help."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=QUICK)
    for name, meaning in others.items():
        parser.add_argument(f"--{name}", help=meaning)
    asked = parser.parse_args()
    if asked.quick:
        print(f"quick: {QUICK}")
    return asked


def parts_asked(parts: Mapping[str, Part]) -> list[str]:
    """The parts that the command line names, all of them without one; takes them off it."""
    asked = [name for name in parts if name in sys.argv[1:]]
    sys.argv[1:] = [each for each in sys.argv[1:] if each not in parts]
    return asked or list(parts)


def print_parts(names: Iterable[str], parts: Mapping[str, Part], work: Any) -> None:
    """The lines of each part, as soon as they are known."""
    for name in names:
        for line in parts[name](work):
            print(line, flush=True)
        print(flush=True)


def measure_parts(about: str | None, parts: Mapping[str, Part], quick: Any, whole: Any) -> None:
    """Be the command line of a benchmark that has parts: those asked for, each with so much work."""
    asked = parts_asked(parts)
    print_parts(asked, parts, quick if options(about).quick else whole)


def installed_project(folder: Path, **answers: str) -> Path:
    """A new project in the folder, with its environment."""
    from demo.run import generate

    project = generate(folder, **answers)
    if lender := os.environ.get(LENDER):
        (project / ".venv").mkdir()
        for path in Path(lender, ".venv").iterdir():
            (project / ".venv" / path.name).symlink_to(path)
        os.environ["UV_NO_SYNC"] = "1"
    else:
        seconds(project, "uv", "sync", "--quiet")
    return project


def seconds(project: Path, *command: str, **variables: str) -> float:
    """Wall time of the command, which must succeed."""
    from demo.run import outside_this_environment

    environment, start = outside_this_environment() | variables, time.perf_counter()
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start
