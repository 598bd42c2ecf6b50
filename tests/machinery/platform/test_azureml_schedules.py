"""What is read off a schedule, as the SDK gives it, and what a monitor holds live rows against."""

import datetime
from types import SimpleNamespace

import pyarrow as pa
import pytest
from azure.ai.ml.entities import CronTrigger, RecurrenceTrigger

from mlops.platform.azureml.monitors import reference_address, timeless
from mlops.platform.azureml.schedules import state_of, time_of
from mlops.platform.schedules import Watch


def test_a_time_is_told_with_its_zone_and_somebody_elses_recurrence_as_one():
    for zone in ("UTC", "Tokyo Standard Time"):
        assert time_of(CronTrigger(expression="0 5 * * *", time_zone=zone)) == f"0 5 * * * {zone}"
    assert time_of(RecurrenceTrigger(frequency="day", interval=1)) == "a recurrence"


@pytest.mark.parametrize(
    ("provisioning", "enabled", "state"),
    [
        ("Succeeded", True, "enabled"),
        ("Succeeded", False, "disabled"),
        ("Failed", True, "failed"),
        ("Canceled", True, "failed"),
        ("Updating", None, "enabled"),
    ],
)
def test_what_has_not_come_to_be_starts_nothing(provisioning, enabled, state):
    assert state_of(SimpleNamespace(provisioning_state=provisioning, is_enabled=enabled)) == state


def test_columns_of_times_stay_out_of_the_reference():
    now = datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC)
    rows = pa.table({"when": [now], "day": [now.date()], "number": [1.5], "word": ["a"]})
    assert timeless(rows) == ["number", "word"]


def test_the_reference_is_called_as_azure_takes_it():
    watch = Watch("0 5 * * *", "e", "blue", "my.model", 3, "binary", 0.1, ())
    assert reference_address(watch) == "azureml:my-model-reference:3"
