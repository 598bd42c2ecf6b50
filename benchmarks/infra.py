"""What `infra` takes of our own time, through the unmodified `az` and the stand-ins of Azure and GitHub.

    uv run python benchmarks/infra.py

Generates a project and installs `az`; then from nothing: plan, up, plan again, and down. Nothing here is Azure: its own
times are minutes. The quick mode does the same: it is short.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from _project import installed_project, options
from demo.run import TEMPLATE, python_of

if TYPE_CHECKING:
    from subscribed import Subscribed

TYPED = (("plan", 1), ("up --yes", 0), ("plan", 0), ("down --yes flight-delays", 0))  # with its exit code


def line(here: "Subscribed", typed: str, code: int) -> str:
    """What the command took, and how often it asked; it has to end as it should."""
    start, calls = time.perf_counter(), len(here.given_to_az().splitlines())
    done = here.infra(*typed.split())
    taken = time.perf_counter() - start
    if done.code != code:
        raise SystemExit(done.out + done.err)
    asked, of_az = len(done.asked), len(here.given_to_az().splitlines()) - calls
    return f"| infra {typed} | {taken:.1f} | {of_az} | {asked} |"


def main() -> None:
    options(__doc__)
    sys.path[:0] = [str(TEMPLATE / "tests"), str(TEMPLATE / "tests" / "azure")]
    import cli
    from subscribed import subscribed

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        project, programs = installed_project(place / "new"), cli.installed_below(place)
        (place / "hosts").mkdir()
        with subscribed(project, python_of(project), programs, place / "hosts") as here:
            print("\n| typed | seconds | calls of az | requests to Azure |\n| --- | ---: | ---: | ---: |")
            for typed, code in TYPED:
                print(line(here, typed, code), flush=True)


if __name__ == "__main__":
    main()
