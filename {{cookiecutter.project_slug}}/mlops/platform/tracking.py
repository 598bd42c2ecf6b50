"""Where runs are logged: Azure ML's server inside its jobs, else a database in the project's folder."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

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
