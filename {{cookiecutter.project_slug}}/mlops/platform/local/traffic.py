"""What an endpoint served, from the records of its router."""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.scoring_script import scoring_script
from mlops.decide.observed import Traffic
from mlops.platform.local.client import Answer, ask, bearer
from mlops.platform.local.endpoint_state import EndpointState
from mlops.platform.local.processes import holder, listens
from mlops.platform.local.records import RECORDS_FILE, rows_since

NO_HEADERS: Mapping[str, str] = {}
PATIENCE = 15.0  # seconds; the router answers when its records are on disk


def ask_router(
    state: EndpointState, path: str, timeout: float, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
) -> Answer:
    """What the endpoint's router answers. UserError when another program has its port: then nothing is sent."""

    def check() -> None:
        if not listens(state.router, state.port):
            raise UserError(
                f"port {state.port} is taken by {holder(state.port)}, and not by the router of this endpoint;"
                " nothing was sent there; apply again"
            )

    sent = {**headers, **bearer(state.key)}
    return ask(state.port, path, body=body, headers=sent, timeout=timeout, check=check)


class Statistics(Artefact):
    """on_disk: whether all records are. last_loss: when one was lost (seconds since the epoch). under_way: by slot."""

    on_disk: bool
    last_loss: float | None
    under_way: dict[str, int]


def statistics(state: EndpointState) -> Statistics:
    """What the router says about itself. OSError when it does not."""
    answer = ask_router(state, "/statistics", PATIENCE)
    if answer.status != 200:
        raise OSError(f"port {state.port} is not this endpoint's router: it answers {answer.status}")
    try:
        return Statistics.model_validate_json(answer.body)
    except ValidationError:
        raise OSError(f"port {state.port} is not this endpoint's router: it answers something else") from None


def traffic_since(folder: Path, state: EndpointState, since: float, limit_ms: float) -> dict[str, Traffic]:
    """What each slot served live, of the version that it runs. OSError unless every request since then is on record.

    What another version served there counts for none, also where the clock was set back and it seems to be of now.
    """
    told = statistics(state)
    if not told.on_disk or (told.last_loss is not None and since <= told.last_loss <= time.time()):
        raise OSError(f"{folder.name}: not every request was recorded")
    served: dict[str, list[tuple[int, float]]] = {slot: [] for slot in state.deployments}
    wanted = "slot, version, status, milliseconds"
    for slot, version, status, milliseconds in rows_since(folder / RECORDS_FILE, wanted, since, "kind = 'live'"):
        if slot in served and version == state.deployments[slot].version:
            served[slot].append((status, milliseconds))
    return {slot: summary(answers, limit_ms) for slot, answers in served.items()}


def summary(answers: Sequence[tuple[int, float]], limit_ms: float) -> Traffic:
    """Requests, failures, the 95th percentile (nearest rank; NaN without requests) of statuses and milliseconds, and
    how many took longer than the limit."""
    errors = sum(status >= 500 for status, _ in answers)
    latencies = sorted(milliseconds for _, milliseconds in answers)
    p95 = latencies[math.ceil(0.95 * len(latencies)) - 1] if latencies else math.nan
    slow = sum(milliseconds > limit_ms for milliseconds in latencies)
    return Traffic(len(answers), errors, p95, len(answers), slow)


def samples_since(folder: Path, state: EndpointState, since: float) -> Iterator[dict[str, Any]]:
    """The collected requests that are scoring requests, in whichever form, as `Endpoints.collected` has them."""
    script = scoring_script()
    with suppress(OSError):  # a router that has ended left all on disk
        statistics(state)
    wanted = "time, slot, version, request, answer"
    for moment, slot, version, request, answer in rows_since(folder / RECORDS_FILE, wanted, since, "answer NOT NULL"):
        # the scoring script was another and took something else, or the row is damaged
        with suppress(ValueError, TypeError, RecursionError, script.BadRequestError):
            (columns, rows), outputs = script.read_table(request), json.loads(answer)
            table = {"columns": columns, "data": rows}
            yield {"time": moment, "slot": slot, "version": version, "inputs": table, "outputs": outputs}
