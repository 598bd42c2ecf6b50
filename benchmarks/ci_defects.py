"""Which mistakes in the pipelines the tests notice, and which they do not.

    uv run python benchmarks/ci_defects.py

Makes each mistake of tests/ci/defects alone in a generated project with the pipelines of both systems, or in the
template's own. The project's table is asked, and left out of the rest: the static checks look at it, then the project's
rules; if they find nothing, its pipelines run in the scenarios of the parity tests, until one shows something else than
the other, unbroken system does. Those of tests/ci/defects/fresh are not run.

Writes benchmarks/ci_defects.md, but not in the quick mode.
"""

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from cookiecutter.main import cookiecutter

from _project import options

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from ci import github, guard, own, static
from ci.defects import Defect, broken
from ci.defects.azure_devops import DEFECTS as OF_AZURE_DEVOPS
from ci.defects.fresh.azure_devops import DEFECTS as FRESH_OF_AZURE_DEVOPS
from ci.defects.fresh.github import DEFECTS as FRESH_OF_GITHUB
from ci.defects.fresh.own import DEFECTS as FRESH_OF_OURS
from ci.defects.github import DEFECTS as OF_GITHUB
from ci.defects.scenarios import concerned, difference, scenarios
from ci.server import Server
from ci.systems import AZURE_DEVOPS, GITHUB, Scenario, System, Trace, trace

from conftest import ROOT, TEMPLATE

PAGE = Path(__file__).with_suffix(".md")
NOTHING = "nothing"
BY = ("static", "rule", "execution", "parity", NOTHING)
STATIC = static.CHECKS
LONGEST = 110
KNOWN = ((GITHUB, OF_GITHUB), (AZURE_DEVOPS, OF_AZURE_DEVOPS))
FRESH = (
    (GITHUB.name, TEMPLATE, FRESH_OF_GITHUB),
    (AZURE_DEVOPS.name, TEMPLATE, FRESH_OF_AZURE_DEVOPS),
    ("the template's own", ROOT, FRESH_OF_OURS),
)
OTHER = {GITHUB: AZURE_DEVOPS, AZURE_DEVOPS: GITHUB}
FEW = {GITHUB: slice(4, 6), AZURE_DEVOPS: slice(4, 5)}  # in the quick mode: one is run, the others are static

Expected = Callable[[Scenario], Trace]


@dataclass(frozen=True)
class Outcome:
    """What notices a defect, one of BY, and as what; and whether the project's own tests do: by table, by rule."""

    defect: Defect
    by: str
    shown: str
    table: bool
    rule: bool

    def row(self) -> str:
        """The row of the table."""
        shown = " ".join(self.shown.split())
        shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
        project = ", ".join(word for word, seen in (("table", self.table), ("rule", self.rule)) if seen)
        cells = (self.defect.name, self.defect.kind, project, self.by, shown.replace("|", "\\|"))
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
    known = {path.stem for path in (root / "environments").glob("*.yml")} - {"base"} | static.NOTHING_SERVED
    if named != known:
        yield static.environments_named.__name__, f"{sorted(named)} instead of {sorted(known)}"


def at_rest(root: Path, defect: Defect, owner: Path = TEMPLATE) -> Outcome:
    """Who notices the mistake that was made in that folder, without running anything, the table left out."""
    table, rules = bool(guard.changes(root)), guard.broken(root, owner)
    for name, found in findings(root) if owner == TEMPLATE else own_findings(root):
        return Outcome(defect, "static", f"{name}: {found}", table, bool(rules))
    return Outcome(defect, "rule" if rules else NOTHING, "".join(rules[:1]), table, bool(rules))


def notice_at_rest(owner: Path, defect: Defect, folder: Path) -> Outcome:
    """Make the mistake in a copy of the owner's pipelines, which are not run."""
    root = guard.copied(owner, folder)
    if owner == TEMPLATE:
        shutil.copytree(owner / "environments", root / "environments")
    defect.make(root)
    return at_rest(root, defect, owner)


def notice(system: System, project: Path, expected: Expected, defect: Defect, folder: Path) -> Outcome:
    """Make the mistake and look who notices it first; what nobody does at rest is run."""
    server = broken(project, defect, folder)
    outcome = at_rest(server.clone, defect)
    numbers = count()
    for scenario in concerned(server, defect) if outcome.by == NOTHING else ():
        by, shown = difference(system, server, scenario, expected(scenario), folder / str(next(numbers)))
        if by:
            return replace(outcome, by=by, shown=f"{scenario.pipeline}, {scenario.name}: {shown}")
    return outcome


def own_findings(root: Path) -> Iterator[tuple[str, str]]:
    """The same of the template's own pipelines, which have no environments."""
    yield from ((check.__name__, found) for check in STATIC for found in check(root)[:1])
    yield from (("own", found) for found in own.findings(root))


def notice_all(defects: Sequence[Defect], look: Callable[[Defect, Path], Outcome]) -> Iterator[Outcome]:
    for defect in defects:
        with tempfile.TemporaryDirectory() as folder:
            outcome = look(defect, Path(folder))
        print(outcome.row(), file=sys.stderr, flush=True)
        yield outcome


def page(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """Totals, the misses by name, then all."""
    totals = [f"| {name} | {len(found)} | {' | '.join(counts(found))} |" for name, found in outcomes.items()]
    misses = [
        f"- {name}: **{each.defect.name}** ({each.defect.kind}), in `{each.defect.file}`"
        for name, found in outcomes.items()
        for each in found
        if each.by == NOTHING
    ]
    tables = [
        f"\n## {name}\n\n| mistake | kind | in the project | in the template, without the table | first shown as |\n"
        "| --- | --- | --- | --- | --- |\n" + "\n".join(each.row() for each in found)
        for name, found in outcomes.items()
    ]
    head = f"| list | mistakes | table | rules alone | {' | '.join(BY)} | noticed |\n| --- |{' ---: |' * (len(BY) + 4)}"
    return "\n".join([INTRODUCTION, head, *totals, MISSED, *(misses or ["Nothing."]), *tables, ""])


def counts(found: Sequence[Outcome]) -> list[str]:
    by = Counter(each.by for each in found)
    project = [sum(each.table for each in found), sum(each.rule for each in found)]
    return [*map(str, [*project, *(by[name] for name in BY)]), f"{1 - by[NOTHING] / len(found):.0%}"]


MISSED = "\n## Noticed by no more than the table, if by that\n"
INTRODUCTION = """\
# Mistakes in the pipelines that the tests notice

```
uv run python benchmarks/ci_defects.py
```

Each is one replacement in one file, or two of one mistake (`tests/ci/defects/`), made alone.

- *table* and *rules alone* are a generated project's own tests (`tests/pipeline_table.py`,
  `tests/pipeline_rules.py`); the rules count as if somebody had written the table anew without a look.
- The rest is what the template's tests notice *without* that table, which they have too. Only the first is shown.
  *static*: a check finds it without running anything; *rule*: one of the project's. What is left is run: *execution*
  means that the system would refuse or warn, *parity* that it does something else than the unbroken pipelines of the
  other system in the same scenario. The fresh ones are not run: what is left of them is counted as noticed by nothing.

The known lists have been learnt from. The fresh ones were written down whole before the table and the rules were; the
kinds that an earlier trial with a stranger's list had missed were known to whoever wrote them. One check was made
after the first measurement: that an action has the same commit everywhere ("an older checkout"; before it the table
noticed 94 of the 95 on GitHub). The same person wrote lists and guard, so a stranger's list may fare worse in the
columns after *table*.

The table's column is no foresight. It has whatever a file says, so every edit of a fact shows; all of them are tried
by `test_whatever_is_edited_in_a_file_is_a_change`. It judges nothing: whoever writes it anew reads the changed line
in the diff, and whoever does not read has the rules left. It leaves out the commits of actions: a wrong one that is
the same everywhere is found in the template alone.
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
        expected = {system: expected_of(OTHER[system], server, folder / system.name) for system in OTHER}
        outcomes = {}
        for system, defects in KNOWN:
            some = defects[FEW[system]] if quick else defects
            outcomes[system.name] = list(notice_all(some, partial(notice, system, project, expected[system])))
        for name, owner, defects in FRESH:
            some = defects[:1] if quick else defects
            outcomes[f"{name}, fresh"] = list(notice_all(some, partial(notice_at_rest, owner)))
    if not quick:
        PAGE.write_text(page(outcomes), encoding="utf-8")
    print(page(outcomes).split(MISSED)[0])


if __name__ == "__main__":
    main()
