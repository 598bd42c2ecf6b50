"""Where runs are logged: Azure ML's server inside its jobs, else a database in the project's folder."""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.settings.reading import one_line

LOCAL_FOLDER = Path(".mlops")
ARTIFACTS = "artifacts"
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)  # the second of a damaged name in the first's own message
URI_VARIABLE = "MLFLOW_TRACKING_URI"
RUN_VARIABLE = "MLFLOW_RUN_ID"


def database(folder: Path = LOCAL_FOLDER) -> Path:
    """The file of the local tracking and registry database."""
    return folder / "mlflow.db"


def local_uri(folder: Path = LOCAL_FOLDER) -> str:
    """The address of the local tracking and registry database."""
    return f"sqlite:///{database(folder).resolve().as_posix()}"


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database, which must be there, and whole. UserError when it is not."""
    path = database(folder)
    try:
        with closing(sqlite3.connect(path)) as connection:
            if (found := connection.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
                raise sqlite3.DatabaseError(f"{found[0]}")
            connection.execute("SELECT 1 FROM model_versions").fetchone()
            yield connection
    except UNREADABLE as error:
        mend = f"put back a copy, or delete {folder} and start anew"
        raise UserError(f"{path}: not a whole database of MLflow's ({one_line(error)}); {mend}") from None


def follow(folder: Path = LOCAL_FOLDER) -> None:
    """Point the database at the artifacts beside it: MLflow keeps whole addresses, which moving the folder breaks."""
    if not database(folder).exists():
        return
    here = artifacts_folder(folder).as_uri()
    ours = f"/{here.rsplit('/', 2)[1]}/{ARTIFACTS}"  # an experiment of somebody's own has its files elsewhere
    with opened(folder) as connection, connection:
        kept = connection.execute("SELECT artifact_location FROM experiments WHERE experiment_id <> 0").fetchall()
        for there in {address for (address,) in kept if address.endswith(ours)} - {here}:
            for table, column in ADDRESSES:
                moved = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"  # noqa: S608  both are ours
                connection.execute(moved, (there, here))


def artifacts_folder(folder: Path = LOCAL_FOLDER) -> Path:
    """The folder that runs log their files below."""
    return (folder / ARTIFACTS).resolve()


def use_tracking(experiment: str) -> None:
    """Point MLflow at the server that the environment names, or at the local database, and pick the experiment.

    A job of Azure ML has its run already, in an experiment of its own; MLflow finds both by itself.
    """
    import mlflow

    if RUN_VARIABLE in os.environ:
        return
    if URI_VARIABLE in os.environ:
        mlflow.set_experiment(experiment)
        return
    artifacts_folder().mkdir(parents=True, exist_ok=True)
    follow()
    mlflow.set_tracking_uri(local_uri())
    if mlflow.get_experiment_by_name(experiment) is None:
        mlflow.create_experiment(experiment, artifact_location=artifacts_folder().as_uri())
    mlflow.set_experiment(experiment)


class SearchRuns:
    """A run for every trial of a search, below one of its own."""

    def __init__(self, experiment: str, parent: str | None) -> None:
        """parent: the run of the search that goes on, as `self.parent` was then; a new one where it is gone."""
        from mlflow import MlflowClient

        use_tracking(experiment)
        self.client = MlflowClient()
        self.experiment = self.client.get_experiment_by_name(experiment).experiment_id
        self.parent = parent if parent and self.knows(parent) else self.begin("search", {})

    def knows(self, run_id: str) -> bool:
        from mlflow.exceptions import MlflowException

        try:
            self.client.get_run(run_id)
        except MlflowException:
            return False
        return True

    def begin(self, name: str, tags: Mapping[str, str]) -> str:
        run = self.client.create_run(self.experiment, tags={"mlflow.runName": name, **tags})
        return str(run.info.run_id)

    def log(self, name: str, params: Mapping[str, Any], metrics: Mapping[str, float], state: str) -> None:
        """A run that is over. state: `failed` or any other word, which becomes a tag."""
        from mlflow.entities import Metric, Param, RunTag

        run, now = self.begin(name, {"mlflow.parentRunId": self.parent}), int(time.time() * 1000)
        self.client.log_batch(
            run,
            [Metric(key, value, now, 0) for key, value in metrics.items()],
            [Param(key, str(value)) for key, value in params.items()],
            [RunTag("state", state)],
        )
        self.client.set_terminated(run, "FAILED" if state == "failed" else "FINISHED")

    def end(self) -> None:
        self.client.set_terminated(self.parent)
