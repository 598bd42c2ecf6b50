"""The parts of the Azure platform that decide something by themselves; all else is held to the contract."""

import math
from types import SimpleNamespace

import pytest

from mlops import UserError
from mlops.operate.reconcile import LATEST, SOONEST, look_every
from mlops.platform.azureml import waiting
from mlops.platform.azureml.error_messages import explain, first_line
from mlops.platform.azureml.metrics import by_minute, failed
from mlops.platform.azureml.waiting import PAUSE, pause, settled
from mlops.platform.azureml.workspace import AzureWorkspace
from mlops.settings.environments import Workspace


@pytest.mark.parametrize(
    ("status", "model_status", "counts"),
    [
        ("200", "200", False),
        ("424", "500", True),  # the scoring script broke
        ("424", "400", False),  # it refused what a client sent
        ("424", "0", True),  # it answered nothing
        ("424", "", True),
        ("400", "", False),
        ("401", "", False),
        ("408", "", True),
        ("429", "", True),
        ("500", "", True),
        ("503", "", True),
    ],
)
def test_what_was_not_served_counts_as_failed_and_a_clients_mistake_does_not(status, model_status, counts):
    assert failed(status, model_status) is counts


@pytest.mark.parametrize(
    ("status", "words", "line"),
    [
        (None, "no route to host.", "Azure: no route to host"),
        (409, "It is there already.", "Azure answered 409: It is there already"),
        (
            403,
            "Not allowed",
            "Azure answered 403: Not allowed; give the identity its role (infra/README.md lists them)",
        ),
        (
            400,
            "Not enough Quota available",
            "Azure answered 400: Not enough Quota available; "
            "ask for more quota for this instance type, or set another endpoint.instance_type",
        ),
    ],
)
def test_a_refusal_says_how_to_mend_it(status, words, line):
    assert explain(status, words) == line


def test_only_the_first_line_of_azures_words_is_shown():
    assert first_line(ValueError("\n  It failed.\nCode: X\nMore")) == "It failed."
    assert first_line(ValueError()) == "ValueError"
    told = SimpleNamespace(error=SimpleNamespace(message="inner"), message="(Code) inner\nCode: X")
    assert first_line(told) == "inner"


@pytest.mark.parametrize(
    ("asked", "seconds"), [({"Retry-After": "2"}, 2.0), ({}, PAUSE), ({"Retry-After": "soon"}, PAUSE)]
)
def test_a_refused_write_waits_as_long_as_it_is_told(asked, seconds):
    assert pause(SimpleNamespace(response=SimpleNamespace(headers=asked))) == seconds
    assert pause(SimpleNamespace(response=None)) == PAUSE


def test_what_is_under_way_is_waited_for_and_what_is_gone_is_not(monkeypatch):
    monkeypatch.setattr(waiting, "PAUSE", 0.0)
    for seen, end in ((["Creating", "Updating", "Succeeded"], "Succeeded"), (["Deleting", None], None)):
        looks = iter([*seen, "one look too many"])
        assert settled(lambda looks=looks: next(looks), lambda state: state == "Succeeded") == end


@pytest.mark.parametrize(("bake", "seconds"), [(0, SOONEST), (20, 1.0), (60, 3.0), (600, LATEST)])
def test_looks_follow_the_bake(bake, seconds):
    assert look_every(bake) == seconds


def test_the_subscription_is_named_by_the_manifest_or_by_the_environment(monkeypatch):
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    settings = {"resource_group": "group", "name": "workspace", "region": "any", "registry": None}
    with pytest.raises(UserError, match="AZURE_SUBSCRIPTION_ID is not set; set it"):
        AzureWorkspace(Workspace(subscription=None, **settings)).endpoint_id("e")
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "outside")
    assert AzureWorkspace(Workspace(subscription="own", **settings)).subscription == "own"
    found = AzureWorkspace(Workspace(subscription=None, **settings)).endpoint_id("e")
    assert found.startswith("/subscriptions/outside/resourceGroups/group/providers/")
    assert found.endswith("/workspaces/workspace/onlineEndpoints/e")


@pytest.mark.parametrize(
    ("percentiles", "slow", "slowest"), [([], 0, math.nan), ([90.0, 100.0], 0, 100.0), ([90.0, 101.0, 250.0], 2, 250.0)]
)
def test_minutes_are_counted_whose_percentile_is_over_the_limit(percentiles, slow, slowest):
    told = by_minute(40, 3, percentiles, 100.0)
    assert (told.requests, told.errors, told.timed, told.slow, told.by_minute) == (40, 3, len(percentiles), slow, True)
    assert told.p95_ms == pytest.approx(slowest, nan_ok=True)
