"""An endpoint, router and scoring process, asked whatever a network may bring.

In the environment of a project: `python tests/machinery/attack/fuzz_endpoint.py [SECONDS] [SEED]`. It counts answers
and faults: a status of 500 or more, a hang, a traceback in a log, scores that are no numbers, or a good request that is
not answered after it.
"""

import http.client
import json
import math
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "support")]

from every_kind import save_every_kind
from hypothesis import HealthCheck, Phase, given, seed, settings
from registry import Registry
from requests_like import TABLE, each_alone, requests

from conftest import ROOT
from mlops.platform.local.client import LOOPBACK
from mlops.platform.local.endpoint_state import log_file
from mlops.platform.local.endpoints import LocalEndpoints

NAME = "asked"
PATIENCE = 20.0  # seconds; what takes longer hangs
A_ROUND = 500  # requests


@contextmanager
def served(folder, environments):
    """The endpoints of a project with one that serves a model of every kind of column."""
    shutil.copytree(ROOT / "serving", folder / "serving")
    save_every_kind(folder / "models" / "1")
    endpoints = LocalEndpoints(folder / ".mlops", Registry(folder / "models"), environments)
    try:
        endpoints.create(NAME, 0)
        assert endpoints.deploy(NAME, "blue", "kinds", 1).state == "ready", endpoints.logs(NAME, "blue")
        endpoints.update(NAME, {"blue": 100}, {}, {})
        yield endpoints
    finally:
        endpoints.stop()


def send(connection, sent):
    """Send it, as far as the server lets us: its answer may come before all is sent. TimeoutError when it hangs."""
    try:
        for piece in sent.pieces:
            connection.sendall(piece)
        if not sent.ends:
            connection.shutdown(socket.SHUT_WR)
    except TimeoutError:
        raise
    except OSError:
        pass


def exchange(port, sent):
    """Status and body of the answer; None where the server closes without one. TimeoutError when it hangs."""
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE) as connection:
        send(connection, sent)
        method = b"".join(sent.pieces).partition(b" ")[0].decode("latin-1")
        response = http.client.HTTPResponse(connection, method=method)  # to HEAD there is an answer without a body
        try:
            response.begin()
            return response.status, response.read()
        except (ConnectionError, http.client.HTTPException):
            return None, b""


def fault_of(status, body):
    """What is wrong with such an answer, or nothing."""
    if status is None:
        return ""
    if status >= 500:
        return f"status {status}"
    if status == 200 and body.startswith(b'{"scores"'):
        scores = json.loads(body)["scores"]
        if not all(isinstance(score, float) and math.isfinite(score) for score in scores):
            return "scores that are no numbers"
    return ""


def status_of(port, sent):
    """The status that it gets. AssertionError with what is wrong."""
    status, body = exchange(port, sent)
    assert not (fault := fault_of(status, body)), f"{fault}: {body[:300]!r}"
    return status


def check_well(endpoints, expected):
    """AssertionError unless a good request is answered as ever."""
    reply = endpoints.score(NAME, {"input_data": TABLE})
    assert (reply.status, reply.body) == (200, expected), f"after it a good request got {reply}"


def tracebacks(endpoints):
    """The logs that hold one since the start was over, from there on."""
    logs = {name: log_file(endpoints.root / NAME, name).read_text(errors="replace") for name in ("router", "blue")}
    since = {name: log.partition("ready for serving traffic")[2] or log for name, log in logs.items()}
    return {name: log[log.index("Traceback") :][:2000] for name, log in since.items() if "Traceback" in log}


def ask_each(endpoints):
    """Ask each odd thing alone; how often which status came."""
    port, expected = endpoints.state(NAME).port, endpoints.score(NAME, {"input_data": TABLE}).body
    counts = Counter()
    for number, sent in enumerate(each_alone(endpoints.key(NAME)), start=1):
        counts[status_of(port, sent)] += 1
        if number % 10 == 0:
            check_well(endpoints, expected)
    check_well(endpoints, expected)
    return counts


def attack(endpoints, cases, number):
    """Ask so many times, by this seed; how often which status came. AssertionError with the request, made small."""
    key, port, counts = endpoints.key(NAME), endpoints.state(NAME).port, Counter()
    expected = endpoints.score(NAME, {"input_data": TABLE}).body

    @seed(number)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )
    @given(requests(key))
    def ask(sent):
        counts[status_of(port, sent)] += 1
        check_well(endpoints, expected)

    ask()
    return counts


def main():
    length, number = map(int, [*sys.argv[1:3], *("300", "0")[len(sys.argv) - 1 :]])
    faults, end = 0, time.monotonic() + length
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), Path(tempfile.gettempdir()) / "serving") as endpoints,
    ):
        counts = ask_each(endpoints)
        while time.monotonic() < end:
            try:
                counts += attack(endpoints, A_ROUND, number)
            except Exception as error:  # a fault, or one that did not come again
                faults += 1
                notes = "\n".join(getattr(error, "__notes__", []))[:3000]
                print(f"--- seed {number}: {str(error)[:1000]}\n{notes}", flush=True)
            number += 1
        for name, log in tracebacks(endpoints).items():
            faults += 1
            print(f"--- {name}.log\n{log}")
    answers = ", ".join(f"{times:,} x {status or 'closed'}" for status, times in counts.most_common())
    print(f"{counts.total():,} requests: {answers}; {faults} faults")


if __name__ == "__main__":
    main()
