"""The project's own settings, as they are now: a mistake in them is found here before any command refuses it."""

import re
import shutil
from collections import Counter

import pytest
from conftest import ROOT

from mlops.data.tables import data_files, local_folder, read_file
from mlops.settings.environments import check_source, environments, load_manifest
from mlops.settings.project import load_project
from steps.train import fit

NOT_FILLED_IN = re.compile(r"\{\{.*?\}\}")


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """The current folder holds a copy of project.yml and environments/."""
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    shutil.copy(ROOT / "project.yml", tmp_path)
    for path in tmp_path.rglob("*.yml"):
        path.write_text(NOT_FILLED_IN.sub("flights", path.read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def test_every_environment_has_an_endpoint_of_its_own():
    endpoints = [load_manifest(name).endpoint for name in environments()]
    assert endpoints, "environments/ names none"
    taken = Counter([each.name for each in endpoints] + [each.port for each in endpoints if each.port])
    assert [each for each, times in taken.items() if times > 1] == []


def test_every_environment_can_have_the_models_that_are_registered():
    for name in environments():
        check_source(name, load_manifest(name))


def test_the_columns_that_split_and_slice_the_rows_are_features():
    project = load_project()
    assert {project.data.time, *project.gate.slices.columns} <= set(project.features)


def test_every_month_has_the_features_and_the_target():
    project = load_project()
    assert (ROOT / project.data.suite).is_file()
    for path in data_files(ROOT / local_folder(project.data.uri)):
        read_file(path, [*project.features, project.data.target])


def test_the_model_learns_from_the_features_and_gives_a_probability_a_row():
    project = load_project()
    rows = read_file(data_files(ROOT / local_folder(project.data.uri))[-1])[:1000]
    scores = fit(rows, project).predict_proba(rows[project.features])
    assert scores.shape == (len(rows), 2) and scores.min() >= 0 and scores.max() <= 1
