"""Where runs are logged: Azure ML's server inside its jobs, else a database in the project's folder."""

import os
from pathlib import Path

LOCAL_FOLDER = Path(".mlops")
URI_VARIABLE = "MLFLOW_TRACKING_URI"


def database(folder: Path = LOCAL_FOLDER) -> Path:
    """The file of the local tracking and registry database."""
    return folder / "mlflow.db"


def local_uri(folder: Path = LOCAL_FOLDER) -> str:
    """The address of the local tracking and registry database."""
    return f"sqlite:///{database(folder).resolve().as_posix()}"


def use_tracking(experiment: str) -> None:
    """Point MLflow at the server that the environment names, or at the local database, and pick the experiment."""
    import mlflow

    if URI_VARIABLE in os.environ:
        mlflow.set_experiment(experiment)
        return
    artefacts = (LOCAL_FOLDER / "artifacts").resolve()
    artefacts.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(local_uri())
    if mlflow.get_experiment_by_name(experiment) is None:
        mlflow.create_experiment(experiment, artifact_location=artefacts.as_uri())
    mlflow.set_experiment(experiment)


if __name__ == "__main__":
    from mlops.config import load_project

    use_tracking(load_project().name)
