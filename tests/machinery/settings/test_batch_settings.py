"""`batch:` of an environment: none unless it is written, and each bad value is one line."""

from pathlib import Path

import pytest
import yaml

from conftest import edit
from mlops import UserError
from mlops.settings.environments import load_manifest

STAGING, PRODUCTION = Path("environments/staging.yml"), Path("environments/production.yml")


def with_batch(path=STAGING, **values):
    text = yaml.safe_dump({"batch": values})
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_there_is_none_unless_it_is_written(project):
    assert load_manifest("staging").batch is None
    with_batch(endpoint="flights-staging-batch")
    batch = load_manifest("staging").batch
    assert batch.model_dump() == {
        "endpoint": "flights-staging-batch",
        "instance_count": 1,
        "mini_batch": 1,
        "retries": 2,
        "schedule": None,
    }
    assert load_manifest("production").batch is None


def test_what_is_shared_may_stand_in_base(project):
    with_batch(Path("environments/base.yml"), instance_count=2)
    with_batch(endpoint="flights-staging-batch", mini_batch=10)
    with_batch(PRODUCTION, endpoint="flights-production-batch")
    assert load_manifest("staging").batch.instance_count == 2


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"endpoint": None}, "batch.endpoint: Input should be a valid string, got None"),
        ({"endpoint": "Flights"}, "batch.endpoint: String should match pattern"),
        ({"mini_batch": 0}, "batch.mini_batch: Input should be greater than or equal to 1, got 0"),
        ({"mini_batch": 1.5}, "batch.mini_batch: Input should be a valid integer, got 1.5"),
        ({"instance_count": 0}, "batch.instance_count: Input should be greater than or equal to 1, got 0"),
        ({"instance_count": 1000}, "batch.instance_count: Input should be less than or equal to 100, got 1000"),
        ({"retries": -1}, "batch.retries: Input should be greater than or equal to 0, got -1"),
        ({"retries": True}, "batch.retries: Input should be a valid integer, got True"),
        ({"minibatch": 3}, "batch.minibatch: unknown key"),
        ({"schedule": "0 3 * * *"}, "batch.schedule: platform local keeps no time; take it out, and let cron call"),
        ({"endpoint": "flights-staging"}, "batch.endpoint: flights-staging is endpoint.name too; choose another"),
    ],
)
def test_a_bad_value_is_one_line(project, values, why):
    with_batch(**{"endpoint": "flights-staging-batch", **values})
    with pytest.raises(UserError) as refused:
        load_manifest("staging")
    assert str(refused.value).startswith(f"{STAGING}: {why}")


def test_azure_scores_no_files_yet_and_says_so(project):
    edit(Path("environments/base.yml"), "platform: local ", "platform: azureml ")
    with_batch(endpoint="flights-staging-batch")
    with pytest.raises(UserError, match=r"batch: platform azureml scores no files yet; take the block out, or use"):
        load_manifest("staging")


def test_two_environments_do_not_share_one(project):
    for path in (STAGING, PRODUCTION):
        with_batch(path, endpoint="flights-batch")
    with pytest.raises(UserError, match=r"batch\.endpoint: flights-batch is that of production too; choose another"):
        load_manifest("staging")
