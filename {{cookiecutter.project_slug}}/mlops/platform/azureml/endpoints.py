"""Managed online endpoints. Every write is whole and idempotent; one that meets another under way waits for it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.decide.observed import Deployment, Observed, State, Traffic
from mlops.platform import EXPLAIN, Reply
from mlops.platform.azureml.autoscale import Autoscale
from mlops.platform.azureml.collected import collected_since
from mlops.platform.azureml.error_messages import first_line, in_one_line, refusals_in_one_line
from mlops.platform.azureml.lease import Lease
from mlops.platform.azureml.metrics import traffic_since
from mlops.platform.azureml.scoring_client import ScoringClient
from mlops.platform.azureml.waiting import settled, written
from mlops.platform.azureml.workspace import AzureWorkspace, quiet_uploads
from mlops.platform.crash_cause import SILENCE, cause_of
from mlops.platform.legal_traffic import check_shares
from mlops.settings.environments import EndpointSettings

if TYPE_CHECKING:
    from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint
    from azure.core.polling import LROPoller

DEPLOYMENT = Path("serving/deployment.yml")
LOG_LINES = 200
MODEL = re.compile(r"(?:/models/|azureml:)([^/:]+)(?:/versions/|:)(\d+)$")
STATES: Mapping[str, State] = {"Succeeded": "ready", "Failed": "failed", "Canceled": "failed"}  # others: under way


@refusals_in_one_line
class AzureEndpoints:
    """The endpoints of the workspace, made as `settings` say."""

    def __init__(self, workspace: AzureWorkspace, settings: EndpointSettings) -> None:
        self._workspace = workspace
        self._settings = settings
        self._autoscale = Autoscale(workspace, settings)
        self._clients: dict[str, ScoringClient] = {}
        self._lease: Lease | None = None

    @contextmanager
    def lease(self, endpoint: str, holder: str) -> Iterator[None]:
        with ExitStack() as held:
            with in_one_line():
                self._workspace.identity.sign_in()
                lease = Lease(self._workspace.container, endpoint, holder)
                held.enter_context(lease)
            self._lease = lease  # from here on every write checks it
            try:
                yield
            finally:
                self._lease = None

    def observe(self, endpoint: str) -> Observed | None:
        found = self._endpoint(endpoint)
        if found is None:
            return None
        listed = sorted(self._workspace.client.online_deployments.list(endpoint), key=lambda each: each.name)
        if found.provisioning_state == "Failed" and not listed:
            return None  # it never came to be; making it again is the way on
        deployments = {each.name: self._deployment(endpoint, each) for each in listed}
        traffic = {slot: int((found.traffic or {}).get(slot, 0)) for slot in deployments}
        return Observed(deployments, traffic, dict(found.mirror_traffic or {}), dict(found.tags or {}))

    def url(self, endpoint: str) -> str:
        return self._client(endpoint).url

    def create(self, endpoint: str, port: int) -> None:
        from azure.ai.ml.entities import ManagedOnlineEndpoint

        self._check_lease()
        there = self._settled(endpoint)
        if there is None or there.provisioning_state == "Failed":
            wanted = ManagedOnlineEndpoint(name=endpoint, auth_mode=self._settings.auth)
            written(lambda: self._workspace.client.online_endpoints.begin_create_or_update(wanted))

    def deploy(self, endpoint: str, slot: str, model: str, version: int) -> Deployment:
        from azure.core.exceptions import HttpResponseError

        self._check_lease()
        observed = self._observed(endpoint)
        there = observed.deployments.get(slot)
        same = there is not None and (there.model, there.version) == (model, version)
        if there and same and there.state == "ready":
            return there
        if there and not same and (observed.traffic.get(slot) or observed.mirror.get(slot)):
            raise UserError(f"{endpoint}: {slot} serves {there.model}:{there.version}; take its traffic away first")

        def begin() -> "LROPoller[ManagedOnlineDeployment]":
            wanted = self._wanted(endpoint, slot, model, version)  # anew each time: the SDK spoils what it has sent
            with quiet_uploads():
                return self._workspace.client.online_deployments.begin_create_or_update(wanted)

        try:
            written(begin)
        except HttpResponseError as error:
            placed = self._observed(endpoint).deployments.get(slot)
            if placed is None or placed.state != "failed":
                raise  # the write itself was refused
            return placed if placed.reason != SILENCE else replace(placed, reason=first_line(error))
        return Deployment(slot, model, version, "ready")

    def update(
        self, endpoint: str, traffic: Mapping[str, int], mirror: Mapping[str, int], tags: Mapping[str, str]
    ) -> None:
        self._check_lease()
        deployments, found = self._observed(endpoint).deployments, self._there(endpoint)
        check_shares(
            deployments, traffic, mirror, {slot for slot, each in deployments.items() if each.state == "ready"}
        )
        for slot in [slot for slot, share in traffic.items() if share]:
            self._autoscale.watch(endpoint, slot)  # here, so that a kill after the deployment cannot lose it
        found.traffic, found.mirror_traffic, found.tags = dict(traffic), dict(mirror), dict(tags)
        written(lambda: self._workspace.client.online_endpoints.begin_create_or_update(found))

    def scale(self, endpoint: str, slot: str) -> None:
        self._check_lease()
        self._observed(endpoint)
        if self._autoscale.adjust(endpoint, slot):
            return
        # Not the public update: that sends the whole deployment back, with data collection turned off.
        deployments = self._workspace.client.online_deployments._online_deployment
        where, body = self._workspace.settings, {"sku": {"capacity": self._settings.instance_count}}
        written(lambda: deployments.begin_update(where.resource_group, where.name, endpoint, slot, body))

    def delete_deployment(self, endpoint: str, slot: str) -> None:
        self._check_lease()
        observed = self._observed(endpoint)
        if observed.traffic.get(slot) or observed.mirror.get(slot):
            raise UserError(f"{endpoint}: {slot} has live or mirrored traffic; take it away first")
        if slot in observed.deployments:
            self._autoscale.forget(endpoint, slot)
            written(lambda: self._workspace.client.online_deployments.begin_delete(slot, endpoint))

    def delete(self, endpoint: str) -> None:
        self._check_lease()
        if self._settled(endpoint) is not None:
            written(lambda: self._workspace.client.online_endpoints.begin_delete(endpoint))

    def score(self, endpoint: str, payload: Mapping[str, Any], slot: str | None = None) -> Reply:
        return self._client(endpoint).ask(payload, slot)

    def measure(self, endpoint: str, since: float, limit_ms: float) -> Mapping[str, Traffic]:
        return traffic_since(self._workspace, endpoint, since, limit_ms)

    def collected(self, endpoint: str, since: float) -> Sequence[Mapping[str, Any]]:
        return list(collected_since(self._workspace.container, endpoint, since))

    def logs(self, endpoint: str, slot: str, lines: int = 50) -> str:
        return str(self._workspace.client.online_deployments.get_logs(slot, endpoint, lines)).strip()

    def _check_lease(self) -> None:
        """A rollout that has lost its lease must not write: somebody else may hold it by now."""
        if self._lease is not None:
            self._lease.check()

    def _endpoint(self, endpoint: str) -> "ManagedOnlineEndpoint | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._workspace.client.online_endpoints.get(endpoint)
        except ResourceNotFoundError:
            return None

    def _there(self, endpoint: str) -> "ManagedOnlineEndpoint":
        """The endpoint. UserError when there is none."""
        found = self._endpoint(endpoint)
        if found is None:
            known = ", ".join(sorted(each.name for each in self._workspace.client.online_endpoints.list())) or "none"
            raise UserError(f"there is no endpoint {endpoint!r}; there is {known}")
        return found

    def _settled(self, endpoint: str) -> "ManagedOnlineEndpoint | None":
        """The endpoint once nothing is under way on it, left behind by a run that was killed, say."""
        return settled(lambda: self._endpoint(endpoint), lambda found: found.provisioning_state in STATES)

    def _observed(self, endpoint: str) -> Observed:
        """The endpoint once nothing is under way on it and its deployments. UserError when there is none."""
        settled(lambda: self._there(endpoint), lambda found: found.provisioning_state in STATES)
        observed = settled(
            lambda: self.observe(endpoint),
            lambda seen: all(each.state != "creating" for each in seen.deployments.values()),
        )
        return observed or Observed()

    def _deployment(self, endpoint: str, found: "ManagedOnlineDeployment") -> Deployment:
        match = MODEL.search(str(found.model))
        model, version = (match[1], int(match[2])) if match else (str(found.model), 0)
        state = STATES.get(found.provisioning_state or "", "creating")  # an enumeration: its str() is another
        reason = self._cause(endpoint, found.name) if state == "failed" else ""
        instances = self._autoscale.range(endpoint, found.name) or (found.instance_count, found.instance_count)
        explain = EXPLAIN.items() <= (found.environment_variables or {}).items()
        return Deployment(found.name, model, version, state, reason, instances, found.instance_type, explain)

    def _cause(self, endpoint: str, slot: str) -> str:
        """What the slot died of, as its log tells it; one whose image was never built has none."""
        from azure.core.exceptions import HttpResponseError

        try:
            return cause_of(self.logs(endpoint, slot, LOG_LINES).splitlines())
        except (HttpResponseError, UserError):
            return SILENCE

    def _wanted(self, endpoint: str, slot: str, model: str, version: int) -> "ManagedOnlineDeployment":
        """serving/deployment.yml, with what differs from one deployment to the next."""
        from azure.ai.ml import load_online_deployment

        own = {"name": slot, "endpoint_name": endpoint, "model": self._workspace.model_id(model, version)}
        size = {"instance_type": self._settings.instance_type, "instance_count": self._settings.instance_count}
        explain = EXPLAIN if self._settings.explain else {}
        variables = {f"environment_variables.{name}": value for name, value in explain.items()}
        return load_online_deployment(
            DEPLOYMENT, params_override=[{key: each} for key, each in {**own, **size, **variables}.items()]
        )

    def _client(self, endpoint: str) -> ScoringClient:
        """How to ask the endpoint, found out once."""
        if endpoint not in self._clients:
            found = self._there(endpoint)
            self._clients[endpoint] = ScoringClient(
                self._workspace, endpoint, str(found.scoring_uri), str(found.auth_mode)
            )
        return self._clients[endpoint]
