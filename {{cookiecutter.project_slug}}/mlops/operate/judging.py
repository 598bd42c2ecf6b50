"""The verdict on what a run evaluated: made by `gate`, and made again by `register`, which believes no file."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.data.artefacts import Evaluation, Served, Verdict
from mlops.data.files import hash_folder, json_text, read_json, without_nan
from mlops.data.own_metrics import own_metrics
from mlops.data.tables import read_file
from mlops.decide.checks import Check
from mlops.decide.fairness import judged
from mlops.decide.gate import Criterion, verdict_on
from mlops.decide.groups import values
from mlops.decide.metrics import estimates, metrics_of
from mlops.decide.resampled import decisive
from mlops.decide.scored import Scored, from_frame
from mlops.decide.tasks import Task, task_of
from mlops.settings.fairness import Fairness
from mlops.settings.project import Gate, Project
from mlops.settings.reading import check, read_text

CLOSE = {"rel_tol": 1e-6, "abs_tol": 1e-9}  # the same sums on another processor
Look = Callable[[str, str], int]
SHOWN = {"seen", "day"}  # a check's own words, whose numbers stand elsewhere too; and when that was


def judge(
    project: Project, model: Path, evaluation: Path, served: Path, criterion: Criterion, look: Look, day: str
) -> dict[str, Any]:
    """The verdict on a model folder, by what `evaluate` and `try_serving` wrote of it, and by the present rules.

    look: how many models were judged on the rows of the first hash, but for that of the answers of the second.
    day: in ISO's form, on which findings have to be accepted. UserError when the files are of several models.
    """
    facts, answers = of_one_model(model, evaluation, served)
    task = task_of(project, own_metrics(project.gate.own_metrics, model))
    scored = from_frame(read_file(evaluation / "scores.parquet"), facts["labels"], coded=task.coded)
    metrics = metrics_of(task, scored, "challenger")
    folds, said = without_nan(decisive(task, scored, "challenger")), facts["challenger"].get("folds")
    if other := difference(without_nan(metrics), facts["challenger"]["metrics"]) or difference(folds, said, "folds"):
        raise UserError(f"{evaluation}: evaluation.json and scores.parquet differ in {other}; run evaluate again")
    looks = look(scored.rows_hash, scored.answers_hash) if criterion == "superiority" else 0
    fair, groups = grouped(task, scored.once, project, facts, day)
    further = [*(Check(**each) for each in facts["behaviour"]), *fair]
    verdict = verdict_on(task, metrics, scored, project.gate, criterion, looks, further)
    verdict["comparison"]["clusters_by"] = project.data.cluster_name if scored.clusters is not None else None
    return {
        "model_hash": facts["challenger"]["model_hash"],
        "champion": facts.get("champion", {}).get("model_hash"),
        "test": facts["test"],
        "metrics": metrics,
        "standard_error": estimates(task, scored, "challenger", project.gate.seed)[task.primary].error,
        "served_rows": answers["rows"],
        **verdict,
        **groups,
    }


def grouped(
    task: Task, scored: Scored, project: Project, facts: Mapping[str, Any], day: str
) -> tuple[Sequence[Check], dict[str, Any]]:
    """The checks of groups, and what the verdict keeps of them; nothing without `fairness` in project.yml.

    What Fairlearn measured in `evaluate` has to be what the scores give here. UserError where it is not.
    """
    rules = project.fairness
    if rules is None:
        return [], {}
    made = {"metric": rules.metric, "columns": values(task, scored, rules.group_by, rules.metric)}
    if other := difference(without_nan(made), without_intervals(facts.get("fairness"))):
        raise UserError(f"evaluation.json: fairness: {other} is not what scores.parquet gives; run evaluate again")
    checks, kept = judged(task, scored, rules, project.gate.seed, day)
    return checks, {"fairness": kept}


def without_intervals(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """What `evaluate` measured of groups but for how sure it is."""
    if not found:
        return {}
    told = ("group", "rows", "value")
    columns = {name: [{key: each[key] for key in told} for each in rows] for name, rows in found["columns"].items()}
    return {"metric": found["metric"], "columns": columns}


def of_one_model(model: Path, evaluation: Path, served: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `evaluate` and `try_serving` wrote of that model. UserError when one is about another."""
    facts, answers = read_json(evaluation / "evaluation.json", Evaluation), read_json(served / "served.json", Served)
    if answers["model_hash"] != facts["challenger"]["model_hash"]:
        raise UserError(f"{served}: about another model than {evaluation}; run try_serving on this one")
    if hash_folder(model) != facts["challenger"]["model_hash"]:
        raise UserError(f"{evaluation}: about another model than {model}; run evaluate on this one")
    return facts, answers


def replayed(project: Project, verdict: Path, model: Path, evaluation: Path, served: Path) -> str:
    """What the verdict in the file is not, made again by its own rules from the same files; nothing when it is equal.

    UserError when the file is no verdict.
    """
    found = read_json(verdict, Verdict)
    groups = found.get("fairness")
    rules = {
        "gate": check(Gate, found["rules"], verdict, "rules"),
        "fairness": check(Fairness, groups["rules"], verdict, "fairness.rules") if groups else None,
    }
    ruled, looks, day = project.model_copy(update=rules), found["looks"], groups["day"] if groups else ""
    made = judge(ruled, model, evaluation, served, found["criterion"], lambda *_: int(looks), day)
    if json_text(made) == read_text(verdict, "run gate again"):
        return ""
    return difference(without_nan(made), found) or "the last digits of a number, or the words of a check"


def difference(made: Any, found: Any, at: str = "") -> str:
    """Where what was found first differs from what was made, as `comparison.lower`; nothing when they agree."""
    if isinstance(made, Mapping) and isinstance(found, Mapping):
        keys = [key for key in {**made, **found} if key not in SHOWN]
        each = (difference(made.get(key), found.get(key), f"{at}.{key}") for key in keys)
        return next(filter(None, each), "").removeprefix(".")
    if isinstance(made, list | tuple) and isinstance(found, list | tuple) and len(made) == len(found):
        pairs = enumerate(zip(made, found, strict=True))
        return next(filter(None, (difference(*pair, f"{at}.{place}") for place, pair in pairs)), "").removeprefix(".")
    if isinstance(made, float) and isinstance(found, float | int) and math.isclose(made, found, **CLOSE):
        return ""
    return "" if made == found else (at or "all of it").removeprefix(".")
