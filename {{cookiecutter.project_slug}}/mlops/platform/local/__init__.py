"""The whole loop on one machine: MLflow on a database, pipelines as processes, endpoints on loopback."""

from pathlib import Path

from mlops.platform import Platform

ROOT = Path(".mlops")


def local_platform(root: Path = ROOT, explain: bool = False) -> Platform:
    """The local platform with all its state below the root folder. explain: whether what it deploys may say why."""
    from mlops.platform.local.endpoints import LocalEndpoints
    from mlops.platform.local.jobs import LocalJobs
    from mlops.platform.local.models import LocalModels
    from mlops.repo.history import pinned

    models = LocalModels(root, pinned)
    return Platform("local", models, LocalEndpoints(root, models, explain=explain), LocalJobs(root))
