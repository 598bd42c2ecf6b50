"""Every file that a person writes or a step leaves, damaged, and read by all that read it, in one process.

In the environment of a project: `python tests/machinery/attack/fuzz.py [CASES] [SEED]`. It counts the tracebacks.
"""

import io
import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "support")]

import numpy as np
import pandas as pd
from artefacts import LINEAGE, evaluation, measured, split, validation
from damage import damage, put_back

from conftest import copy_project, edit
from mlops import UserError
from mlops.commands import comment, status, stop
from mlops.commands.console import TIMES
from mlops.data.columns import describe
from mlops.data.files import hash_folder, write_json
from mlops.data.model_folder import check_task
from mlops.data.probe import read_probe
from mlops.data.provenance import contradiction, write_provenance
from mlops.data.sbom import REQUIREMENTS, SBOM_FILE, packages, read_sbom, write_sbom
from mlops.data.tables import hash_data, read_file
from mlops.data.validation import read_suite
from mlops.decide.metrics import measure
from mlops.decide.tasks import task_of
from mlops.platform.local.endpoint_state import EndpointState, Slot, Started, write_state
from mlops.platform.local.models import LocalModels
from mlops.platform.local.processes import free_port
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request
from mlops.platform.pipeline import load_pipeline
from mlops.platform.tracking import use_tracking
from mlops.repo import template
from mlops.report.training import write_report
from mlops.settings.environments import load_manifest, stages
from mlops.settings.project import load_project
from steps import gate, monitor, plan, register, split_data

MODEL, ENDPOINT = Path("out/model"), Path(".mlops/endpoints/flights-staging")
PIPELINE = Path("pipelines/train.yml")
ROWS = pd.DataFrame({"distance": np.arange(300.0)})
ONE_LINE = 1000  # characters, at most

Call = Callable[[], object]


def report() -> None:
    write_report(Path("out"), load_project(), "flights:1")


def manifests() -> None:
    for stage in stages():
        load_manifest(stage)


def pipeline() -> None:
    load_pipeline(PIPELINE)


COMMANDS = {each.__name__: each.main for each in (gate, monitor, plan, register, split_data, status, stop, comment)}


def of(name: str, *argv: str) -> Call:
    """The command with these arguments."""
    return partial(COMMANDS[f"steps.{name}" if f"steps.{name}" in COMMANDS else f"mlops.commands.{name}"], list(argv))


READERS: dict[str, list[Call]] = {
    "project.yml": [load_project],
    "environments/base.yml": [manifests],
    "environments/staging.yml": [manifests],
    "environments/production.yml": [manifests],
    "pipelines/train.yml": [pipeline],
    "pipelines/components/train.yml": [pipeline],
    "pipelines/components/gate.yml": [pipeline],
    "expectations/flights.json": [partial(read_suite, Path("expectations/flights.json"))],
    ".template.json": [template.standing],
    "out/validation/validation.json": [report, of("split_data")],
    "out/split/split.json": [report],
    "out/evaluation/evaluation.json": [report, of("gate")],
    "out/evaluation/scores.parquet": [of("gate")],
    "out/served/served.json": [of("gate")],
    "out/gate/verdict.json": [report, of("register"), of("status")],
    "out/model/lineage.json": [of("register"), of("status")],
    "out/model/provenance.json": [partial(contradiction, MODEL, LINEAGE), of("register")],
    "out/model/sbom.cdx.json": [partial(read_sbom, MODEL / SBOM_FILE)],
    "serving/image/requirements.txt": [partial(packages, REQUIREMENTS)],
    "out/model/probe.json": [partial(read_probe, MODEL)],
    "out/model/MLmodel": [partial(check_task, MODEL, "binary")],
    "out/model/reference.parquet": [partial(read_file, MODEL / "reference.parquet")],
    "out/summary/times.jsonl": [of("comment")],
    f"{ENDPOINT.as_posix()}/endpoint.json": [of("status"), of("plan", "staging"), of("monitor", "staging"), of("stop")],
    f"{ENDPOINT.as_posix()}/requests.db": [of("monitor", "staging")],
    ".mlops/mlflow.db": [of("status"), of("plan", "staging"), of("monitor", "staging"), of("register")],
}
OFTEN = {path: 4 if path.endswith(".yml") else 1 for path in READERS}  # people edit these


def write_model(folder: Path) -> None:
    """A model folder whose model always answers the same."""
    import cloudpickle
    from sklearn.dummy import DummyClassifier
    from sklearn.pipeline import make_pipeline

    description = {"columns": json.dumps(describe(ROWS)), "task": "binary"}
    write_json(folder / "MLmodel", {"flavors": {"sklearn": {"pickled_model": "model.pkl"}}, "metadata": description})
    table = {"columns": ["distance"], "data": [[700.0], [800.0]]}
    write_json(folder / "probe.json", {"request": {"input_data": table}, "answer": {"scores": [0.25, 0.5]}})
    ROWS.to_parquet(folder / "reference.parquet")
    model = make_pipeline(DummyClassifier()).fit(ROWS, np.arange(len(ROWS)) % 2)
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(model))


def write_scores(path: Path) -> dict[str, float]:
    """The predictions of a challenger that is fair; its metrics."""
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 400)
    scores = (target + rng.normal(size=400)).clip(-3, 4) / 7 + 0.45
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = {"target": target, "challenger": scores, "slice:carrier": "UA", "slice:origin": "JFK"}
    pd.DataFrame(frame).to_parquet(path)
    return measure(task_of(load_project()), target, scores)


def write_state_of(endpoint: Path) -> None:
    """An endpoint in the middle of a rollout, whose processes are gone."""
    slots = {
        name: Slot(model="flights", version=number, port=1, state="ready", process=Started(pid=2**30, created=1.0))
        for number, name in ((1, "blue"), (2, "green"))
    }
    tags = {
        "stable": "blue",
        "candidate": "flights:2",
        "started": "1700000000.5",
        "live": "1700000000.7",
        "since": "1700000001.5",
    }
    state = EndpointState(port=free_port(), key="key", traffic={"blue": 90, "green": 10}, tags=tags, deployments=slots)
    write_state(endpoint, state)
    recorder = Recorder(endpoint / RECORDS_FILE)
    body = json.dumps({"input_data": {"columns": ["distance"], "data": [[700.0]] * 10}}).encode()
    for _ in range(50):
        recorder.add(Request(time.time() - 60, "blue", 1, "live", 200, 5.0, body, b'{"scores": [0.5]}'))
    recorder.close()


def log_and_register() -> None:
    """Version 1, made of the model folder."""
    import mlflow

    use_tracking("flights")
    with mlflow.start_run() as run:
        lineage = LINEAGE | {"run_id": run.info.run_id}
        write_json(MODEL / "lineage.json", lineage)
        write_sbom(packages(REQUIREMENTS), MODEL / SBOM_FILE)
        write_provenance(MODEL, lineage, REQUIREMENTS)
        mlflow.log_artifacts(str(MODEL), "model")
    tags = {**lineage, "verdict": "PASS", "model_hash": hash_folder(MODEL), "test_auc": "0.7"}
    LocalModels(Path(".mlops")).register("flights", run.info.run_id, tags)


def make_project(folder: Path) -> None:
    """A project after a run and in the middle of a rollout: every file is there, and whole."""
    copy_project(folder)
    with chdir(folder):
        edit(Path("environments/staging.yml"), "version: null ", "version: 1 ")
        write_model(MODEL)
        log_and_register()
        answers = {"project_name": "Flights"}
        record = {"template": ".", "version": "0.2.0", "commit": None, "answers": answers, "machinery": {"a.py": "0"}}
        write_json(Path(".template.json"), record)
        write_json(Path("out/validation/validation.json"), validation(data_hash=hash_data(Path("data"))))
        write_json(Path("out/split/split.json"), split())
        metrics = write_scores(Path("out/evaluation/scores.parquet"))
        challenger = measured(model_hash=hash_folder(MODEL), metrics=metrics)
        write_json(Path("out/evaluation/evaluation.json"), evaluation(challenger=challenger))
        write_json(Path("out/served/served.json"), {"model_hash": hash_folder(MODEL), "rows": 2})
        with redirect_stdout(io.StringIO()):
            gate.main([])
        write_state_of(ENDPOINT)
        TIMES.parent.mkdir(parents=True)
        TIMES.write_text('{"command": "plan", "seconds": 1.25}\n' * 3, encoding="utf-8")


def fault_of(call: Call) -> str:
    """What is wrong with the end that it takes: a traceback, an error of many lines or none; or nothing."""
    said = io.StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            code = call()
    except UserError as error:
        return "" if "\n" not in str(error) and len(str(error)) < ONE_LINE else f"not one line: {error}"
    except Exception:  # whatever a damaged file may lead to
        return traceback.format_exc()
    errors = [line for line in said.getvalue().splitlines() if line.startswith("error: ")]
    refused, told = isinstance(code, int) and code == 2, len(errors) == 1 and len(errors[0]) < ONE_LINE
    return f"exit code 2, and on stderr: {said.getvalue()[:2000]}" if refused and not told else ""


def attack(cases: int, seed: int) -> tuple[Counter[str], list[tuple[str, str]]]:
    """How many cases there were of each file, and of the faults: which file, damaged how, and what came of it."""
    rng, counts, faults = random.Random(seed), Counter[str](), []
    whole = {path: Path(path).read_bytes() for path in READERS}
    for _ in range(cases):
        [name] = rng.choices(list(READERS), list(OFTEN.values()))
        path = Path(name)
        how = damage(path, rng)
        damaged = path.read_bytes() if path.is_file() else b""
        fault = next(filter(None, map(fault_of, READERS[name])), "")
        if fault:
            faults.append((f"{name} ({how})", f"{damaged[:300]!r}\n{fault}"))
        counts[name] += 1
        put_back(path, whole[name])
        if ".mlops" in name:
            for state in (name, f"{ENDPOINT.as_posix()}/endpoint.json"):
                put_back(Path(state), whole[state])
    return counts, faults


def main() -> None:
    cases, seed = map(int, [*sys.argv[1:3], *("10000", "0")[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GIT_CEILING_DIRECTORIES"] = folder
        make_project(Path(folder))
        with chdir(folder):
            counts, faults = attack(cases, seed)
    for where, fault in faults[:20]:
        print(f"--- {where}\n{fault}")
    kinds = Counter((where, fault.strip().splitlines()[-1][:100]) for where, fault in faults)
    for (where, line), times in kinds.most_common():
        print(f"{times:5} {where}: {line}")
    print(f"{counts.total():,} cases over {len(counts)} files: {len(faults)} tracebacks")


if __name__ == "__main__":
    main()
