"""Calls that are repeated, and calls that must not be."""

import base64
import socket
import threading
import time
from dataclasses import replace

import pytest
from repositories import NOBODY, make_repository
from services import Fault, GitHubService
from urllib3.exceptions import MaxRetryError, SSLError

from mlops import UserError
from mlops.ci import api as module
from mlops.ci.api import Api

RETRIES = module.RETRIES
AT_ONCE = {"Retry-After": "0"}


@pytest.fixture(autouse=True)
def without_pause(monkeypatch):
    monkeypatch.setattr(module, "RETRIES", RETRIES.new(backoff_factor=0))


@pytest.fixture
def service(tmp_path, monkeypatch):
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    with GitHubService(make_repository(tmp_path)) as running:
        yield running


@pytest.fixture
def api(service):
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return Api(f"{service.url}/api/v3/repos/{service.name}", service.token, "ask for more", headers)


class OneAnswer:
    """A server on loopback that gives this answer to one call. Before it is started and after that, it is not there."""

    def __init__(self, text):
        self.text = text
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        self.api = Api(f"http://127.0.0.1:{self.socket.getsockname()[1]}", "secret", "ask for more")

    def start(self):
        self.socket.listen()
        threading.Thread(target=self.answer).start()

    def answer(self):
        with self.socket:
            connection, _ = self.socket.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(self.text)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):  # closed with something unread, the connection would be reset
                pass


@pytest.mark.parametrize("status", [429, 500, 502, 503, 403])
def test_a_refusal_that_passes_is_outlasted(service, api, status):
    service.faults = [Fault("GET", "", status, AT_ONCE)] * 3
    assert api.call("GET", "")["default_branch"] == "main"
    assert len(service.requests) == 4


def test_a_refusal_that_stays_is_one_line_with_the_servers_words(service, api):
    service.faults = [Fault("GET", "", 502, AT_ONCE)] * 4
    with pytest.raises(UserError) as caught:
        api.call("GET", "")
    assert str(caught.value) == f"GET /api/v3/repos/{service.name}: the server answered 502: planned, not for ***"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_that_cannot_pass_is_final(service, api, status):
    service.faults = [Fault("GET", "", status)]
    with pytest.raises(UserError, match=f": the server answered {status}: "):
        api.call("GET", "")
    assert len(service.requests) == 1


def test_a_post_is_not_repeated_after_a_refusal(service, api):
    service.faults = [Fault("POST", "/issues", 502, AT_ONCE)]
    with pytest.raises(UserError, match="502"):
        api.call("POST", "issues", {"title": "drift"})
    assert len(service.requests) == 1 and not service.issues


def test_a_post_is_not_repeated_after_a_lost_reply(service, api):
    service.faults = [Fault("POST", "/issues")]
    with pytest.raises(UserError, match=r"POST /api/v3/repos/someone/flights/issues: no answer"):
        api.call("POST", "issues", {"title": "drift"})
    assert len(service.issues) == 1


def test_a_patch_is_repeated_after_a_lost_reply(service, api):
    number = api.call("POST", "issues", {"title": "drift"})["number"]
    service.faults = [Fault("PATCH", "/issues")]
    assert api.call("PATCH", f"issues/{number}", {"body": "text"})["body"] == "text"
    assert [each.method for each in service.requests] == ["POST", "PATCH", "PATCH"]


def test_a_post_is_repeated_where_it_never_arrived(monkeypatch):
    server = OneAnswer(b"HTTP/1.0 201 Created\r\n\r\n")
    monkeypatch.setattr(module, "RETRIES", RETRIES)
    monkeypatch.setattr(time, "sleep", lambda _: server.start())  # it has been refused and waits
    assert server.api.call("POST", "x", {}) is None


def test_a_post_is_not_repeated_after_a_broken_answer():
    server = OneAnswer(b"nonsense\r\n\r\n")
    server.start()
    with pytest.raises(UserError, match=r"POST /x: no answer .*nonsense"):  # a second one would be refused
        server.api.call("POST", "x", {})


def test_a_fault_of_tls_is_final():
    with pytest.raises(MaxRetryError):
        RETRIES.increment("POST", "/x", error=SSLError("bad record mac"))


def test_a_server_that_is_not_there_is_one_line():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = Api(f"http://127.0.0.1:{nobody.getsockname()[1]}", "secret", "")
        with pytest.raises(UserError, match=r"POST /x: no answer .*refused") as caught:
            gone.call("POST", "x", {})
    assert "\n" not in str(caught.value)


def test_the_pause_is_what_the_server_asks_for_within_reason(service, api, monkeypatch):
    pauses = []
    monkeypatch.setattr(module, "RETRIES", RETRIES)
    monkeypatch.setattr(time, "sleep", pauses.append)
    service.faults = [Fault("GET", "", 403, {"Retry-After": asked}) for asked in ("7", "3600", "0")]
    assert api.call("GET", "")["default_branch"] == "main"
    assert pauses == [7, 30, 4]


def test_a_pause_that_nobody_understands_is_one_line(service, api):
    service.faults = [Fault("GET", "", 429, {"Retry-After": "soon"})]
    with pytest.raises(UserError, match=r"no answer .*soon"):
        api.call("GET", "")


@pytest.mark.parametrize("head", ["203 Sign In", "302 Found\r\nLocation: /signin"])
def test_a_page_to_sign_in_is_one_line(head):
    server = OneAnswer(f"HTTP/1.0 {head}\r\nContent-Type: text/html\r\n\r\n<html>".encode())
    server.start()
    with pytest.raises(UserError) as caught:
        server.api.call("GET", "x")
    status, reason = head.splitlines()[0].split(" ", 1)
    assert str(caught.value) == f"GET /x: the server answered {status}: {reason}; ask for more"


def test_a_netrc_file_does_not_replace_the_token(service, api, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert api.call("GET", "")["default_branch"] == "main"


def test_what_is_not_there_is_none_and_a_refusal_is_none_of_that(service, api):
    service.faults = [Fault("GET", "", 404)]
    assert api.find("") is None
    service.faults = [Fault("GET", "", 401)]
    with pytest.raises(UserError, match="the server answered 401"):
        api.find("")


def test_a_personal_token_is_sent_as_a_password(service, api):
    with pytest.raises(UserError, match="the server answered 401"):
        replace(api, personal=True).call("GET", "")
    secret = base64.b64encode(f":{service.token}".encode()).decode()
    assert service.requests[0].headers["Authorization"] == f"Basic {secret}"


def test_no_representation_shows_the_token(service, api):
    assert service.token not in repr(api)
