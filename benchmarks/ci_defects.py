"""Which mistakes in the pipelines the tests notice, and which they do not.

    uv run python benchmarks/ci_defects.py

Makes each mistake of tests/ci/defects alone in a generated project with the pipelines of both systems. Then the static
checks look at it; if they find nothing, its pipelines run in the scenarios of the parity tests, until one shows
something else than the other, unbroken system does. Writes benchmarks/ci_defects.md, but not in the quick mode.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cookiecutter.main import cookiecutter

from _project import options

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from ci import github, static
from ci.defects import Defect, broken
from ci.defects.azure_devops import DEFECTS as OF_AZURE_DEVOPS
from ci.defects.github import DEFECTS as OF_GITHUB
from ci.defects.scenarios import concerned, difference, scenarios
from ci.server import Server
from ci.systems import AZURE_DEVOPS, GITHUB, Scenario, System, Trace, trace

from conftest import ROOT

PAGE = Path(__file__).with_suffix(".md")
NOTHING = "nothing"
BY = ("static", "execution", "parity", NOTHING)
STATIC = static.CHECKS
LONGEST = 110
FEW = {GITHUB: slice(0, 5, 4), AZURE_DEVOPS: slice(4, 5)}  # in the quick mode: one is run, the others are static

Expected = Callable[[Scenario], Trace]


@dataclass(frozen=True)
class Outcome:
    """What notices a defect, one of BY, and as what."""

    defect: Defect
    by: str
    shown: str

    def row(self) -> str:
        """The row of the table."""
        shown = " ".join(self.shown.split())
        shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
        cells = (self.defect.name, self.defect.kind, self.by, shown.replace("|", "\\|"))
        return f"| {' | '.join(cells)} |"


def expected_of(system: System, server: Server, folder: Path) -> Expected:
    """What the unbroken system does in a scenario of that name; each is run once, when it is first asked for."""
    known: dict[tuple[str, str], Trace] = {}

    def expected(scenario: Scenario) -> Trace:
        key = scenario.pipeline, scenario.name
        if key not in known:
            own = next(each for each in scenarios(server, scenario.pipeline) if each.name == scenario.name)
            known[key] = trace(system, server.bare, own, folder / str(len(known)))
        return known[key]

    return expected


def findings(root: Path) -> Iterator[tuple[str, str]]:
    """What the static checks find: their names and the first line of each."""
    for check in STATIC:
        found = check(root)
        if found:
            yield check.__name__, found[0]
    named = static.environments_named(root)
    known = {path.stem for path in (root / "environments").glob("*.yml")} - {"base"} | static.READING
    if named != known:
        yield static.environments_named.__name__, f"{sorted(named)} instead of {sorted(known)}"


def notice(defect: Defect, system: System, project: Path, expected: Expected, folder: Path) -> Outcome:
    """Make the mistake and look who notices it first."""
    server = broken(project, defect, folder)
    for name, found in findings(server.clone):
        return Outcome(defect, "static", f"{name}: {found}")
    numbers = count()
    for scenario in concerned(server, defect):
        by, shown = difference(system, server, scenario, expected(scenario), folder / str(next(numbers)))
        if by:
            return Outcome(defect, by, f"{scenario.pipeline}, {scenario.name}: {shown}")
    return Outcome(defect, NOTHING, "")


def notice_all(system: System, defects: Sequence[Defect], project: Path, expected: Expected) -> Iterator[Outcome]:
    for defect in defects:
        with tempfile.TemporaryDirectory() as folder:
            outcome = notice(defect, system, project, expected, Path(folder))
        print(outcome.row(), file=sys.stderr, flush=True)
        yield outcome


def page(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """Totals, the misses by name, then all."""
    totals = [f"| {name} | {len(found)} | {' | '.join(map(str, counts(found)))} |" for name, found in outcomes.items()]
    misses = [
        f"- {name}: **{each.defect.name}** ({each.defect.kind}), in `{each.defect.file}`"
        for name, found in outcomes.items()
        for each in found
        if each.by == NOTHING
    ]
    tables = [
        f"\n## {name}\n\n| defect | kind | noticed by | first shown as |\n| --- | --- | --- | --- |\n"
        + "\n".join(each.row() for each in found)
        for name, found in outcomes.items()
    ]
    head = f"| system | defects | {' | '.join(BY)} | noticed |\n| --- |{' ---: |' * (len(BY) + 2)}"
    return "\n".join([INTRODUCTION, head, *totals, "\n## Not noticed\n", *(misses or ["Nothing."]), *tables, ""])


def counts(found: Sequence[Outcome]) -> list[str]:
    by = Counter(each.by for each in found)
    return [*(str(by[name]) for name in BY), f"{1 - by[NOTHING] / len(found):.0%}"]


INTRODUCTION = """\
# Mistakes in the pipelines that the tests notice

```
uv run python benchmarks/ci_defects.py
```

Each is one replacement in one file of a generated project (`tests/ci/defects/`), made alone. *static*: a check finds it
without running anything. The rest is run: *execution* means that the system would refuse or warn, *parity* that it does
something else than the unbroken pipelines of the other system in the same scenario. Only the first is shown.

The lists were fixed before anything was run; some of the rules were not. General ones were added after a first run, and
one each for the three mistakes that were then missed (a cache in a job that deploys, a version read as a number,
production by staging's connection) after a second. So the table says what is noticed now, not what would be of others.
"""


def main() -> None:
    quick = options(__doc__).quick
    github.install()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        both = {"ci_system": "both"}
        project = Path(cookiecutter(str(ROOT), no_input=True, output_dir=scratch, extra_context=both))
        server = Server.of(project, folder)
        assert not list(findings(server.clone)), "the unbroken project has findings"
        outcomes = {}
        for system, other, defects in (
            (GITHUB, AZURE_DEVOPS, OF_GITHUB),
            (AZURE_DEVOPS, GITHUB, OF_AZURE_DEVOPS),
        ):
            expected = expected_of(other, server, folder / system.name)
            some = defects[FEW[system]] if quick else defects
            outcomes[system.name] = list(notice_all(system, some, project, expected))
    if not quick:
        PAGE.write_text(page(outcomes), encoding="utf-8")
    print(page(outcomes).split("\n## GitHub")[0])


if __name__ == "__main__":
    main()
