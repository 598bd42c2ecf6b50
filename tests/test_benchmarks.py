"""Every benchmark still runs: its quick mode, which does a little of the work by the same code."""

import re
import sys

import pytest
from ci import github
from ci.conftest import REQUIRED

from conftest import ROOT, Project

BENCHMARKS = ROOT / "benchmarks"
INSIDE = {
    "answer",
    "batch",
    "canary",
    "cross_validation",
    "diagnosis",
    "drift",
    "explain",
    "fairness",
    "gate",
    "live_quality",
    "router",
}  # those are run by a project's Python, in its folder
OF_NODE = "ci_defects"
OF_GROUPS = {"tuning"}  # of packages, which a project has not unless it asks: those install one of their own
NUMBER = r"[-+]?\d[\d,.]*"
ROWS = {  # of what each prints
    "answer": [
        rf"\| {model}, {size} \|( {NUMBER} to {NUMBER}, {NUMBER} \|){{3}}"
        for model in ("the project's", "drafted by adopt")
        for size in ("1 row", "1,000 rows")
    ],
    "azure_rollout": [
        rf"plan, local: {NUMBER} s; azure.ai.ml imported: False",
        r"apply, first rollout: .* 10 writes",
        r"apply, blue/green: .* 12 writes",
    ],
    "batch": [
        *(rf"\| {files} \| {rows} \| {NUMBER} \|" for files, rows in ((3, "2,000"), (1, "6,000"))),
        *(rf"\| {workers} \|( {NUMBER} \({NUMBER} to {NUMBER}\) \|){{2}} {NUMBER} \|" for workers in (1, 2)),
        rf"the second worker: {NUMBER} ",
    ],
    "canary": [
        r"\| healthy, 0.0% fail \| 100.0% \| 0 \| 0 \| \d+ \| 100.0% \| 100.0% \|",
        rf"\| 9 times as much \| {NUMBER}% \| {NUMBER} \|( {NUMBER}% \|){{4}}",
        r"\| right \| 0.0% \|",
        *(rf"\| {wrong} \| 100.0% \|" for wrong in ("constant", "null", "two columns swapped", "10% of rows off, .*")),
    ],
    "ci_defects": [
        r"\| GitHub \| 2 \| 2 \| 0 \| 1 \| 0 \| 0 \| 1 \| 0 \| 100% \|",
        r"\| Azure DevOps \| 1 \| 1 \| 0 \| 1 \| 0 \| 0 \| 0 \| 0 \| 100% \|",
        r"\| the template's own, fresh \| 1 \| 1 \| 0 \| 1 \| 0 \| 0 \| 0 \| 0 \| 100% \|",
    ],
    "cross_validation": [
        *(
            rf"\| {row} \| (AUC|log-loss) \| {NUMBER} \|( {NUMBER}% \|){{3}}"
            for row in (r"150 \| 5, 10 times", r"300 \| 5, 10 times", r"150 \| 5, 1 times", r"150 \| 10, 10 times")
        ),
    ],
    "diagnosis": [
        *(rf"\| {look} \| {NUMBER} \|" for look in ("weak slices", "ladder", "importances", "all of diagnose")),
        rf"pictures: {NUMBER} KiB",
    ],
    "drift": [
        *(rf"\| {row} \|( {NUMBER} \|){{6}}" for row in ("days", "two days", "weeks")),
        *(rf"\| {row} \| .* \|( {NUMBER}% \|){{5}}" for row in ("miles as km", "half a standard deviation")),
    ],
    "explain": [rf"\| {row} \|( {NUMBER} \|){{2}}" for row in ("the answer", "and why")],
    "fairness": [
        *(
            rf"\| {groups} \| {rows} \| {rate} \|( {NUMBER}% \|){{5}}"
            for groups, rows, rate in ((2, 500, 0.5), (5, "1,000", 0.8))
        ),
        rf"\| 5 groups, the others between \| 0.45 \| 0.1 \|( {NUMBER}% \|){{5}}",
        *(rf"\| {how} \| 500 \|( {NUMBER}% \|){{5}}" for how in ("by day", "rows taken for independent")),
    ],
    "gate": [
        *(
            rf"\| {row} \|( {NUMBER}% \|){{4}}"
            for row in ("auc \\| 500 \\| 0.9 \\| 20%", "rmse .*", "accuracy \\+2 pt, .*")
        ),
        *(rf"\| {row} \| {NUMBER}% \|" for row in ("auc, 500 rows", "AUC 0.70, 200 rows a slice")),
        rf"\| fresh rows each time, errors alike 0.9 \|( {NUMBER}% \|){{3}}",
        rf"\| sample, month 12: learning rate 0.08 \| \+?{NUMBER} \|( {NUMBER}% \|){{2}}",
        rf"\| sample, month 12 \|( {NUMBER}% \|){{2}}",
    ],
    "infra": [rf"\| infra {row} \|( {NUMBER} \|){{3}}" for row in ("plan", "up --yes", "down --yes flight-delays")],
    "live_quality": [rf"\| {row} \| {NUMBER}% \|" for row in (r"0 \| independent", r"0.05 \| alike within a day")],
    "own_table": [
        *(rf"\| {row} \| {NUMBER} \|" for row in ("uv run adopt", "uv run run_pipeline", "uv run release")),
        "commands: 3; edits by hand: 0",
    ],
    "pipeline": [rf"\| {row} \|( {NUMBER} \|){{4}}" for row in ("bare script", "pipeline, cold", ".*nothing changed")],
    "project_size": [rf"\| together \| {NUMBER} \| {NUMBER} \|", "environment: .* s", "`uv run check`: .* s"],
    "pull_request": [
        rf"\| {row} \| {NUMBER} \|" for row in ("`uv run check`", "`.*plan .*`", "`.*run_pipeline .*`", "`.*comment`")
    ],
    "router": [rf"{row} +({NUMBER} +){{4}}0 +({NUMBER} *){{3}}" for row in ("the project's", "logistic regression")],
    "tuning": [
        rf"\| breast_cancer \| .* \|( ({NUMBER}|-) \|){{3}} (yes|no) \|( {NUMBER} \|){{2}} {NUMBER} % \|",
        r"better on \d of 1 tables",
    ],
}


@pytest.mark.parametrize("name", sorted(path.stem for path in BENCHMARKS.glob("[!_]*.py")))
def test_its_quick_mode_prints_every_row(name: str, installed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == OF_NODE and not REQUIRED and (why_not := github.installed()):
        pytest.skip(why_not)
    if name not in OF_GROUPS:
        monkeypatch.setenv("BENCHMARKS_BORROW", str(installed.folder))
    command = ("python", str(BENCHMARKS / f"{name}.py"), "--quick")
    before = (BENCHMARKS / "ci_defects.md").read_bytes()
    said = installed.uv_run(*command) if name in INSIDE else installed.run(sys.executable, *command[1:])
    assert "no measurement" in said.splitlines()[0]
    assert [row for row in ROWS[name] if not re.search(rf"^{row}", said, re.MULTILINE)] == [], said
    assert (BENCHMARKS / "ci_defects.md").read_bytes() == before, "only a measurement is kept"
