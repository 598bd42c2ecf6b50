"""The whole loop on Azure Machine Learning, through its SDK. Nothing outside this folder imports it."""

from mlops.platform import Platform
from mlops.platform.keys import EndpointKeys
from mlops.settings.environments import Manifest


def azureml_platform(manifest: Manifest) -> Platform:
    """The platform in the workspace that the manifest names. Nothing is asked of Azure before it is needed."""
    from mlops.platform.azureml.endpoints import AzureEndpoints
    from mlops.platform.azureml.jobs import AzureJobs
    from mlops.platform.azureml.models import AzureModels
    from mlops.platform.azureml.schedules import AzureSchedules
    from mlops.platform.azureml.sweeps import AzureSweeps
    from mlops.platform.azureml.workspace import AzureWorkspace
    from mlops.repo.history import pinned

    workspace = AzureWorkspace(manifest.workspace)
    models, jobs = AzureModels(workspace, pinned), AzureJobs(workspace, manifest.model.name)
    return Platform(
        "azureml",
        models,
        AzureEndpoints(workspace, manifest.endpoint),
        jobs,
        AzureSweeps(workspace, manifest.model.name),
        AzureSchedules(workspace, jobs, models),
    )


def azureml_keys(manifest: Manifest) -> EndpointKeys:
    """The keys of the manifest's endpoint."""
    from mlops.platform.azureml.keys import AzureKeys
    from mlops.platform.azureml.workspace import AzureWorkspace

    return AzureKeys(AzureWorkspace(manifest.workspace), manifest.endpoint.name)
