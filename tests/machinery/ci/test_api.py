"""Calls that are repeated, and calls that must not be."""

import socket
import threading

import pytest
import requests
from repositories import NOBODY, make_repository
from services import Fault, GitHubService

from mlops import UserError
from mlops.ci import api as module
from mlops.ci.api import Api, may_repeat, passing, pause

AT_ONCE = {"Retry-After": "0"}


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


@pytest.mark.parametrize("status", [429, 500, 502, 503, 403])
def test_a_refusal_that_passes_is_outlasted(service, api, status):
    service.faults = [Fault("GET", "", status, AT_ONCE)] * 3
    assert api.call("GET", "")["default_branch"] == "main"
    assert len(service.requests) == 4


def test_a_refusal_that_stays_is_one_line_with_the_servers_words(service, api):
    service.faults = [Fault("GET", "", 502, AT_ONCE)] * 4
    with pytest.raises(UserError) as caught:
        api.call("GET", "")
    assert str(caught.value) == f"GET /api/v3/repos/{service.name}: 502 planned, not for ***"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_that_cannot_pass_is_final(service, api, status):
    service.faults = [Fault("GET", "", status)]
    with pytest.raises(UserError, match=f": {status} "):
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


def test_a_patch_is_repeated_after_a_lost_reply(service, api, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.0)
    number = api.call("POST", "issues", {"title": "drift"})["number"]
    service.faults = [Fault("PATCH", "/issues")]
    assert api.call("PATCH", f"issues/{number}", {"body": "text"})["body"] == "text"
    assert [each.method for each in service.requests] == ["POST", "PATCH", "PATCH"]


def test_a_post_is_repeated_where_it_never_arrived():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        port = nobody.getsockname()[1]
        with pytest.raises(requests.ConnectionError) as caught:
            requests.post(f"http://127.0.0.1:{port}", timeout=300)
    assert may_repeat("POST", caught.value)


def test_a_server_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.0)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = Api(f"http://127.0.0.1:{nobody.getsockname()[1]}", "secret", "")
        with pytest.raises(UserError, match=r"POST /x: no answer .*refused") as caught:
            gone.call("POST", "x", {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "headers", "passes"),
    [(429, {}, True), (500, {}, True), (599, {}, True), (403, AT_ONCE, True), (403, {}, False), (404, {}, False)],
)
def test_overload_and_faults_of_the_server_pass(status, headers, passes):
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    assert passing(response) is passes


@pytest.mark.parametrize(
    ("attempt", "asked", "seconds"),
    [(1, "", 1), (2, "", 2), (3, "", 4), (1, "0", 0), (1, "7", 7), (1, "3600", 30), (1, "Wed, 21 Oct 2026", 1)],
)
def test_the_pause_is_what_the_server_asks_for_within_reason(attempt, asked, seconds):
    assert pause(attempt, asked) == seconds


def test_a_page_that_is_no_json_is_one_line():
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.0 203 Sign In\r\nContent-Type: text/html\r\n\r\n<html>")

    thread = threading.Thread(target=answer)
    thread.start()
    with listener, pytest.raises(UserError) as caught:
        Api(f"http://127.0.0.1:{listener.getsockname()[1]}", "secret", "ask for more").call("GET", "x")
    thread.join()
    assert str(caught.value) == "GET /x: 203 Sign In; ask for more"


def test_a_netrc_file_does_not_replace_the_token(service, api, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert api.call("GET", "")["default_branch"] == "main"


def test_no_representation_shows_the_token(service, api):
    assert service.token not in repr(api)
