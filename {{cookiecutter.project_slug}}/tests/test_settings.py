"""project.yml and environments/ against the data and each other: a mistake is found before a command refuses it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops.data.soundness import find_faults
from mlops.data.tables import local_folder
from mlops.settings.environments import check_source, environments, load_manifest
from mlops.settings.project import load_project
from steps.split_data import split

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def project():
    return load_project()


def test_the_data_are_what_project_yml_says_of_them(project):
    faults = find_faults(local_folder(project.data.uri), project, datetime.now(UTC))
    lines = [f"{file}: {failure.message}" for file, failures in faults.items() for failure in failures]
    assert not lines, "\n".join(lines)


def test_some_rows_can_be_held_out(project):
    assert all(len(part) for part in split(local_folder(project.data.uri), project))


def test_every_environment_has_a_port_of_its_own():
    taken, clashes = {}, []
    for name in environments():
        port = load_manifest(name).endpoint.port
        first = taken.setdefault(port, name)
        if first != name and port:
            clashes.append(f"environments/{name}.yml: endpoint.port: {port} is that of {first}; choose another")
    assert taken, "environments/: add a file for each place that a model is to serve"
    assert not clashes, "\n".join(clashes)


def test_every_environment_can_have_the_models_that_are_registered():
    for name in environments():
        check_source(name, load_manifest(name))
