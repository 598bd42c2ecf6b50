"""Azure's own schedules of a workspace: runs of the training pipeline, and a model monitor."""

from typing import TYPE_CHECKING, Any

from mlops.decide.infrastructure.scheduled import NONE, differences, inputs_of, short
from mlops.platform.azureml.error_messages import refusals_in_one_line
from mlops.platform.azureml.jobs import AzureJobs
from mlops.platform.azureml.monitors import SIGNAL, monitor, reference_address
from mlops.platform.azureml.waiting import written
from mlops.platform.azureml.workspace import AzureWorkspace, quiet_uploads
from mlops.platform.schedules import Retraining, Scheduled, Watch

if TYPE_CHECKING:
    from azure.ai.ml.entities import CronTrigger, JobSchedule, MonitorSchedule, Schedule

    from mlops.platform import Models

UTC = "UTC"
LONG_AGO = "2026-01-01T00:00:00"  # without a start that is past, Azure runs it at once whenever it is written
CODE = "code"  # the tag with the hash of the files that a run is sent


@refusals_in_one_line
class AzureSchedules:
    """Schedules, written whole. What they were made of is compared by what Azure keeps of it."""

    def __init__(self, workspace: AzureWorkspace, jobs: AzureJobs, models: "Models") -> None:
        self._workspace = workspace
        self._jobs = jobs
        self._models = models

    def differences(self, name: str, wanted: Scheduled | None) -> list[str]:
        there = self._there(name)
        return differences(facts_of(there) if there else None, self._facts(wanted) if wanted else None)

    def make(self, name: str, wanted: Scheduled | None) -> None:
        schedules = self._workspace.client.schedules
        if wanted is None:
            written(lambda: schedules.begin_delete(name))
            return

        def begin() -> Any:
            body = self._body(name, wanted)  # anew each time: the SDK spoils what it has sent
            with quiet_uploads():
                return schedules.begin_create_or_update(body)

        written(begin)

    def _there(self, name: str) -> "Schedule | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._workspace.client.schedules.get(name)
        except ResourceNotFoundError:
            return None

    def _body(self, name: str, wanted: Scheduled) -> "Schedule":
        """The schedule as it is sent. What it reads is uploaded first."""
        from azure.ai.ml.entities import CronTrigger, JobSchedule

        trigger = CronTrigger(expression=wanted.time, start_time=LONG_AGO, time_zone=UTC)
        if isinstance(wanted, Watch):
            return monitor(self._workspace.client, self._models, name, wanted, trigger)
        job = self._jobs.job(wanted.pipeline, wanted.inputs)
        job.settings.force_rerun = True  # Azure knows a step by its inputs' addresses, and what lies there changes
        return JobSchedule(name=name, trigger=trigger, create_job=job, tags={CODE: wanted.code}, is_enabled=True)

    def _facts(self, wanted: Scheduled) -> dict[str, str]:
        """What the schedule should be like."""
        facts = {"time": f"{wanted.time} {UTC}", "state": "enabled"}
        if isinstance(wanted, Retraining):
            inputs = {name: self._jobs.address(name, value) for name, value in wanted.inputs.items()}
            return {**facts, **inputs_of(inputs), CODE: wanted.code}
        return {
            **facts,
            "deployment": f"{wanted.endpoint}/{wanted.slot}",
            "reference": short(reference_address(wanted)),
            "limit": f"{wanted.limit:g}",
            "mail": ", ".join(wanted.mails) or NONE,
        }


def facts_of(there: "Schedule") -> dict[str, str]:
    """What the schedule is like, as far as it is one of ours."""
    from azure.ai.ml.entities import JobSchedule, MonitorSchedule

    facts = {"time": time_of(there.trigger), "state": state_of(there)}
    if isinstance(there, JobSchedule):
        return {**facts, **of_training(there)}
    return {**facts, **of_monitor(there)} if isinstance(there, MonitorSchedule) else facts


def state_of(there: "Schedule") -> str:
    """Whether it starts anything; one whose last write has failed does not."""
    if there.provisioning_state in {"Failed", "Canceled"}:
        return "failed"
    return "disabled" if there.is_enabled is False else "enabled"


def time_of(trigger: "CronTrigger | Any") -> str:
    """When it starts; of somebody else's recurrence only that it is one."""
    return f"{trigger.expression} {trigger.time_zone}" if hasattr(trigger, "expression") else "a recurrence"


def of_training(there: "JobSchedule") -> dict[str, str]:
    """The inputs of the job that it starts, and the hash of what that was sent."""
    inputs = getattr(there.create_job, "inputs", None) or {}
    values = {name: getattr(each, "_data", each) for name, each in inputs.items()}  # its `path` is an error of literals
    given = {name: str(getattr(value, "path", value)) for name, value in values.items()}
    return {**inputs_of(given), CODE: (there.tags or {}).get(CODE, NONE)}


def of_monitor(there: "MonitorSchedule") -> dict[str, str]:
    """What it watches, what against, and whom it tells."""
    asked, signal = there.create_monitor, there.create_monitor.monitoring_signals.get(SIGNAL)
    target = str(asked.monitoring_target.endpoint_deployment_id if asked.monitoring_target else NONE)
    endpoint, _, slot = target.rpartition("/deployments/")
    told = asked.alert_notification
    mails = getattr(told, "emails", None) or []
    found = {"deployment": f"{endpoint.rsplit('/', 1)[-1]}/{slot}", "mail": ", ".join(mails) or NONE}
    if signal is None:
        return found
    limits = (signal.metric_thresholds.numerical, signal.metric_thresholds.categorical)
    distances = {f"{each.jensen_shannon_distance:g}" for each in limits if each and each.jensen_shannon_distance}
    reference = short(str(signal.reference_data.input_data.path))
    return {**found, "limit": " and ".join(sorted(distances)) or NONE, "reference": reference}
