"""The keys that a pipeline's files may hold, level by level: those of the SDK's schemas that both platforms heed.

What only Azure ML heeds (compute, resources, limits, tags and the like) is let through. What would make a run on this
machine another one than on Azure ML is left out.
"""

from typing import Any, Literal

from pydantic import Field

from mlops.settings.reading import Settings

FOLDERS = ("uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model")
FILE = "uri_file"
Data = Literal["uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model", "uri_file"]
Folder = Literal["uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model"]
Literals = Literal["number", "integer", "boolean", "string"]
InputMode = Literal["download", "ro_mount", "direct", "eval_mount", "eval_download"]
OutputMode = Literal["mount", "upload", "rw_mount", "direct"]
SCHEMA = Field(default=None, alias="$schema")


class Resources(Settings):
    instance_type: str | None = None
    instance_count: int | None = Field(default=None, gt=0)
    max_instance_count: int | None = Field(default=None, gt=0)
    locations: list[str] | None = None
    shm_size: str | None = Field(default=None, pattern=r"^\d+[bkmg]$")
    docker_args: Any = None
    properties: dict[str, Any] | None = None


class Limits(Settings):
    timeout: int | None = Field(default=None, gt=0)


class QueueSettings(Settings):
    job_tier: str | None = None
    priority: str | None = None


class Identity(Settings):
    type: Literal["managed", "managed_identity", "aml_token", "user_identity"]
    client_id: str | None = None
    object_id: str | None = None
    msi_resource_id: str | None = None


class PipelineSettings(Settings):
    default_compute: str | None = Field(default=None, pattern=r"^(serverless|azureml:.+)$")
    default_datastore: str | None = Field(default=None, pattern=r"^azureml:.+$")
    continue_on_step_failure: bool | None = None
    force_rerun: bool | None = None


class PipelineKeys(Settings):
    """A file of pipelines/."""

    schema_address: str | None = SCHEMA
    type: Literal["pipeline"]
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$")
    display_name: str | None = None
    experiment_name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,255}$")
    description: str | None = None
    tags: dict[str, str] | None = None
    properties: dict[str, str] | None = None
    identity: Identity | None = None
    compute: str | None = None
    settings: PipelineSettings = PipelineSettings()
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    jobs: dict[str, Any] = Field(min_length=1)


class JobKeys(Settings):
    """One of a pipeline's jobs."""

    type: Literal["command"]
    component: Any
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    compute: str | None = None
    environment: Any = None
    environment_variables: dict[str, Any] = Field(default_factory=dict)
    resources: Resources | None = None
    limits: Limits | None = None
    queue_settings: QueueSettings | None = None
    identity: Identity | None = None
    display_name: str | None = None
    description: str | None = None
    comment: str | None = None
    tags: dict[str, str] | None = None
    properties: dict[str, str] | None = None


class ComponentKeys(Settings):
    """A command component, in a file of its own or within a job."""

    schema_address: str | None = SCHEMA
    type: Literal["command"]
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$", max_length=255)
    version: Any = None  # text or a number
    display_name: str | None = None
    description: str | None = None
    tags: dict[str, str] | None = None
    properties: dict[str, Any] | None = None
    is_deterministic: bool | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    code: str | None = None
    environment: Any
    command: str = Field(min_length=1)
    resources: Resources | None = None
    queue_settings: QueueSettings | None = None


class Parameter(Settings):
    """A component's input that is a literal."""

    type: Literals
    description: str | None = None
    optional: bool = False
    default: Any = None
    min: float | None = None
    max: float | None = None
    enum: list[str] | None = None


class Port(Settings):
    """A component's input that is data."""

    type: Data
    description: str | None = None
    optional: bool = False
    mode: InputMode | None = None


class OutputPort(Settings):
    """A component's output. Every step writes a folder."""

    type: Folder
    description: str | None = None
    mode: OutputMode | None = None


class DataInput(Settings):
    """Data given to a pipeline or a job. Without a path it is given to the run."""

    type: Data = "uri_folder"
    path: str | None = None
    mode: InputMode | None = None
    datastore: str | None = None


class DataOutput(Settings):
    """Where a pipeline or a job puts an output. name and version: the data asset that is made of it."""

    type: Folder = "uri_folder"
    path: str | None = None
    mode: OutputMode | None = None
    name: str | None = None
    version: Any = None  # text or a number


class Build(Settings):
    path: str
    dockerfile_path: str = "Dockerfile"


class EnvironmentKeys(Settings):
    """An environment that is described, not named."""

    schema_address: str | None = SCHEMA
    name: str | None = None
    version: Any = None  # text or a number
    description: str | None = None
    tags: dict[str, str] | None = None
    build: Build | None = None
    image: str | None = None
    conda_file: Any = None
    os_type: Literal["linux"] | None = None
