"""How many lines of mlops/ are reached by the tests that run in a project's own environment, a suite at a time.

SlipCover counts them there, and the end of the run makes one table of all. The floor is for a run of every suite.
"""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

MACHINERY = Path(__file__).parent / "machinery"
ROOMS = sorted(path.name for path in MACHINERY.iterdir() if any(path.glob("test_*.py")))
AZURE = "contract-on-azure"  # the same contract through the stand-in
INFRA = "infra-on-azure"  # the commands of `infra`
SCHEDULES = "schedules-on-azure"  # the same where Azure has schedules of its own
ONNX, GROUPS, FAIRNESS = "onnx", "groups", "fairness"  # where their packages are installed
SUITES = {*ROOMS, AZURE, INFRA, SCHEDULES, ONNX, GROUPS, FAIRNESS}
FLOOR = 93  # percent
FOLDER = "MEASURED_FOLDER"  # the variable that tells workers where the counts go
REQUIREMENT = f"slipcover=={version('slipcover')}"  # no part of a project, so it is put beside its packages


def command(suite: str) -> tuple[str, ...]:
    """The options of Python that stand, in a project's folder, for `-m pytest`."""
    options = counting(Path(os.environ[FOLDER]) / f"{suite}.json")
    return (*options, "-m", "pytest", "-p", "no:slipcover")  # that is for workers of its own


def counting(counts: Path) -> tuple[str, ...]:
    """The options of Python that stand before `-m` and a module, whose counts go into that file."""
    return ("-m", "slipcover", "--source", "mlops", "--json", "--out", str(counts))


def together(suite: str, counts: list[Path]) -> None:
    """Make the counts of several runs those of the suite."""
    place = Path(os.environ[FOLDER]) / f"{suite}.json"
    merge = [sys.executable, "-m", "slipcover", "--merge", *map(str, counts), "--json", "--out", str(place)]
    subprocess.run(merge, stdout=subprocess.DEVNULL, check=True)


def report() -> tuple[int, str]:
    """An exit code, 0 unless every suite ran and too little was reached, and the table of what was not reached."""
    counts = sorted(Path(os.environ[FOLDER]).iterdir())
    if not counts:
        return 0, ""
    floor = FLOOR if {path.stem for path in counts} == SUITES else 0
    options = ("--out", os.devnull, "--skip-covered", "--fail-under", str(floor))
    merge = [sys.executable, "-m", "slipcover", "--merge", *map(str, counts), *options]
    done = subprocess.run(merge, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False)
    verdict = f"less than {FLOOR} % of mlops/ is reached by its tests\n" if done.returncode else ""
    return done.returncode, f"\n{done.stdout}{verdict}"
