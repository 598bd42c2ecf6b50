"""The UI refuses what it cannot show, in one line."""

import os
import re
import socket

import pytest

from mlops.commands import ui


def test_without_a_run_it_says_what_to_do(project, capsys):
    assert ui.main([]) == 2
    assert "no runs yet; run `run_pipeline` first" in capsys.readouterr().err


def test_a_taken_port_is_refused(project, capsys):
    (project / ".mlops").mkdir()
    (project / ".mlops/mlflow.db").touch()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert ui.main(["--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert re.fullmatch(
        rf"error: port {port} is taken by python\S* \(process {os.getpid()}\); choose .* with --port\n", said
    )


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_what_is_no_port_is_refused(project, capsys, port):
    (project / ".mlops").mkdir()
    (project / ".mlops/mlflow.db").touch()
    assert ui.main(["--port", port]) == 2
    assert capsys.readouterr().err == f"error: port {port} is none; choose another with --port\n"
