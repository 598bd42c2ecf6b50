"""An endpoint is asked over HTTP, the way its clients ask, and must give the scores that came with its version."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hosted import PRODUCTION, FolderModels, endpoint, register

from conftest import edit
from mlops.data.files import write_json
from mlops.operate import reconcile
from steps import smoke

REQUEST = {"input_data": {"columns": ["distance"], "data": [[700.0], [None]]}}
NAME = "flights-production"


@pytest.fixture
def answers(project, monkeypatch):
    """Production names version 7 and its endpoint answers; what it answers, one a request, and the last one again."""
    monkeypatch.setattr("mlops.platform.local.models.LocalModels", FolderModels)
    monkeypatch.setattr(reconcile, "RETRY_AFTER", 0.0)
    write_json(register(7) / "probe.json", {"request": REQUEST, "scores": [0.25, 0.5]})
    edit(PRODUCTION, "version: null ", "version: 7 ")
    planned, asked = [], []

    class Scoring(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append((json.loads(self.rfile.read(int(self.headers["Content-Length"]))), dict(self.headers)))
            status, scores = planned.pop(0) if len(planned) > 1 else planned[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"scores": scores}).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Scoring) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        endpoint(NAME, server.server_port)
        yield planned, asked
        server.shutdown()
        thread.join()


def test_the_offline_scores_are_what_it_wants(answers, capsys):
    planned, asked = answers
    planned.append((200, [0.25, 0.5]))
    assert smoke.main(["production"]) == 0
    assert capsys.readouterr().out == f"{NAME}: the answers agree with the offline scores\n"
    (body, headers), *others = asked
    assert body == REQUEST and headers["Authorization"] == "Bearer key" and not others
    assert not [name for name in headers if "deployment" in name], "the public route, no slot of it"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, [0.25, 0.51]), "1 of 2 scores differ from the offline ones"),
        ((200, [0.25]), "1 scores instead of 2"),
        ((503, []), "status 503"),
        ((401, []), "status 401"),
    ],
)
def test_anything_else_is_a_no(answers, capsys, answer, problem):
    answers[0].append(answer)
    assert smoke.main(["production"]) == 1
    assert problem in capsys.readouterr().out


def test_one_hiccup_is_forgiven(answers):
    answers[0].extend([(503, []), (200, [0.25, 0.5])])
    assert smoke.main(["production"]) == 0


def test_without_a_version_there_is_nothing_to_ask(project, capsys):
    assert smoke.main(["production"]) == 0
    assert capsys.readouterr().out == f"{NAME}: the manifest names no version yet; nothing to ask\n"
