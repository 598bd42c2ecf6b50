"""A folder of real runs and versions, made once a test run: MLflow takes a second to make its database."""

import os
import shutil
from contextlib import chdir
from pathlib import Path

from filelock import FileLock
from hosted import PASSED

from conftest import shared_folder
from mlops.data.files import hash_folder
from mlops.platform.local.models import LocalModels
from mlops.platform.tracking import URI_VARIABLE, use_tracking

FILES = {
    "MLmodel": "a model\n",
    "logs/fit.txt": "kept\r\n",
    "uv.lock": "kept",
    ".hidden": "kept",
    "code/model/a.py": "",
}


def log_run(project):
    """Train in that project folder: a run that logs a model; where it logged to, and its id."""
    import mlflow

    os.environ.pop(URI_VARIABLE, None)  # MLflow sets it for the processes that it starts
    with chdir(project):
        use_tracking("flights")
        with mlflow.start_run() as run:
            for name, text in FILES.items():
                mlflow.log_text(text, f"model/{name}")
        return run.info.artifact_uri, run.info.run_id


def tracked(factory, to):
    """Put `.mlops` with version 1 of the model `flights` into that folder; a copy of what was made at first."""
    first = shared_folder(factory) / "tracked"
    with FileLock(first.with_suffix(".lock")):
        if not first.exists():
            first.mkdir()
            _, run_id = log_run(first)
            content = hash_folder(LocalModels(first / ".mlops").run_folder(run_id))
            tags = {**PASSED, "run_id": run_id, "model_hash": content}
            LocalModels(first / ".mlops").register("flights", run_id, tags)
    return Path(shutil.copytree(first / ".mlops", to / ".mlops"))


def contents(folder):
    """The bytes of every file below the folder, by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
