"""What an endpoint served, from Azure Monitor: one value a minute for each deployment, some minutes late."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlops.decide.observed import Traffic
from mlops.platform.azureml.workspace import AzureWorkspace

if TYPE_CHECKING:
    from azure.monitor.querymetrics import MetricsClient

NAMESPACE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
MINUTE = timedelta(minutes=1)
MOST_SERIES = 100  # without a number the service sends ten
REQUESTS, LATENCY = "RequestsPerMinute", "RequestLatency_P95"
BY_STATUS = ("deployment", "statusCode", "modelStatusCode")
NOT_SERVED = {"408", "429"}  # too late, too many
MODEL_ERROR = "424"  # the container's answer was not 200; modelStatusCode has it


def traffic_since(workspace: AzureWorkspace, endpoint: str, since: float, limit_ms: float) -> dict[str, Traffic]:
    """What each slot served since the minute that `since` (seconds since the epoch) is in. OSError when not readable.

    That the identity may not read is another matter, which passes as it is: it says nothing of what is measured.

    Requests are added up over the minutes. The service gives no count of slow requests, only the 95th percentile of a
    minute: counted are minutes, and the latency is that of the slowest. A slot of which nothing is known yet is not
    there.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
    from azure.monitor.querymetrics import MetricsClient

    start, resource = datetime.fromtimestamp(since // 60 * 60, UTC), workspace.endpoint_id(endpoint)
    requests: dict[str, float] = defaultdict(float)
    errors: dict[str, float] = defaultdict(float)
    minutes: dict[str, list[float]] = {}
    try:
        with MetricsClient(f"https://{workspace.region}.metrics.monitor.azure.com", workspace.identity) as client:
            for told, values in series(client, resource, REQUESTS, BY_STATUS, start):
                requests[told["deployment"]] += sum(values)
                errors[told["deployment"]] += sum(values) if failed(told["statuscode"], told["modelstatuscode"]) else 0
            for told, values in series(client, resource, LATENCY, ("deployment",), start):
                minutes[told["deployment"]] = values
    except ClientAuthenticationError:
        raise
    except AzureError as error:
        if isinstance(error, HttpResponseError) and error.status_code in {401, 403}:
            raise
        raise OSError(f"Azure Monitor: {error}") from error
    return {
        slot: by_minute(round(requests[slot]), round(errors[slot]), minutes.get(slot, []), limit_ms)
        for slot in requests
    }


def by_minute(requests: int, errors: int, percentiles: Sequence[float], limit_ms: float) -> Traffic:
    """Traffic of which the latency is known by its minutes alone. NaN: none is."""
    slow = sum(each > limit_ms for each in percentiles)
    slowest = max(percentiles, default=math.nan)
    return Traffic(requests, errors, slowest, len(percentiles), slow, by_minute=True)


def failed(status: str, model_status: str) -> bool:
    """Whether requests with these status codes count as failed; the script's own 4xx do not."""
    if status == MODEL_ERROR:
        return not model_status.startswith("4")
    return status.startswith("5") or status in NOT_SERVED


def series(
    client: "MetricsClient", resource: str, metric: str, dimensions: Sequence[str], start: datetime
) -> Iterator[tuple[dict[str, str], list[float]]]:
    """The metric by minute: for each series the values of its dimensions (their names in lower case), and its own."""
    results = client.query_resources(
        resource_ids=[resource],
        metric_namespace=NAMESPACE,
        metric_names=[metric],
        timespan=(start, datetime.now(UTC) + MINUTE),
        granularity=MINUTE,
        aggregations=["Average"],  # the only one that the service offers for these two
        filter=" and ".join(f"{dimension} eq '*'" for dimension in dimensions),
        max_results=MOST_SERIES,
    )
    for result in results:
        for each in (element for found in result.metrics for element in found.timeseries):
            told = dict.fromkeys(map(str.lower, dimensions), "")
            told |= {name.lower(): value for name, value in each.metadata_values.items()}
            yield told, [point.average for point in each.data if point.average is not None]
