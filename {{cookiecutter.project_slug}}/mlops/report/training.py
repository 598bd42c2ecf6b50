"""The report of a pipeline run: one self-contained page to look at, and a table for a pull request.

Made from whatever the steps have written so far, so that a run that failed early has its page too.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mlops.data.artefacts import Evaluation, Split, Validation, Verdict
from mlops.data.files import read_json
from mlops.report.pages import number, render
from mlops.settings.project import Project


def write_report(out: Path, project: Project, champion: str) -> None:
    """report.html and report.md in `out`, from what the steps wrote there. `champion` is what they call it."""
    facts = collect(out, project, champion)
    for name in ("report.html", "report.md"):
        render(name, facts, out / name)


def collect(out: Path, project: Project, champion: str) -> dict[str, Any]:
    """All that the page shows. What a step has not written is None."""
    evaluation = read_if_there(out / "evaluation" / "evaluation.json", Evaluation)
    verdict = read_if_there(out / "gate" / "verdict.json", Verdict)
    validation = read_if_there(out / "validation" / "validation.json", Validation)
    return {
        "project": project,
        "champion": champion,
        "metrics": {name: metric.title for name, metric in project.metrics.items()},
        "decisive": project.metrics[project.metric].title,
        "validation": validation,
        "split": read_if_there(out / "split" / "split.json", Split),
        "evaluation": evaluation,
        "verdict": verdict,
        "evidence": evidence(verdict, project.metrics[project.metric].title) if verdict else [],
        "status": status(validation, verdict),
        "plots": {path.stem: picture(path) for path in sorted((out / "evaluation" / "plots").glob("*.svg"))},
    }


def evidence(verdict: Mapping[str, Any], metric: str) -> list[str]:
    """How sure the verdict is, and what it would take to be surer, in plain words."""
    found, rules = verdict["comparison"], verdict["rules"]
    if found["p"] is None:
        return [f"The gain in {metric} has no value on these rows."]
    rows, rule, differ = f"{found['rows']:,} test rows", found["rule"], found["discordance"]
    opponent = "trivial model" if verdict["cold_start"] else "champion"
    return [
        f"{found['metric']} {found['difference']:+.4f}; at least {found['lower']:+.4f}, at most {found['upper']:+.4f},"
        f" each with a chance of {1 - found['alpha']:.4g}. Chance alone shows as much with p = {found['p']:.2g}.",
        f"{rows}, taken for independent of each other."
        if found["clusters"] is None
        else f"{rows} of {found['clusters']:,} clusters ({found['clusters_by']}). Rows of one cluster are alike: the"
        f" interval is {number(found['widened'])} times as wide as that of independent rows.",
        f"With these rows a gain of {number(found['detectable'])} would be found four times of five; for one of"
        f" {rules[rule]} (gate.{rule}) it takes about {found['rows_needed']:,.0f} rows.",
        *([] if differ is None else [f"Challenger and {opponent} decide differently on {differ:.1%} of the rows."]),
    ]


def status(validation: Mapping[str, Any] | None, verdict: Mapping[str, Any] | None) -> str:
    """The word at the top of the page."""
    if verdict:
        return str(verdict["status"])
    return "INVALID DATA" if validation and not validation["success"] else "INCOMPLETE"


def read_if_there(path: Path, shape: type[BaseModel]) -> dict[str, Any] | None:
    """The parsed file, or None when the step that writes it has not run."""
    return read_json(path, shape) if path.exists() else None


def picture(path: Path) -> str:
    """An SVG file as a data address, so that the page needs no other file."""
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()
