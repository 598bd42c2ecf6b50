"""Collecting inputs and outputs as on Azure ML: its own package in its own server, with a real sidecar."""

import json
import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
import small_model
from local_project import shared_python
from waiting import wait_until

from conftest import ROOT
from mlops.platform.local import processes, scoring
from mlops.platform.local.client import LOOPBACK, ask, bearer, healthy

VERSION = 7
COMPLAINT = "a request was not collected, and others may not be: "
FILLS = '    rows["distance"] = rows["distance"].fillna(0.0)\n'
ASKED = [  # in the model's order of columns
    {"time_hour": "2013-01-01T05:00:00", "carrier": "B6", "distance": 700.0},
    {"time_hour": "2013-01-02T10:00:00.250000", "carrier": "Ü", "distance": None},
]


class Sidecar:
    """Takes what a deployment sends to Azure ML's data collector, at once or when told to."""

    def __init__(self, port=0):
        self.taken, self.go = Queue(), threading.Event()
        self.go.set()
        sidecar = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sidecar.taken.put((self.path, self.headers, json.loads(body)))
                sidecar.go.wait(60)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self):
        """The next record: path, headers and rows."""
        return self.taken.get(timeout=20)

    def pair(self):
        """The records of the next request: inputs and outputs."""
        return self.take(), self.take()

    def stop(self):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()


class Served:
    """A scoring process with a data collector."""

    def __init__(self, port, log):
        self.port, self.log = port, log

    def ask(self, rows=ASKED):
        columns = sorted(rows[0])  # not the model's order
        table = {"columns": columns, "data": [[row[name] for name in columns] for row in rows]}
        return self.send({"input_data": table})

    def send(self, request):
        answer = ask(self.port, "/score", body=json.dumps(request).encode(), headers=KNOWN, timeout=20)
        return answer.status, json.loads(answer.body)

    def complaints(self):
        return self.log.read_text(encoding="utf-8").count(COMPLAINT)


KNOWN = bearer("key")
SIDECAR = ("AZUREML_MDC_CONFIG_PATH", "AZUREML_MDC_PORT", "NO_PROXY")  # what Azure sets where it collects


@contextmanager
def served(python, folder, collections, sidecar_port):
    """The scoring script in Microsoft's server, with these collections and a model that changes its rows in place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "MODEL_FOLDER", f"azureml-models/flights/{VERSION}")
        patch.setattr(small_model, "CODE", small_model.CODE.replace("    late =", f"{FILLS}    late ="))
        small_model.save_model(folder / scoring.MODEL_FOLDER, 1)
        shutil.copy(ROOT / "serving" / scoring.SCRIPT, folder)
        settings = {name: {"enabled": True, "sampleRatePercentage": 100} for name in collections}
        (folder / "mdc.json").write_text(json.dumps({"collections": settings}), encoding="utf-8")
        patch.setattr(processes, "INHERITED", (*processes.INHERITED, *SIDECAR))
        patch.setenv("AZUREML_MDC_CONFIG_PATH", str(folder / "mdc.json"))
        patch.setenv("AZUREML_MDC_PORT", str(sidecar_port))
        patch.setenv("NO_PROXY", LOOPBACK)
        port, log = processes.free_port(), folder / "log"
        process = scoring.start_scoring(python, folder, port, "key", log)
    try:
        assert processes.wait_until_ready(process, lambda: healthy(port, KNOWN), 60), log.read_text(encoding="utf-8")
        yield Served(port, log)
    finally:
        processes.end([processes.find(process)])


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return shared_python(tmp_path_factory)


@pytest.fixture(scope="module")
def both(python, tmp_path_factory):
    """A scoring process that collects inputs and outputs, and the port of its sidecar."""
    port = processes.free_port()
    with served(python, tmp_path_factory.mktemp("both"), ["model_inputs", "model_outputs"], port) as running:
        yield running, port


@pytest.fixture
def sidecar(both):
    running = Sidecar(both[1])
    yield running
    running.stop()


def test_rows_and_scores_are_collected_and_can_be_joined(both, sidecar):
    status, answer = both[0].ask()
    (path, asked, rows), (_, answered, scores) = sidecar.pair()
    assert (status, path) == (200, "/modeldata/log")
    assert (asked["ce-type"], answered["ce-type"]) == (
        "azureml.inference.model_inputs",
        "azureml.inference.model_outputs",
    )
    assert [list(row.items()) for row in rows] == [list(row.items()) for row in ASKED]
    assert [row["scores"] for row in scores] == pytest.approx(answer["scores"], abs=1e-9)
    assert [row["version"] for row in scores] == [VERSION] * len(ASKED)
    assert asked["ce-x-request-id"] == answered["ce-x-request-id"] != ""


@pytest.mark.parametrize("request_of", [lambda rows: {"dataframe_records": rows}, lambda rows: rows[0]])
def test_in_whichever_form_rows_are_sent_they_are_collected_in_one(both, sidecar, request_of):
    assert both[0].send(request_of([dict(reversed(row.items())) for row in ASKED]))[0] == 200
    (_, _, rows), _ = sidecar.pair()
    assert [list(row.items()) for row in rows] == [list(row.items()) for row in ASKED[: len(rows)]]


def test_each_request_has_an_id_of_its_own(both, sidecar):
    both[0].ask()
    both[0].ask()
    ids = [{record[1]["ce-x-request-id"] for record in sidecar.pair()} for _ in range(2)]
    assert [len(each) for each in ids] == [1, 1] and ids[0] != ids[1]


def test_a_clients_mistake_is_not_collected(both, sidecar):
    assert both[0].ask([{**ASKED[0], "distance": "far"}])[0] == 400
    both[0].ask(ASKED[:1])
    (_, _, rows), _ = sidecar.pair()
    assert rows == ASKED[:1]


def test_a_sidecar_that_hangs_keeps_no_client_waiting(both, sidecar):
    sidecar.go.clear()
    both[0].ask()
    sidecar.take()  # it has the first record, and does not let go of it
    assert both[0].ask()[0] == 200
    sidecar.go.set()
    assert [sidecar.take()[2] == ASKED for _ in range(3)] == [False, True, False]


def test_without_a_sidecar_answers_go_on_and_one_line_says_so(both):
    served, port = both
    assert [served.ask()[0] for _ in range(3)] == [200] * 3
    wait_until(served.complaints)
    back = Sidecar(port)
    try:
        served.ask(ASKED[:1])
        while back.take()[2] != ASKED[:1]:  # records are sent in turn: once it comes, all before it were tried
            pass
        back.take()
    finally:
        back.stop()
    assert served.complaints() == 1
    assert "exception" not in served.log.read_text(encoding="utf-8").split(COMPLAINT)[1].partition("\n")[2]


def test_a_collection_that_is_off_keeps_no_answer_back(python, tmp_path):
    sidecar = Sidecar()
    try:
        with served(python, tmp_path, ["model_inputs"], sidecar.port) as running:
            assert [running.ask()[0] for _ in range(3)] == [200] * 3
            assert [sidecar.take()[2] for _ in range(3)] == [ASKED] * 3
            assert running.complaints() == 1
    finally:
        sidecar.stop()
