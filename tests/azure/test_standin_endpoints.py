"""Do the stand-in's endpoints serve what was uploaded, split their traffic, and refuse what the service refuses?"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from conftest import TEMPLATE
from standin import StandIn
from standin.cloud import SUBSCRIPTION
from standin.login import signed_token

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import ManagedOnlineDeployment

NAME = "flight-delays"
COLLECTED = "azureml://datastores/workspaceblobstore/paths/modelDataCollector/flights/collecting/model_inputs"
SCRIPTS = {  # what each says tells the tests which of them answered
    "good.py": """\
import os, pathlib
def init():
    global said
    said = next(pathlib.Path(os.environ["AZUREML_MODEL_DIR"]).rglob("model.txt")).read_text()
def run(raw):
    return {"said": said, "word": os.environ.get("WORD")}
""",
    "crashes.py": "def init():\n    raise ValueError('no such column')\ndef run(raw):\n    pass\n",
    "fails.py": "def init():\n    pass\ndef run(raw):\n    raise ValueError('no such row')\n",
    "slow.py": "import time\ndef init():\n    pass\ndef run(raw):\n    time.sleep(5)\n",
    "collects.py": """\
import pandas as pd
from azureml.ai.monitoring import Collector
def init():
    global inputs
    inputs = Collector(name="model_inputs")
def run(raw):
    inputs.collect(pd.DataFrame({"distance": [944]}))
    return {}
""",
}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    images = tmp_path_factory.getbasetemp().parent / "azure-images"  # of all workers
    folder, workspaces = tmp_path_factory.mktemp("azure"), [(NAME, NAME), (NAME, "elsewhere")]
    with StandIn(folder, workspaces, images) as azure, pytest.MonkeyPatch.context() as variables:
        for name, value in azure.secret_login.items():
            variables.setenv(name, value)
        yield azure
        azure.check()


@pytest.fixture(scope="module")
def client(azure: StandIn, tmp_path_factory: pytest.TempPathFactory) -> "MLClient":
    """The SDK, in whose workspace there are a model, the project's serving environment and the endpoint `flights`."""
    from azure.ai.ml.entities import BuildContext, Environment, ManagedOnlineEndpoint, Model

    client = connect(NAME, NAME)
    model = tmp_path_factory.mktemp("model_folder")
    (model / "model.txt").write_text("the model")
    client.models.create_or_update(Model(name="model", version="1", path=str(model)))
    context = BuildContext(path=str(TEMPLATE / "serving" / "image"))
    client.environments.create_or_update(Environment(name="serving", version="1", build=context))
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="flights", auth_mode="key")).result()
    return client


def connect(group: str, workspace: str) -> "MLClient":
    from azure.ai.ml import MLClient
    from azure.identity import EnvironmentCredential

    credential = EnvironmentCredential()
    return MLClient(credential, SUBSCRIPTION, group, workspace, show_progress=False, enable_telemetry=False)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    for name, text in SCRIPTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(autouse=True)
def no_traffic_after(client: "MLClient", azure: StandIn) -> Iterator[None]:
    yield
    azure.faults.clear()
    azure.cloud.instances = None
    route(client)


@pytest.fixture(scope="module")
def blue(client: "MLClient", scripts: Path) -> str:
    deploy(client, deployment(scripts, "blue", "good.py", environment_variables={"WORD": "hello"}))
    return "blue"


@pytest.fixture(scope="module")
def failing(client: "MLClient", scripts: Path) -> str:
    deploy(client, deployment(scripts, "failing", "fails.py"))
    return "failing"


def deployment(scripts: Path, name: str, script: str, **more: Any) -> "ManagedOnlineDeployment":
    from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment

    return ManagedOnlineDeployment(
        name=name,
        endpoint_name="flights",
        model=more.pop("model", "azureml:model:1"),
        environment="azureml:serving:1",
        code_configuration=CodeConfiguration(code=str(scripts), scoring_script=script),
        instance_type="Standard_DS3_v2",
        instance_count=1,
        **more,
    )


def deploy(client: "MLClient", wanted: "ManagedOnlineDeployment") -> Any:
    return client.online_deployments.begin_create_or_update(wanted).result()


def route(client: "MLClient", mirror: dict[str, int] | None = None, **traffic: int) -> dict[str, int]:
    endpoint = client.online_endpoints.get("flights")
    endpoint.traffic, endpoint.mirror_traffic = traffic, mirror or {}
    return client.online_endpoints.begin_create_or_update(endpoint).result().traffic


def score(client: "MLClient", deployment: str = "", key: str = "", name: str = "flights") -> requests.Response:
    endpoint = client.online_endpoints.get(name)
    headers = {"Authorization": f"Bearer {key or client.online_endpoints.get_keys(name).primary_key}"}
    if deployment:
        headers["azureml-model-deployment"] = deployment
    return requests.post(endpoint.scoring_uri, json={}, headers=headers, timeout=300)


def test_a_deployment_serves_the_uploaded_model_with_the_uploaded_code(client: "MLClient", blue: str) -> None:
    answer = score(client, blue)
    assert answer.json() == {"said": "the model", "word": "hello"}
    assert answer.headers["azureml-model-deployment"] == blue


def test_requests_are_split_as_the_traffic_says_and_recorded(
    client: "MLClient", azure: StandIn, blue: str, failing: str
) -> None:
    assert route(client, blue=90, failing=10) == {"blue": 90, "failing": 10}
    key, uri = (
        client.online_endpoints.get_keys("flights").primary_key,
        client.online_endpoints.get("flights").scoring_uri,
    )
    azure.cloud.scored.clear()
    session = requests.Session()
    answers = [session.post(uri, json={}, headers={"Authorization": f"Bearer {key}"}) for _ in range(200)]
    told = Counter(answer.headers["azureml-model-deployment"] for answer in answers)
    recorded = Counter(one.deployment.rsplit("/", 1)[-1] for one in azure.cloud.scored)
    assert told == recorded
    assert 5 <= told["failing"] <= 40
    assert {one.chosen_by for one in azure.cloud.scored} == {"traffic"}


def test_mirrored_requests_reach_a_second_deployment_whose_answers_nobody_gets(
    client: "MLClient", azure: StandIn, blue: str, failing: str
) -> None:
    route(client, mirror={failing: 50}, blue=100)
    azure.cloud.scored.clear()
    assert {score(client).status_code for _ in range(20)} == {200}
    for thread in threading.enumerate():
        if thread.name == "mirror":
            thread.join()
    told = Counter((one.deployment.rsplit("/", 1)[-1], one.chosen_by) for one in azure.cloud.scored)
    assert told.keys() == {(blue, "traffic"), (failing, "mirror")}
    assert told[blue, "traffic"] == 20


def test_what_the_container_refuses_is_a_model_error(client: "MLClient", failing: str) -> None:
    answer = score(client, failing)
    assert answer.status_code == 424
    assert answer.headers["ms-azureml-model-error-statuscode"] == "500"


def test_a_deployment_whose_script_crashes_fails_and_keeps_its_log(client: "MLClient", scripts: Path) -> None:
    from azure.core.exceptions import HttpResponseError

    with pytest.raises(HttpResponseError, match="User container has crashed"):
        deploy(client, deployment(scripts, "crashed", "crashes.py"))
    assert client.online_deployments.get("crashed", "flights").provisioning_state == "Failed"
    assert "ValueError: no such column" in client.online_deployments.get_logs("crashed", "flights", 200)
    assert score(client, "crashed").status_code == 404
    with pytest.raises(HttpResponseError, match="has not succeeded"):
        route(client, crashed=100)
    client.online_deployments.begin_delete("crashed", "flights").result()


def test_a_request_that_takes_too_long_is_given_up(client: "MLClient", scripts: Path) -> None:
    from azure.ai.ml.entities import OnlineRequestSettings

    patience = OnlineRequestSettings(request_timeout_ms=200)
    deploy(client, deployment(scripts, "slow", "slow.py", request_settings=patience))
    assert score(client, "slow").status_code == 408


@pytest.mark.parametrize(
    ("traffic", "mirror", "words"),
    [
        ({"blue": 110}, {}, "sum of all traffic"),
        ({"nobody": 100}, {}, "not there"),
        ({"blue": 100}, {"failing": 60}, "At most 50 %"),
        ({"blue": 100}, {"blue": 10}, "live traffic"),
        ({"blue": 100}, {"failing": 10, "slow": 10}, "one deployment"),
    ],
)
@pytest.mark.usefixtures("blue", "failing")
def test_traffic_against_the_rules_is_refused(
    traffic: dict[str, int], mirror: dict[str, int], words: str, client: "MLClient"
) -> None:
    from azure.core.exceptions import HttpResponseError

    with pytest.raises(HttpResponseError, match=words):
        route(client, mirror=mirror, **traffic)


def test_an_endpoint_cannot_be_created_with_traffic_nor_with_another_ones_name(
    client: "MLClient", azure: StandIn
) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint
    from azure.core.exceptions import HttpResponseError

    with pytest.raises(HttpResponseError, match="while an endpoint is created"):
        client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="hasty", traffic={"blue": 100}))
    elsewhere = connect(NAME, "elsewhere")
    with pytest.raises(HttpResponseError, match="taken in westeurope"):
        elsewhere.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="flights"))


def test_a_deployment_that_has_traffic_cannot_be_deleted(client: "MLClient", blue: str) -> None:
    from azure.core.exceptions import HttpResponseError

    route(client, blue=100)
    with pytest.raises(HttpResponseError, match="has traffic"):
        client.online_deployments.begin_delete("blue", "flights").result()


def test_a_deployment_needs_its_model_and_room_in_the_quota(
    client: "MLClient", scripts: Path, azure: StandIn, blue: str
) -> None:
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError):
        deploy(client, deployment(scripts, "next", "good.py", model="azureml:model:99"))
    azure.cloud.instances = 1
    with pytest.raises(HttpResponseError, match="Not enough quota available for Standard_DS3_v2"):
        deploy(client, deployment(scripts, "next", "good.py"))


def test_the_number_of_instances_changes_while_the_deployment_serves(
    client: "MLClient", azure: StandIn, blue: str
) -> None:
    from azure.core.exceptions import HttpResponseError

    def scale(body: dict[str, object]) -> None:
        client.online_deployments._online_deployment.begin_update(NAME, NAME, "flights", "blue", body).result()

    deployment = next(one for name, one in azure.cloud.resources.items() if name.endswith("/flights/deployments/blue"))
    port = azure.cloud.serving.port(deployment)
    scale({"sku": {"capacity": 2}})
    assert client.online_deployments.get("blue", "flights").instance_count == 2
    assert azure.cloud.serving.port(deployment) == port, "the same process"
    assert score(client, blue).status_code == 200
    azure.cloud.instances = 2
    with pytest.raises(HttpResponseError, match="Not enough quota"):
        scale({"sku": {"capacity": 3}})
    with pytest.raises(HttpResponseError, match="Only the sku and the tags"):
        scale({"properties": {"instanceType": "Standard_F4s_v2"}})
    azure.log[-1].problems.clear()  # the oracle found that too


def test_only_the_endpoints_keys_open_it(client: "MLClient", blue: str) -> None:
    secondary = client.online_endpoints.get_keys("flights").secondary_key
    assert score(client, blue, key=secondary).status_code == 200
    assert score(client, blue, key="guessed").status_code == 401


def test_an_endpoint_for_identities_takes_their_tokens_only(client: "MLClient", azure: StandIn) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="for-people", auth_mode="aad_token"))
    good, bad = (signed_token(azure.cloud, f"https://{host}") for host in ("ml.azure.com", "storage.azure.com"))
    assert score(client, key=good, name="for-people").status_code == 404  # let in; nothing is deployed
    assert score(client, key=bad, name="for-people").status_code == 401


def test_collected_rows_are_lines_in_the_blob_of_their_hour(
    client: "MLClient", scripts: Path, azure: StandIn, tmp_path: Path
) -> None:
    from azure.ai.ml.entities import DataCollector, DeploymentCollection

    collector = DataCollector(collections={"model_inputs": DeploymentCollection(enabled="true")})
    deploy(client, deployment(scripts, "collecting", "collects.py", data_collector=collector))
    for _ in range(2):
        assert score(client, "collecting").status_code == 200
    workspace, end = client.workspaces.get(NAME).id, time.monotonic() + 30
    events: list[dict[str, Any]] = []
    while len(events) < 2 and time.monotonic() < end:  # they are sent from a thread of the server's
        azure.cloud.blobs.download(COLLECTED, tmp_path, workspace)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        events = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert [event["data"] for event in events] == [[{"distance": 944}]] * 2
    assert files[0].relative_to(tmp_path).parent.as_posix() == events[0]["time"][:13].replace("-", "/").replace(
        "T", "/"
    )


def measure(azure: StandIn, endpoint: str, metric: str, condition: str) -> requests.Response:
    """What Azure Monitor says of the last ten minutes."""
    now = datetime.now(UTC)
    times = [
        moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (now - timedelta(minutes=10), now + timedelta(minutes=1))
    ]
    query = {"api-version": "2024-02-01", "starttime": times[0], "endtime": times[1], "interval": "PT1M"}
    query |= {"metricnamespace": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"}
    return requests.post(
        f"https://westeurope.metrics.monitor.azure.com/subscriptions/{SUBSCRIPTION}/metrics:getBatch",
        params={**query, "metricnames": metric, "aggregation": "Average", "filter": condition},
        json={"resourceids": [endpoint]},
        headers={"Authorization": f"Bearer {signed_token(azure.cloud, 'https://metrics.monitor.azure.com')}"},
        timeout=300,
    )


def total(answer: requests.Response) -> dict[tuple[str, ...], float]:
    """The sum of all minutes by the values of the dimensions."""
    (metric,) = answer.json()["values"][0]["value"]
    return {
        tuple(one["value"] for one in series["metadatavalues"]): sum(point["average"] for point in series["data"])
        for series in metric["timeseries"]
    }


def test_azure_monitor_counts_requests_by_deployment_and_status_after_a_while(
    client: "MLClient", azure: StandIn, blue: str, failing: str
) -> None:
    azure.cloud.scored.clear()
    for name in (blue, blue, failing):
        score(client, name)
    endpoint = client.online_endpoints.get("flights").id
    both = "deployment eq '*' and statusCodeClass eq '*'"
    assert total(measure(azure, endpoint, "RequestsPerMinute", both)) == {(blue, "2xx"): 2, (failing, "4xx"): 1}
    by_model = "deployment eq 'failing' and modelStatusCode eq '*'"
    assert total(measure(azure, endpoint, "RequestsPerMinute", by_model)) == {(failing, "500"): 1}
    azure.cloud.metrics_delay = 3600
    assert total(measure(azure, endpoint, "RequestsPerMinute", both)) == {}
    azure.cloud.metrics_delay = 0


def test_azure_monitor_splits_latency_by_deployment_and_by_nothing_else(
    client: "MLClient", azure: StandIn, blue: str
) -> None:
    score(client, blue)
    endpoint = client.online_endpoints.get("flights").id
    assert total(measure(azure, endpoint, "RequestLatency_P95", "deployment eq 'blue'"))[blue,] > 0
    refused = measure(azure, endpoint, "RequestLatency_P95", "deployment eq '*' and statusCodeClass eq '*'")
    assert refused.status_code == 400
    assert "does not support requested dimension" in refused.json()["error"]["message"]


def test_what_is_down_serves_again_when_it_is_asked(client: "MLClient", azure: StandIn, blue: str) -> None:
    azure.cloud.serving.stop(f"{client.online_endpoints.get('flights').id}/deployments/{blue}")
    assert score(client, blue).json()["said"] == "the model"
