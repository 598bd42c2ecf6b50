"""Azure ML's model monitor: drift of what a deployment is asked, against the rows that its version was trained on."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.data.files import write_text
from mlops.data.model_folder import REFERENCE_FILE
from mlops.data.tables import read_table
from mlops.decide.infrastructure.scheduled import SPARK
from mlops.platform.azureml.data import kept
from mlops.platform.schedules import Watch

if TYPE_CHECKING:
    import pyarrow as pa
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import CronTrigger, MonitorSchedule

    from mlops.platform import Models

SIGNAL = "drift"
RUNTIME = "3.4"  # of Spark: the oldest that the SDK takes
TABLE = f"""type: mltable
paths:
  - file: ./{REFERENCE_FILE}
transformations:
  - read_parquet
"""
TASKS = {"binary": "Classification", "multiclass": "Classification", "regression": "Regression"}


def monitor(
    client: "MLClient", models: "Models", name: str, wanted: Watch, trigger: "CronTrigger"
) -> "MonitorSchedule":
    """The monitor as it is sent. The SDK finds the inputs that the deployment collects by itself."""
    from azure.ai.ml import Input
    from azure.ai.ml.entities import (
        AlertNotification,
        CategoricalDriftMetrics,
        DataDriftMetricThreshold,
        DataDriftSignal,
        MonitorDefinition,
        MonitoringTarget,
        MonitorSchedule,
        NumericalDriftMetrics,
        ReferenceData,
        ServerlessSparkCompute,
    )

    trained_on = Input(type="mltable", path=kept_reference(client, models, wanted))
    signal = DataDriftSignal(
        reference_data=ReferenceData(input_data=trained_on, data_context="training"),
        features="all_features",
        metric_thresholds=DataDriftMetricThreshold(
            numerical=NumericalDriftMetrics(jensen_shannon_distance=wanted.limit),
            categorical=CategoricalDriftMetrics(jensen_shannon_distance=wanted.limit),
        ),
        alert_enabled=True,
    )
    definition = MonitorDefinition(
        compute=ServerlessSparkCompute(instance_type=SPARK, runtime_version=RUNTIME),
        monitoring_target=MonitoringTarget(
            ml_task=TASKS[wanted.task], endpoint_deployment_id=f"{wanted.endpoint}:{wanted.slot}"
        ),
        monitoring_signals={SIGNAL: signal},
        alert_notification=AlertNotification(emails=list(wanted.mails)) if wanted.mails else None,
    )
    return MonitorSchedule(name=name, trigger=trigger, create_monitor=definition, tags={}, is_enabled=True)


def reference_address(wanted: Watch) -> str:
    """The asset that holds the rows which the version was trained on."""
    return f"azureml:{wanted.model.replace('.', '-')}-reference:{wanted.version}"


def kept_reference(client: "MLClient", models: "Models", wanted: Watch) -> str:
    """The same, uploaded when the workspace does not have it yet: those rows as the model's folder has them.

    Times move on by themselves, so they stay out. Azure's Spark reads a table by the description beside it.
    """
    import pyarrow.parquet as pq

    name, version = reference_address(wanted).removeprefix("azureml:").split(":")
    with tempfile.TemporaryDirectory() as folder:
        table, model = Path(folder) / "table", Path(folder) / "model"
        rows = read_table(models.download(wanted.model, wanted.version, model) / REFERENCE_FILE)
        write_text(table / "MLTable", TABLE)
        pq.write_table(rows.select(timeless(rows)), table / REFERENCE_FILE)
        return kept(client, name, version, table, "mltable")


def timeless(rows: "pa.Table") -> list[str]:
    """The columns that hold no times."""
    import pyarrow as pa

    return [field.name for field in rows.schema if not pa.types.is_temporal(field.type)]
