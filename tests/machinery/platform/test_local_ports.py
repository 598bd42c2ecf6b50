"""Ports on a machine that is shared: who has them, who may not be asked, and that what a refusal advises works."""

import re
import socket

import pytest
from local_project import LIMIT, NAME, PAYLOAD, kill, make_endpoints, scoring_processes, script
from strangers import stranger
from waiting import wait_until

from mlops import UserError
from mlops.platform.local import hosting, processes
from mlops.platform.local.client import LOOPBACK, ask, bearer

OPEN = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Two projects on one machine, each with an endpoint of the same name, whose scoring script needs no model."""
    models = tmp_path_factory.mktemp("models")
    for version in ("1", "2"):
        (models / version).mkdir()
    made = [make_endpoints(tmp_path_factory, name, models) for name in ("mine", "theirs")]
    with script(made[0]), script(made[1]):
        yield made
    for each in made:
        each.stop()


def serve(endpoints, port=0):
    """What `apply` does for an endpoint that has been there before, or not."""
    endpoints.create(NAME, port)
    assert endpoints.deploy(NAME, "blue", "flights", 1).state == "ready"
    endpoints.update(NAME, {"blue": 100}, {}, {})


@pytest.fixture
def mine(projects):
    """All traffic on blue and any port, whatever the test before left behind."""
    serve(projects[0])
    return projects[0]


@pytest.fixture
def theirs(projects):
    serve(projects[1])
    return projects[1]


def port_of(endpoints):
    return endpoints.state(NAME).port


def test_two_projects_with_the_same_settings_serve_side_by_side(mine, theirs):
    assert port_of(mine) != port_of(theirs)
    assert [each.score(NAME, PAYLOAD).status for each in (mine, theirs)] == [200, 200]


def test_a_port_in_the_settings_is_the_one_and_a_changed_one_moves_the_endpoint(mine, capsys):
    key = mine.key(NAME)
    for port in (processes.free_port(), processes.free_port()):
        mine.create(NAME, port)
        assert (mine.url(NAME), mine.key(NAME)) == (f"http://127.0.0.1:{port}/score", key)
        assert f"it answers at http://127.0.0.1:{port}/score" in capsys.readouterr().out
        assert mine.observe(NAME).port == port
        assert mine.score(NAME, PAYLOAD).slot == "blue"
    mine.create(NAME, 0)
    assert (port_of(mine), mine.observe(NAME).port) == (port, 0), "nothing is moved for no reason"
    assert len(processes.find_marked([hosting.router_marker(mine.root / NAME)])) == 1


@pytest.mark.parametrize("advice", ["another", "none"])
@pytest.mark.parametrize("running", [True, False])
def test_a_taken_port_is_named_with_its_holder_and_what_the_line_advises_works(mine, theirs, running, advice):
    taken, had = port_of(theirs), port_of(mine)
    mine.create(NAME, had)
    if not running:
        mine.stop()
    line = (
        f"port {taken} is taken by the endpoint {NAME} of {theirs.root.parents[1]};"
        f" set another endpoint.port for {NAME} in environments/, or none, and apply again"
    )
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        mine.create(NAME, taken)
    serve(mine, processes.free_port() if advice == "another" else 0)
    assert mine.score(NAME, PAYLOAD).slot == "blue"
    assert theirs.score(NAME, PAYLOAD).slot == "blue"


def test_an_endpoint_is_not_made_on_a_taken_port(mine, theirs):
    with pytest.raises(UserError, match=r"set another endpoint\.port for new in env"):
        mine.create("new", port_of(theirs))
    assert mine.names() == [NAME]


@pytest.mark.parametrize("advice", ["another", "none"])
def test_a_port_in_the_settings_that_was_lost_meanwhile_is_refused_until_they_change(mine, advice):
    """As after a restart of the machine, when another program has come first."""
    port = processes.free_port()
    mine.create(NAME, port)
    mine.stop()
    with stranger(port) as other:
        for step in (lambda: mine.create(NAME, port), lambda: mine.deploy(NAME, "blue", "flights", 1)):
            with pytest.raises(
                UserError, match=rf"^port {port} is taken by python\S* \(process \d+\); set another end"
            ):
                step()
        serve(mine, processes.free_port() if advice == "another" else 0)
        assert mine.score(NAME, PAYLOAD).slot == "blue"
        assert other.seen == []


def test_a_chosen_port_that_was_lost_meanwhile_is_replaced_and_that_is_said(mine, capsys):
    mine.stop()
    port = port_of(mine)
    with stranger(port) as other:
        assert mine.deploy(NAME, "blue", "flights", 1).state == "ready"
        said = capsys.readouterr().out
        assert re.search(rf"{NAME}: port {port} is taken by python\S* \(process \d+\); another one is chosen", said)
        assert f"{NAME}: it answers at {mine.url(NAME)}" in said
        assert mine.score(NAME, PAYLOAD).slot == "blue"
        assert (port_of(mine) == port, other.seen) == (False, [])


def test_a_port_whose_last_connections_are_fading_is_free(mine):
    """The side that closes first keeps the port for a minute; a listener may have it all the same."""
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection((LOOPBACK, port))
        accepted, _ = server.accept()
        accepted.close()  # first
        client.close()
    mine.create(NAME, port)
    assert port_of(mine) == port


def test_a_port_that_needs_rights_is_not_called_taken(monkeypatch):
    class Guarded(socket.socket):
        def bind(self, _):
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", Guarded)
    assert processes.trouble_with(80) == "may not be opened by you"


ASKED = {
    "score": lambda endpoints: endpoints.score(NAME, PAYLOAD),
    "one slot": lambda endpoints: endpoints.score(NAME, PAYLOAD, "blue"),
    "measure": lambda endpoints: endpoints.measure(NAME, 0, LIMIT),
    "collected": lambda endpoints: endpoints.collected(NAME, 0),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("killed", [True, False])
def test_another_program_in_the_routers_place_is_refused_and_gets_no_key(mine, theirs, asked, killed):
    """Killed: its port went to another program. Not killed: the state names the port of another project's router."""
    state = mine.state(NAME)
    with stranger(0) as other:
        if killed:
            kill(processes.find(state.router))
        taken = other.server_address[1]
        hosting.write_state(mine.root / NAME, state.changed(port=taken))
        with pytest.raises(UserError) as refused:
            ASKED[asked](mine)
        assert re.match(
            rf"port {taken} is taken by python\S* \(process \d+\), and not by the router of", str(refused.value)
        )
        assert "\n" not in str(refused.value)
        assert other.seen == []
    hosting.write_state(mine.root / NAME, state)
    mine.update(NAME, {"blue": 100}, {}, {})


def test_a_scoring_process_answers_the_router_alone(mine):
    state = mine.state(NAME)
    port = state.deployments["blue"].port
    for headers in ({}, bearer(""), bearer("guessed"), bearer(state.key), {"Authorization": state.scoring_key}):
        for path, body in (("/score", b"{}"), ("/", None), ("/swagger.json?version=3", None), ("/nothing", None)):
            answer = ask(port, path, body=body, headers=OPEN | headers, timeout=300)
            assert (answer.status, b"scores" in answer.body) == (401, False), (headers, path)
    assert ask(port, "/score", body=b"{}", headers=OPEN | bearer(state.scoring_key), timeout=300).status == 200
    assert ask(state.port, "/score", body=b"{}", headers=OPEN | bearer(state.scoring_key), timeout=300).status == 401


def test_the_key_of_the_scoring_processes_is_in_no_command_line_and_unknown_to_the_model(mine):
    key = mine.state(NAME).scoring_key
    assert len(key) > 30
    with script(mine, run="import os; assert 'MLOPS_SCORING_KEY' not in os.environ"):
        mine.deploy(NAME, "green", "flights", 2)
    assert mine.score(NAME, PAYLOAD, "green").status == 200
    for process in scoring_processes(mine, "green"):
        assert not any(key in argument for each in [process, *process.children()] for argument in each.cmdline())
    mine.delete_deployment(NAME, "green")


def test_what_has_the_port_of_a_slot_that_crashed_is_asked_nothing(mine):
    port = mine.state(NAME).deployments["blue"].port
    for process in scoring_processes(mine, "blue"):
        kill(process)
    wait_until(lambda: not processes.trouble_with(port))
    with stranger(port) as other:
        reply = mine.score(NAME, PAYLOAD)
        assert (reply.status, reply.body) == (502, {"error": "blue does not answer: its process has ended"})
        assert mine.deploy(NAME, "blue", "flights", 1).state == "ready"
        assert mine.score(NAME, PAYLOAD).status == 200
        assert other.seen == []


def test_an_endpoint_from_before_there_were_such_keys_gets_one(mine):
    router = mine.state(NAME).router
    hosting.write_state(mine.root / NAME, mine.state(NAME).changed(scoring_key=""))
    mine.deploy(NAME, "green", "flights", 2)
    assert mine.state(NAME).scoring_key
    assert mine.state(NAME).router != router, "which is of older code"
    assert mine.score(NAME, PAYLOAD, "green").status == 200
    mine.delete_deployment(NAME, "green")
    mine.stop()
