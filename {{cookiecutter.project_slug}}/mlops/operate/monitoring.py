"""What monitoring looks at: requests that the endpoint collected, and labels that came after the version was tested."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError, counted
from mlops.data.model_folder import REFERENCE_FILE, check_task, load_model, model_columns
from mlops.data.own_metrics import own_metrics
from mlops.data.probe import read_probe
from mlops.data.reference import read_days
from mlops.data.scoring_script import scoring_script
from mlops.data.tables import hash_data, is_address, local_folder, read_data, read_file
from mlops.operate.inputs import asked_by_people, input_drift, live_answers, live_days, trained_answers
from mlops.platform import Models, ModelVersion, Platform, registered_version
from mlops.settings.environments import Manifest
from mlops.settings.project import Data, Project

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from mlops.decide.tasks import Task


def nothing_yet(platform: Platform, manifest: Manifest) -> str:
    """Why there is nothing to monitor yet, or nothing."""
    if manifest.model.version is None:
        return f"{manifest.endpoint.name}: the manifest names no version yet; there is nothing to monitor"
    if platform.endpoints.observe(manifest.endpoint.name) is None:
        return f"{manifest.endpoint.name}: there is no endpoint yet; `apply` makes it"
    return ""


def observe(platform: Platform, manifest: Manifest, project: Project, since: float) -> dict[str, Any]:
    """All that the report says: drift of what was collected since then, and the live quality under `quality`."""
    name, model = manifest.endpoint.name, manifest.model
    version = registered_version(platform.models, model.name, model.version)
    collected = platform.endpoints.collected(name, since)
    with tempfile.TemporaryDirectory() as folder:
        downloaded = platform.models.download(model.name, version.version, Path(folder) / "model")
        check_task(downloaded, project.task)
        probes = [read_probe(downloaded), *former_probes(platform.models, version, collected, Path(folder))]
        drift, left_out = drift_of(downloaded, version, asked_by_people(collected, probes), project)
        quality = live_quality(downloaded, version, project)
    return {
        "endpoint": name,
        "model": f"{model.name}:{model.version}",
        **drift,
        "left_out": summed_up(left_out),
        "quality": quality,
        "newer_labels": newer_labels(project.data, version, quality),
    }


def former_probes(
    models: Models, current: ModelVersion, collected: Sequence[Mapping[str, Any]], folder: Path
) -> Iterator[dict[str, Any]]:
    """Those of the other versions that have answered: before it was this one's turn `apply` sent their rows."""
    answered = {each.get("version") for each in collected} - {current.version}
    for each in models.versions(current.name):
        if each.version in answered:
            yield read_probe(models.download(each.name, each.version, folder / str(each.version)))


def drift_of(
    model: Path, version: ModelVersion, collected: Sequence[Mapping[str, Any]], project: Project
) -> tuple[dict[str, Any], list[str]]:
    """What `input_drift` finds in the collected requests, and why some of them could not be read."""
    from mlops.decide.tasks import task_of

    training, known, task = read_file(model / REFERENCE_FILE), model_columns(model), task_of(project)
    columns = {name: each for name, each in known.items() if name != project.data.time}
    now, left_out = collected_rows(collected, columns)
    answers = trained_answers(task, load_model(model), training), live_answers(task, collected, version.version)
    rows = comparable(training, columns), comparable(now, columns)
    live = live_days(collected, project.data.time, known)
    return input_drift(rows, answers, read_days(model), live, project.monitoring), left_out


def newer_labels(data: Data, version: ModelVersion, quality: Mapping[str, Any]) -> bool:
    """Whether there may be labels that this version has not seen: by their time, else by the hash of the data."""
    if data.time and quality["status"] == "UNLABELLED":
        return False
    return is_address(data.uri) or hash_data(Path(data.uri)) != version.tags.get("data_hash")


def collected_rows(
    collected: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]
) -> "tuple[pd.DataFrame, list[str]]":
    """The collected inputs as one frame, read as serving/score.py reads them; and why others could not be read.

    Columns that this version does not know are passed over: another version may have asked for them.
    """
    script, read, left_out = scoring_script(), [], []
    for each in collected:
        try:
            values = script.by_column(each["inputs"]["columns"], each["inputs"]["data"], columns)
            for name, column in columns.items():
                script.read_column(column, values[name])
        except script.BadRequestError as mistake:
            left_out.append(str(mistake))
        else:
            read.append(values)
    together = {name: list(chain.from_iterable(values[name] for values in read)) for name in columns}
    return script.as_trained(together, columns), left_out


def summed_up(left_out: Sequence[str]) -> str:
    """How many requests could not be read and why the first could not, or nothing."""
    return f"requests left out: {len(left_out):,}; of the first, {left_out[0]}" if left_out else ""


def comparable(rows: "pd.DataFrame", columns: Mapping[str, Any]) -> "pd.DataFrame":
    """Those columns as numbers or as text, whatever types they have.

    Of times, which move on by themselves, only whether they are there.
    """
    import pandas as pd

    found = {}
    for name, column in columns.items():
        if column.kind in ("number", "integer"):
            found[name] = rows[name].astype("float64")
        else:
            say = (lambda _: "there") if column.kind == "time" else str
            found[name] = rows[name].astype("object").map(say, na_action="ignore")
    return pd.DataFrame(found)


def live_quality(model: Path, version: ModelVersion, project: Project) -> dict[str, Any]:
    """How the version does on the rows in the data folder that are newer than those it was tested on, all together.

    UNLABELLED when there are none, or no time column that would tell them. INSUFFICIENT when its tags do not say until
    when it was tested, or its code lacks a metric of the user's own. Where the data are an address of Azure's, the
    sample stands for them: it grows with them, and every pull request trains on it.
    """
    from mlops.decide.tasks import task_of

    data, name = project.data, f"{version.name}:{version.version}"
    if data.time is None:
        why = "data.time names no column, so it is not known which labels are newer than the test"
        return {"status": "UNLABELLED", "summary": why}
    if "test_to" not in version.tags:
        return {"status": "INSUFFICIENT", "summary": f"{name} has no tag test_to: not known until when it was tested"}
    tested_to = max(version.tags["test_to"], version.tags.get("train_to", ""))  # either, where the split is not by time
    features = list(model_columns(model))
    rows, after = newer_rows(data, features, tested_to), f"after {tested_to}, the end of the test of {name}"
    if rows.empty:
        return {"status": "UNLABELLED", "summary": f"no labels in {local_folder(data.uri)} {after}"}
    try:
        task = task_of(project, own_metrics(project.gate.own_metrics, model))
    except UserError as mistake:
        return {"status": "INSUFFICIENT", "summary": f"{name} cannot be measured: {mistake}"}
    found = assessed(task, load_model(model), rows, features, project, version.tags)
    return {**found, "summary": f"{counted(len(rows), 'labelled row')} {after}"}


def newer_rows(data: Data, features: Sequence[str], tested_to: str) -> "pd.DataFrame":
    """The rows of the data folder that came after that time and have their label."""
    from mlops.decide.quality import newer

    columns = {*features, str(data.time), data.target, str(data.cluster)}
    return newer(read_data(local_folder(data.uri), sorted(columns)), data, tested_to)


def assessed(
    task: "Task",
    model: "Pipeline",
    rows: "pd.DataFrame",
    features: Sequence[str],
    project: Project,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """The quality of the fitted model on those labelled rows."""
    from mlops.data.splitting import clusters
    from mlops.decide.quality import assess
    from mlops.decide.scored import MODELS, Scored

    answers = rows[project.data.target]
    labels = task.labels(answers, [model])
    predictions = {MODELS[0]: task.predict(model, rows[list(features)], labels)}
    came_together = clusters(rows, project.data)
    scored = Scored(task.encode(answers, labels), predictions, rows[[]], labels, came_together)
    return assess(task, scored, tags, project.gate)


def headlines(facts: Mapping[str, Any]) -> list[str]:
    """The report in a line each: of the inputs, of the quality, and of the requests that could not be read, if any."""
    broken = [f"{', '.join(each['features'])}: {each['kind']}, {each['says']}" for each in facts["faults"]]
    drifted = [f"{each['feature']} ({each['moved']})" for each in facts["features"] if each["drifted"]]
    inputs = f"{counted(facts['rows'], 'row')} collected at {facts['endpoint']}"
    unwatched = [facts["answers"]] if facts.get("answers") else []
    lines = [
        "; ".join([f"{facts['status']}: {inputs}", *broken, *drifted, *unwatched]),
        "{status}: {summary}".format(**facts["quality"]),
    ]
    return [*lines, facts["left_out"]] if facts.get("left_out") else lines
