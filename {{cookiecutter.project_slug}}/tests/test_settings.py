"""project.yml and environments/ against the data and each other: a mistake is found before a command refuses it."""

from pathlib import Path

import pytest
from pandas.api.types import is_datetime64_any_dtype

from mlops.data.tables import data_files, local_folder, read_data, read_file
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


def test_every_file_has_the_columns_that_project_yml_names(project):
    named = {
        **dict.fromkeys(project.features, "features"),
        **dict.fromkeys(project.gate.slices.columns, "gate.slices.columns"),
        project.data.time: "data.time",
        project.data.target: "data.target",
    }
    missing = []
    for path in data_files(local_folder(project.data.uri)):
        there = set(read_file(path))
        missing += [f"{path}: no column {name}: project.yml: {named[name]}" for name in named if name not in there]
    assert not missing, "\n".join(["add the column, or take out its name", *missing])


def test_no_feature_stands_twice(project):
    twice = sorted({name for name in project.features if project.features.count(name) > 1})
    assert not twice, f"project.yml: features: {', '.join(twice)} more than once; take one out"


def test_the_columns_that_split_and_slice_the_rows_are_features(project):
    needed = {project.data.time: "data.time", **dict.fromkeys(project.gate.slices.columns, "gate.slices.columns")}
    left_out = [
        f"project.yml: {key}: {name} is no feature" for name, key in needed.items() if name not in project.features
    ]
    assert not left_out, "\n".join(["add it to features, or name a feature", *left_out])


def test_the_newest_month_can_be_held_out(project):
    column = project.data.time
    rows = read_data(local_folder(project.data.uri), [column])
    kind = rows[column].dtype
    assert is_datetime64_any_dtype(kind), f"project.yml: data.time: {column} must hold datetimes, but is {kind}"
    assert all(len(part) for part in split(rows, column))


def test_every_environment_has_an_endpoint_of_its_own():
    taken, clashes = {}, []
    for name in environments():
        endpoint = load_manifest(name).endpoint
        for key, value in {"name": endpoint.name, "port": endpoint.port}.items():
            first = taken.setdefault((key, value), name)
            if first != name and value:
                clashes.append(f"environments/{name}.yml: endpoint.{key}: {value} is that of {first}; choose another")
    assert taken, "environments/: add a file for each place that a model is to serve"
    assert not clashes, "\n".join(clashes)


def test_every_environment_can_have_the_models_that_are_registered():
    for name in environments():
        check_source(name, load_manifest(name))
