"""Another program has the port of an endpoint: a command that would ask the endpoint refuses, and sends no key."""

import re

import pytest
from hosted import PRODUCTION, FolderModels, endpoint, register
from strangers import stranger

from conftest import edit
from mlops.commands import status
from mlops.data.files import write_json
from mlops.platform.local.endpoint_state import Slot, read_state, write_state
from steps import smoke

NAME = "flights-production"
PROBE = {"request": {"input_data": {"columns": ["distance"], "data": [[700.0]]}}, "answer": {"scores": [0.9]}}


@pytest.fixture
def taken(project, monkeypatch):
    """Production serves version 7, its router has ended, and another program has come to its port."""
    monkeypatch.setattr("mlops.platform.local.models.LocalModels", FolderModels)
    write_json(register(7) / "probe.json", PROBE)
    edit(PRODUCTION, "version: null ", "version: 7 ")
    with stranger() as other:
        endpoint(NAME, stable="blue")
        folder = project / ".mlops/endpoints" / NAME
        slot = Slot(model="flights", version=7, port=other.server_port, state="ready")
        state = read_state(folder).changed(port=other.server_port, deployments={"blue": slot}, traffic={"blue": 100})
        write_state(folder, state)
        yield other


def test_smoke_refuses_in_one_line(taken, capsys):
    assert smoke.main(["production"]) == 2
    line = (
        f"error: port {taken.server_port} is taken by python\\S* \\(process \\d+\\), and not by the router of this .*\n"
    )
    assert re.fullmatch(line, capsys.readouterr().err)
    assert taken.seen == []


def test_status_does_not_send_its_reader_there(taken, capsys):
    assert status.main([]) == 0
    assert "wants flights:7; nothing answers now" in capsys.readouterr().out
    assert taken.seen == []
