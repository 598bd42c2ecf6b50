"""Writes to Azure: one at a time, under a lease that Azure grants, with autoscale, and no version registered twice."""

from types import SimpleNamespace

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ServiceRequestError
from waiting import wait_until

from mlops import TakenError
from mlops.platform.azureml import lease, waiting
from mlops.platform.azureml.endpoints import AzureEndpoints
from mlops.platform.azureml.lease import Lease
from mlops.platform.azureml.models import AzureModels
from mlops.platform.azureml.waiting import written
from mlops.platform.azureml.workspace import AzureWorkspace
from mlops.settings.environments import EndpointSettings, Workspace


class Busy:
    """A write that is refused so many times, because another is under way."""

    def __init__(self, times):
        self.times, self.begun = times, 0

    def __call__(self):
        self.begun += 1
        assert self.begun < 50, "does not give up"
        if self.begun <= self.times:
            raise ResourceExistsError("another operation is in progress")
        return SimpleNamespace(result=lambda: "made")


def test_a_write_that_meets_another_one_is_tried_until_that_is_through(monkeypatch):
    monkeypatch.setattr(waiting, "PAUSE", 0.0)
    begin = Busy(3)
    assert written(begin) == "made"
    assert begin.begun == 4


def test_a_write_that_meets_others_for_too_long_gives_up(monkeypatch):
    monkeypatch.setattr(waiting, "PAUSE", 0.0)
    monkeypatch.setattr(waiting, "PATIENCE", -1.0)
    with pytest.raises(ResourceExistsError, match="in progress"):
        written(Busy(100))


class Blob:
    """A blob with the rules that Azure has for a lease: 15 to 60 seconds, one holder, and his metadata."""

    def __init__(self):
        self.holder, self.metadata, self.renewals, self.cut_off = None, {}, 0, False

    def get_blob_client(self, name):
        self.name = name
        return self

    def upload_blob(self, content, overwrite):
        assert not overwrite
        raise refusal(409)  # it is there

    def acquire_lease(self, lease_duration):
        if not 15 <= lease_duration <= 60:
            raise refusal(400)
        if self.holder is not None:
            raise refusal(409)
        self.holder = self
        return self

    def set_blob_metadata(self, metadata, lease):
        assert lease is self.holder
        self.metadata = metadata

    def get_blob_properties(self):
        return SimpleNamespace(metadata=self.metadata)

    def renew(self):
        self.renewals += 1
        if self.cut_off:
            raise ServiceRequestError("no route to host")

    def release(self):
        self.holder = None
        if self.cut_off:
            raise ServiceRequestError("no route to host")


def refusal(status):
    error = HttpResponseError("refused")
    error.status_code = status
    return error


def test_a_lease_is_one_that_azure_grants_and_ends_with_the_rollout():
    blob = Blob()
    with Lease(blob, "flights", "Zoë"):
        assert blob.holder is not None
        assert (blob.name, blob.metadata) == ("leases/flights", {"holder": "Zo?"})
    assert blob.holder is None


def test_a_lease_is_renewed_and_outlives_a_renewal_that_is_lost(monkeypatch):
    assert 2 * lease.RENEW_EVERY < lease.LENGTH
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.001)
    blob = Blob()
    with Lease(blob, "flights", "me"):
        wait_until(lambda: blob.renewals > 1)
        blob.cut_off = True
        lost = blob.renewals
        wait_until(lambda: blob.renewals > lost + 1)


def test_a_lease_that_may_have_ended_lets_nothing_be_written(monkeypatch):
    workspace = AzureWorkspace(WORKSPACE)
    workspace.container = Blob()
    workspace.identity = SimpleNamespace(sign_in=lambda: None)
    endpoints = AzureEndpoints(workspace, settings())
    with endpoints.lease("flights", "me"):
        monkeypatch.setattr(lease, "LENGTH", -1)
        for write in (
            lambda: endpoints.create("flights", 0),
            lambda: endpoints.deploy("flights", "blue", "flights", 1),
            lambda: endpoints.update("flights", {}, {}, {}),
            lambda: endpoints.scale("flights", "blue"),
            lambda: endpoints.delete_deployment("flights", "blue"),
            lambda: endpoints.delete("flights"),
        ):
            with pytest.raises(TakenError, match="flights: the lease on it was lost; run the command again"):
                write()


def test_who_is_in_the_way_is_waited_for_as_long_as_a_killed_run_holds_on_and_then_named(monkeypatch):
    blob, clock = Blob(), iter(range(100))
    with Lease(blob, "flights", "the first"):
        monkeypatch.setattr(lease, "time", SimpleNamespace(monotonic=clock.__next__, sleep=lambda seconds: None))
        with pytest.raises(TakenError, match="flights is being rolled out by the first"), Lease(blob, "flights", "me"):
            pass
    assert next(clock) > lease.LENGTH


WORKSPACE = Workspace(subscription="s", resource_group="group", name="workspace", region="any", registry="shared")
MADE = {"instance_count": 1, "instance_type": "any", "environment_variables": None}  # as a deployment may be


def settings(least=1, most=1):
    return EndpointSettings(
        name="flights", instance_type="any", instance_count=least, max_instances=most, auth="key", port=0
    )


class Services:
    """Azure ML's client with one endpoint, and Azure Monitor's, as far as traffic needs them; all writes in order."""

    def __init__(self):
        self.writes = []
        self.online_endpoints = self.online_deployments = self.autoscale_settings = self
        self.endpoint = SimpleNamespace(
            provisioning_state="Succeeded", traffic={}, mirror_traffic={}, tags={}, auth_mode="key"
        )

    def get(self, name, setting=None):
        if setting is not None:
            raise refusal(404)
        return self.endpoint

    def list(self, endpoint):
        model = "azureml:flights:1"
        return [
            SimpleNamespace(name=slot, model=model, provisioning_state="Succeeded", **MADE)
            for slot in ("blue", "green")
        ]

    def create_or_update(self, group, name, body):
        self.writes.append((name, body["properties"]["profiles"][0]["capacity"]))

    def begin_create_or_update(self, endpoint):
        self.writes.append(("traffic", endpoint.traffic))
        return SimpleNamespace(result=lambda: endpoint)


@pytest.mark.parametrize("most", [1, 4])
def test_what_gets_traffic_is_scaled_with_its_load_where_there_is_room_for_it(monkeypatch, most):
    services = Services()
    monkeypatch.setattr("azure.mgmt.monitor.MonitorManagementClient", lambda *identity: services)
    workspace = AzureWorkspace(WORKSPACE)
    workspace.client, workspace.region = services, "westeurope"
    AzureEndpoints(workspace, settings(2, 2 if most == 1 else most)).update(
        "flights", {"blue": 100, "green": 0}, {}, {}
    )
    capacity = {"minimum": "2", "maximum": "4", "default": "2"}
    scaled = [("flights-blue", capacity)] if most > 1 else []
    assert services.writes == [*scaled, ("traffic", {"blue": 100, "green": 0})]


class Registry:
    """The versions of a workspace or of a registry, with the runs that made them."""

    def __init__(self, **runs):
        self.runs, self.models = {number.removeprefix("v"): run for number, run in runs.items()}, self

    def list(self, name):
        return [SimpleNamespace(version=version, tags={"run_id": run}) for version, run in self.runs.items()]

    def create_or_update(self, model):
        version = str(len(self.runs) + 1)
        self.runs[version] = model.tags["run_id"]
        return SimpleNamespace(version=version)

    def share(self, name, version, registry_name, **there):
        assert registry_name == "shared"
        self.shared.runs[version] = self.runs[version]


@pytest.mark.parametrize(
    ("shared", "version"),
    [
        ({}, 2),  # whoever made it was cut off before it was shared
        ({"v1": "other"}, 2),
        ({"v1": "other", "v2": "mine"}, 3),
        ({"v2": "mine"}, 3),  # version 1 was not shared either, but it is of another run
    ],
)
def test_only_the_runs_own_version_is_shared_and_made_when_there_is_none_to_share(shared, version):
    workspace = AzureWorkspace(WORKSPACE)
    workspace.client, workspace.shared = Registry(v1="other", v2="mine"), Registry(**shared)
    workspace.client.shared = workspace.shared
    made = AzureModels(workspace).register("flights", "mine", {"run_id": "mine"})
    assert (made.version, made.run_id) == (version, "mine")
    assert workspace.shared.runs[str(version)] == "mine"
    assert set(workspace.shared.runs) == {number.removeprefix("v") for number in shared} | {str(version)}
