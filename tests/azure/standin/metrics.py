"""Azure Monitor's metrics of online endpoints, counted from the requests that were answered."""

import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standin.cloud import REGION, Cloud, Scored
from standin.login import require_token
from standin.messages import AzureError, Reply, Request, not_played

AUDIENCE = "https://metrics.monitor.azure.com"
NAMESPACE = "microsoft.machinelearningservices/workspaces/onlineendpoints"
CONDITION = re.compile(r"\s*(?P<dimension>\w+)\s+eq\s+'(?P<value>[^']*)'\s*", re.IGNORECASE)
MINUTE = 60
SERIES = 10  # what is returned where $top is not set

Values = Sequence[float]
Dimension = Callable[[Scored], str]


@dataclass(frozen=True)
class Metric:
    """How a minute's requests become one number, and by what it can be split."""

    unit: str
    dimensions: Mapping[str, Dimension]
    of_a_minute: Callable[[Sequence[Scored]], float]


def percentile(requests: Sequence[Scored], share: float) -> float:
    """The time that this share of the requests did not exceed."""
    times = sorted(one.milliseconds for one in requests)
    return times[math.ceil(share * len(times)) - 1]


DEPLOYMENT: dict[str, Dimension] = {"deployment": lambda one: one.deployment.rsplit("/", 1)[-1]}
CODES: dict[str, Dimension] = {
    "statusCode": lambda one: str(one.status),
    "statusCodeClass": lambda one: f"{one.status // 100}xx",
    "modelStatusCode": lambda one: str(one.model_status),
}
METRICS = {
    "RequestsPerMinute": Metric("Count", DEPLOYMENT | CODES, lambda requests: float(len(requests))),
    "RequestLatency_P95": Metric("Milliseconds", DEPLOYMENT, lambda requests: percentile(requests, 0.95)),
}
AGGREGATIONS: dict[str, Callable[[Values], float]] = {
    "average": lambda values: sum(values) / len(values),
    "count": len,
    "maximum": max,
    "minimum": min,
    "total": sum,
}


def answer(cloud: Cloud, request: Request) -> Reply:
    """The metrics of some endpoints, minute by minute. AzureError 400 for a query that Azure Monitor refuses."""
    require_token(cloud, request, AUDIENCE)
    query = {name.lower(): value for name, value in request.query.items()}
    if not request.path.endswith("/metrics:getBatch") or request.method != "POST" or "rollupby" in query:
        raise not_played(request)
    if query["metricnamespace"].lower() != NAMESPACE or query.get("interval", "PT1M") != "PT1M":
        raise AzureError(400, "BadRequest", f"Only {NAMESPACE} by PT1M is played.")
    with cloud.lock:
        return Reply(200, {"values": [of_endpoint(cloud, name, query) for name in request.json()["resourceids"]]})


def of_endpoint(cloud: Cloud, name: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The metrics of one endpoint. AzureError 404 when there is none."""
    endpoint = cloud.get(name)
    start, end = moment(query["starttime"]), moment(query["endtime"])
    shown = time.time() - cloud.metrics_delay
    mine = [
        one
        for one in cloud.scored
        if one.deployment.startswith(f"{endpoint['id'].lower()}/") and start <= one.time < min(end, shown)
    ]
    return {
        "starttime": query["starttime"],
        "endtime": query["endtime"],
        "interval": "PT1M",
        "namespace": query["metricnamespace"],
        "resourceregion": REGION,
        "resourceid": name,
        "value": [described(endpoint["id"], metric, mine, query) for metric in query["metricnames"].split(",")],
    }


def moment(text: str) -> float:
    """A time of a query, in seconds."""
    return datetime.fromisoformat(text.replace(" ", "+")).replace(tzinfo=UTC).timestamp()


def described(endpoint: str, name: str, requests: Iterable[Scored], query: Mapping[str, str]) -> dict[str, Any]:
    """One metric with its series. AzureError 400 when there is no such metric."""
    metric = METRICS.get(name)
    if metric is None:
        raise AzureError(400, "BadRequest", f"Failed to find metric configuration for provider, metric: {name}.")
    return {
        "id": f"{endpoint}/providers/Microsoft.Insights/metrics/{name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": name},
        "unit": metric.unit,
        "errorCode": "Success",
        "timeseries": series(metric, name, requests, query)[: int(query.get("top", SERIES))],
    }


def series(metric: Metric, name: str, requests: Iterable[Scored], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """A series for each combination of the dimensions that the filter names."""
    wanted = conditions(query.get("filter", ""), name, metric)
    aggregations = query.get("aggregation", "average").lower().split(",")
    found: defaultdict[tuple[str, ...], list[Scored]] = defaultdict(list)
    for one in requests:
        key = tuple(metric.dimensions[dimension](one) for dimension, _ in wanted)
        if all(value in ("*", had) for (_, value), had in zip(wanted, key, strict=True)):
            found[key].append(one)
    return [
        {
            "metadatavalues": [
                {"name": {"value": dimension.lower(), "localizedValue": dimension.lower()}, "value": had}
                for (dimension, _), had in zip(wanted, key, strict=True)
            ],
            "data": points(metric, mine, aggregations),
        }
        for key, mine in sorted(found.items())
    ]


def conditions(text: str, name: str, metric: Metric) -> list[tuple[str, str]]:
    """The filter's dimensions, each with the value asked for. AzureError 400 for one that the metric lacks."""
    known = {dimension.lower(): dimension for dimension in metric.dimensions}
    found = []
    for part in re.split(r"\s+and\s+", text) if text else []:
        match = CONDITION.fullmatch(part)
        if match is None:
            raise AzureError(400, "BadRequest", f"The filter '{text}' is not one that is played.")
        if match["dimension"].lower() not in known:
            words = f"Metric: {name} does not support requested dimension combination: {match['dimension']}"
            raise AzureError(400, "BadRequest", f"{words}, supported ones are: {','.join(metric.dimensions)}")
        found.append((known[match["dimension"].lower()], match["value"]))
    return found


def points(metric: Metric, requests: Iterable[Scored], aggregations: Iterable[str]) -> list[dict[str, Any]]:
    """One point for each minute that had requests."""
    minutes: defaultdict[int, list[Scored]] = defaultdict(list)
    for one in requests:
        minutes[int(one.time // MINUTE)].append(one)
    return [
        {
            "timeStamp": datetime.fromtimestamp(minute * MINUTE, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **{name: AGGREGATIONS[name]([metric.of_a_minute(mine)]) for name in aggregations},
        }
        for minute, mine in sorted(minutes.items())
    ]
