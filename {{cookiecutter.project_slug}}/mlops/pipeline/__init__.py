"""pipelines/*.yml: Azure ML pipeline jobs of command components, read and checked without the Azure SDK.

What the SDK takes, and later the service refuses or the run stumbles over, is a UserError with its file and key here.
A test holds the keys to those of the SDK's own schemas.
"""

from mlops.pipeline.graph import Job, Pipeline, Source
from mlops.pipeline.load import load_pipeline
from mlops.pipeline.placeholders import fill

__all__ = ["Job", "Pipeline", "Source", "fill", "load_pipeline"]
