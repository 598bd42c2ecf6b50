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
from mlops.report.pages import render
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
        "status": status(validation, verdict),
        "plots": {path.stem: picture(path) for path in sorted((out / "evaluation" / "plots").glob("*.svg"))},
    }


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
