"""pipelines/*.yml: Azure ML pipeline jobs of command components, read and checked without the Azure SDK.

What the SDK takes, and later the service refuses or the run stumbles over, is a UserError with its file and key here.
"""

from mlops.platform.pipeline.component import fill
from mlops.platform.pipeline.graph import Job, Pipeline, Source
from mlops.platform.pipeline.load import load_pipeline

__all__ = ["Job", "Pipeline", "Source", "fill", "load_pipeline"]
