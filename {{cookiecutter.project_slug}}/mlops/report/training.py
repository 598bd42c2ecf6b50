"""The report of a pipeline run: one self-contained page to look at, and a table for a pull request.

Made from whatever the steps have written so far, so that a run that failed early has its page too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mlops import counted
from mlops.data.artefacts import Diagnosis, Evaluation, Split, Validation, Verdict
from mlops.data.files import read_json
from mlops.decide.comparison import in_words
from mlops.report.findings import findings
from mlops.report.pages import address_of, number, render
from mlops.report.search import searched
from mlops.settings.metrics import GROUP_METRICS
from mlops.settings.project import Project
from mlops.settings.split import dealt_in_words

RUNGS = {"trivial": "no features at all", "linear": "a plain linear model of the same features"}
LOSSES = {
    "binary": "Loss is the square of how far the score is from the answer (Brier), from 0 to 1",
    "multiclass": "Loss is half the squared distance of the probabilities from the answer (Brier), from 0 to 1",
    "regression": "Loss is the distance from the right value, in its unit",
}

OF_FOLD = (
    "Weak parts and mistakes are of all rows, each answered by a model that was fitted without it; all else is of the"
    " rows of one fold, and of a model that was fitted without these."
)


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
    split = read_if_there(out / "split" / "split.json", Split)
    diagnosis, metric = read_if_there(out / "diagnosis" / "diagnosis.json", Diagnosis), project.metrics[project.metric]
    return {
        "project": project,
        "champion": champion,
        "metrics": {name: metric.title for name, metric in project.metrics.items()},
        "decisive": metric.title,
        "rungs": RUNGS,
        "loss": LOSSES[project.task],
        "group_metric": GROUP_METRICS[project.task][project.fairness.metric].title if project.fairness else "",
        "validation": validation,
        "split": split,
        "dealt": dealt_in_words(split["test"]) if split else "",
        "of_fold": OF_FOLD if project.data.split.folds else "",
        "evaluation": evaluation,
        "verdict": verdict,
        "slice_checks": [f"slice {each['slice']}" for each in evaluation["slices"]] if evaluation else [],
        "evidence": evidence(verdict) if verdict else [],
        "diagnosis": diagnosis,
        "findings": findings(verdict, diagnosis, project.metric, metric, too_small(evaluation or {}, project)),
        "status": status(validation, verdict),
        "search": searched(project),
        "plots": pictures(out / "evaluation" / "plots"),
        "pictures": pictures(out / "diagnosis" / "plots"),
    }


def evidence(verdict: Mapping[str, Any]) -> list[str]:
    """How sure the verdict is, and what it would take to be surer, in plain words."""
    found, rules = verdict["comparison"], verdict["rules"]
    if found["p"] is None:
        return [f"The gain in {found['metric']} has no value on these rows."]
    differ = found["discordance"]
    opponent = "trivial model" if verdict["cold_start"] else "champion"
    return [
        f"{found['metric']} {in_words(found['difference'])}. The gain is {found['lower']:+.4f} at least and"
        f" {found['upper']:+.4f} at most, each with a chance of {1 - found['alpha']:.4g}."
        f" Chance alone shows as much with p = {found['p']:.2g}.",
        tested(verdict),
        powerful(found, rules),
        *([] if differ is None else [f"Challenger and {opponent} decide differently on {differ:.1%} of the rows."]),
    ]


def powerful(found: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    """What these rows can show, and how many would show what matters."""
    rule = found["rule"]
    if round(found["detectable"], 9) == 0:
        return f"In {found['metric']} the two are one model: there is no gain for any number of rows to show."
    return (
        f"With these rows a gain of {number(found['detectable'])} would be found four times of five; for one of"
        f" {rules[rule]} (gate.{rule}) it takes about {found['rows_needed']:,.0f} rows."
    )


def too_small(evaluation: Mapping[str, Any], project: Project) -> dict[str, int]:
    """The rows of every slice and group that project.yml asks for and that is too small to be judged."""
    least, rules = project.gate.slices.min_rows, project.fairness
    found = {each["slice"]: each["rows"] for each in evaluation.get("slices", []) if each["rows"] < least}
    if rules is None:
        return found
    for column, groups in (evaluation.get("fairness") or {"columns": {}})["columns"].items():
        found |= {f"{column}={each['group']}": each["rows"] for each in groups if each["rows"] < rules.min_rows}
    return found


def tested(verdict: Mapping[str, Any]) -> str:
    """On which rows, and what they have to do with each other."""
    found = verdict["comparison"]
    rows, clusters = counted(found["rows"], "test row"), found["clusters"]
    of_clusters = f" of {counted(clusters, 'cluster')} ({found['clusters_by']})" if clusters else ""
    if dealt := dealt_in_words(verdict.get("test", {})):
        return (
            f"{rows}{of_clusters}, each tested by models that were fitted without it: {dealt}, corrected t. What is"
            " compared is two recipes, not the fits that serve; slices and groups are of the first time."
        )
    if not clusters:
        return f"{rows}, taken for independent of each other."
    wider = number(found["widened"])
    return (
        f"{rows}{of_clusters}. Rows of one cluster are alike: the interval is {wider} times as wide as that of"
        " independent rows."
    )


def status(validation: Mapping[str, Any] | None, verdict: Mapping[str, Any] | None) -> str:
    """The word at the top of the page."""
    if verdict:
        return str(verdict["status"])
    return "INVALID DATA" if validation and not validation["success"] else "INCOMPLETE"


def read_if_there(path: Path, shape: type[BaseModel]) -> dict[str, Any] | None:
    """The parsed file, or None when the step that writes it has not run."""
    return read_json(path, shape) if path.exists() else None


def pictures(folder: Path) -> dict[str, str]:
    """The SVG files of a folder by name, each as a data address."""
    return {path.stem: address_of(path.read_bytes()) for path in sorted(folder.glob("*.svg"))}
