"""The whole loop on one machine: MLflow on a database, pipelines as processes, endpoints on loopback."""

from pathlib import Path

from mlops.platform import Platform
from mlops.settings.environments import BatchSettings

ROOT = Path(".mlops")


def local_platform(root: Path = ROOT, explain: bool = False, batch: BatchSettings | None = None) -> Platform:
    """The local platform with all its state below the root folder. explain: whether what it deploys may say why.

    batch: how it scores files, where it does.
    """
    from mlops.platform.local.batches import LocalBatches
    from mlops.platform.local.endpoints import LocalEndpoints
    from mlops.platform.local.jobs import LocalJobs
    from mlops.platform.local.models import LocalModels
    from mlops.repo.history import pinned

    models = LocalModels(root, pinned)
    endpoints = LocalEndpoints(root, models, explain=explain)
    return Platform(
        "local", models, endpoints, LocalJobs(root), batches=LocalBatches(root, models, batch) if batch else None
    )
