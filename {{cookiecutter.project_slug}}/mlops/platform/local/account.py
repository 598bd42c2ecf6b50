"""What an endpoint served, read from its router's records."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlops.decide.observed import Traffic
from mlops.platform.local.client import ask
from mlops.platform.local.journal import lines_since
from mlops.platform.local.state import COLLECTED_FILE, REQUESTS_FILE, Endpoint

PATIENCE = 15.0  # seconds; the router answers when its records are on disk


def authorisation(state: Endpoint) -> dict[str, str]:
    """The header that the router asks for."""
    return {"Authorization": f"Bearer {state.key}"}


def statistics(state: Endpoint) -> dict[str, Any]:
    """What the router says about itself. OSError when it does not."""
    answer = ask(state.port, "/statistics", headers=authorisation(state), timeout=PATIENCE)
    if answer.status != 200:
        raise OSError(f"port {state.port} is not this endpoint's router: it answers {answer.status}")
    content: dict[str, Any] = json.loads(answer.body)
    return content


def traffic_since(folder: Path, state: Endpoint, since: float) -> dict[str, Traffic]:
    """What each slot served live. OSError unless every request since then is on record."""
    told = statistics(state)
    lines, broken = lines_since(folder / REQUESTS_FILE, since)
    last_loss = told["requests"]["last_loss"]
    if broken or not told["on_disk"] or (last_loss is not None and last_loss >= since):
        raise OSError(f"{folder.name}: not every request was recorded")
    served: dict[str, list[dict[str, Any]]] = {slot: [] for slot in state.deployments}
    for line in lines:
        if line["kind"] == "live":
            served.setdefault(line["slot"], []).append(line)
    return {slot: summary(own) for slot, own in served.items()}


def summary(lines: Sequence[Mapping[str, Any]]) -> Traffic:
    """Requests, failures and the 95th percentile (nearest rank; NaN without requests)."""
    errors = sum(line["status"] >= 500 for line in lines)
    latencies = sorted(line["milliseconds"] for line in lines)
    p95 = latencies[math.ceil(0.95 * len(latencies)) - 1] if latencies else math.nan
    return Traffic(len(lines), errors, p95)


def samples_since(folder: Path, state: Endpoint, since: float) -> Iterator[dict[str, Any]]:
    """The collected requests that are scoring requests, as `Endpoints.collected` has them."""
    with suppress(OSError):  # a router that has ended left all on disk
        statistics(state)
    lines, _ = lines_since(folder / COLLECTED_FILE, since)
    for line in lines:
        inputs = line["request"].get("input_data") if isinstance(line["request"], dict) else None
        if isinstance(inputs, dict) and {"columns", "data"} <= inputs.keys():
            kept = {key: line[key] for key in ("time", "slot", "version")}
            yield {**kept, "inputs": {key: inputs[key] for key in ("columns", "data")}, "outputs": line["outputs"]}
