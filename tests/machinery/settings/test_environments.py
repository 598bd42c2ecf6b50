"""Manifests of another commit, and the difference between two, as a reviewer reads it."""

from contextlib import nullcontext

import pytest
from hosted import PRODUCTION, STAGING, clone_project, commit
from hypothesis import given
from hypothesis import strategies as st
from test_project import leaves, trees

from conftest import edit
from mlops import UserError
from mlops.repo.history import manifest_at
from mlops.settings.environments import check_source, differences, load_manifest, show


@pytest.fixture(autouse=True)
def clone(tmp_path, monkeypatch):
    clone_project(tmp_path, monkeypatch)


def test_a_manifest_of_a_commit_is_merged_and_checked_as_it_was_there():
    before = load_manifest("production")
    edit(PRODUCTION, "version: null ", "version: 7 ")
    edit(PRODUCTION.with_name("base.yml"), "bake: 20s", "bake: 3m")
    assert manifest_at("HEAD", "production") == before != load_manifest("production")
    commit("changed")
    assert manifest_at("HEAD", "production") == load_manifest("production")
    assert manifest_at("HEAD", "production").rollout.bake == 180


def test_there_too_an_environment_overrides_base():
    edit(PRODUCTION, "model:", "rollout: {bake: 3m}\nmodel:")
    commit("changed")
    assert manifest_at("HEAD", "production").rollout.bake == 180
    assert manifest_at("HEAD", "staging").rollout.bake == 20


def test_no_such_environment_there_is_none():
    assert manifest_at("HEAD", "canary") is None
    assert manifest_at("no-such-commit", "production") is None


def test_a_broken_manifest_there_is_one_line():
    edit(STAGING, "version: null ", "version: seven ")
    commit("broken")
    with pytest.raises(UserError, match=r"environments.staging\.yml: model\.version: Input should be a valid integer"):
        manifest_at("HEAD", "staging")


ONE, OTHER = ({"name": name, "resource_group": "g"} for name in ("one", "other"))


@pytest.mark.parametrize(
    ("staging", "production", "reaches"),
    [
        (ONE, ONE, True),
        (ONE, OTHER, False),
        (ONE, {**ONE, "resource_group": "h"}, False),
        (ONE, {**ONE, "subscription": "another"}, False),
        ({**ONE, "registry": "shared"}, {**OTHER, "registry": "shared"}, True),
        ({**ONE, "registry": "shared"}, OTHER, False),
        ({**ONE, "registry": "shared"}, {**ONE, "registry": "another"}, False),
    ],
)
def test_workspaces_reach_each_others_models_through_one_registry_alone(staging, production, reaches):
    for path, workspace in ((STAGING, staging), (PRODUCTION, production)):
        edit(path, "endpoint:", f"platform: azureml\nworkspace: {workspace}\nendpoint:")
    with nullcontext() if reaches else pytest.raises(UserError, match=r"production\.yml: its models come from "):
        check_source("production", load_manifest("production"))


def test_azure_needs_a_workspace_and_this_machine_none():
    base = PRODUCTION.with_name("base.yml")
    lines = base.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(at for at, line in enumerate(lines) if line.startswith("workspace:"))
    base.write_text("".join(lines[:start] + lines[start + 6 :]), encoding="utf-8")
    assert load_manifest("production").workspace.region == ""
    edit(PRODUCTION, "model:", "workspace: {resource_group: g, name: own}\nplatform: azureml\nmodel:")
    with pytest.raises(UserError, match=r"production\.yml: workspace\.region: missing; platform azureml needs it$"):
        load_manifest("production")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_error_rate_increase", 0),  # no number of requests could rule it out
        ("max_error_rate_increase", 1),  # no candidate fails more often
        ("max_error_rate_increase", "nan"),
        ("max_disagreement", 0),
        ("at_deadline", "wait"),
        ("min_requests", 0),
    ],
)
def test_a_rollout_that_no_candidate_could_pass_is_one_line(key, value):
    edit(PRODUCTION, "model:", f"rollout: {{{key}: {value}}}\nmodel:")
    with pytest.raises(UserError, match=rf"production\.yml: rollout\.{key}: "):
        load_manifest("production")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"model": {"version": None}}, {"model": {"version": 7}}, ["model.version: none -> 7"]),
        ({"model": {"version": 9}}, {"model": {"version": None}}, ["model.version: 9 -> none"]),
        ({"steps": [10, 100]}, {"steps": [100]}, ["steps: [10, 100] -> [100]"]),
        ({}, {"endpoint": {"port": 1, "name": "x"}}, ["endpoint.port: none -> 1", "endpoint.name: none -> x"]),
        ({"a": 1}, {"a": {"b": 2}}, ["a: 1 -> {'b': 2}"]),
        ({"a": {"b": 2}}, {}, ["a: {'b': 2} -> none"]),
        ({"a": 0}, {"a": None}, ["a: 0 -> none"]),
    ],
)
def test_each_changed_key_is_one_line(before, after, lines):
    assert differences(before, after) == lines


@given(trees)
def test_nothing_differs_from_itself(tree):
    assert differences(tree, tree) == []


@given(st.dictionaries(st.sampled_from("ab"), st.integers() | st.dictionaries(st.sampled_from("cd"), st.integers())))
def test_all_of_what_is_new_is_shown(tree):
    wanted = {f"{'.'.join(path)}: none -> {show(value)}" for path, value in leaves(tree).items() if value != {}}
    assert set(differences({}, tree)) == wanted
