"""What a user may change in their project is no reason for its tests to fail; a mistake in it is."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import MACHINERY, ROOT, TEMPLATE, Project, Render

PROJECT_YML = {
    "name": "late-arrivals",
    "features": ["time_hour", "sched_dep_time", "sched_arr_time", "carrier", "dest", "distance", "temp", "humid"],
    "model": {"forest_n_estimators": 5, "forest_min_samples_leaf": 30, "random_state": 1},
    "gate.threshold": 0.35,
    "gate.floors": {"auc": 0.7},
    "gate.alpha": 0.1,
    "gate.minimum_gain": 0.002,
    "gate.max_loss": 0.001,
    "gate.min_rows": 20,
    "gate.seed": 99,
    "gate.slices": {"columns": ["carrier"], "min_rows": 900, "floor": 0.6, "max_drop": 0.01},
    "serving.engine": "onnx",
    "promotion.staging": "commit",
    "monitoring": {"alpha": 0.2, "min_effect": 0.4, "min_rows": 5000, "cooldown_days": 0.5},
}
BASE_YML = {
    "platform": "azureml",
    "workspace": {
        "subscription": "own",
        "resource_group": "late",
        "name": "late-models",
        "region": "westeurope",
        "registry": "late-shared",
    },
    "endpoint": {
        "instance_type": "Standard_F4s_v2",
        "instance_count": 3,
        "max_instances": 6,
        "auth": "aad_token",
    },
    "rollout.steps": [1, 5, 25, 100],
    "rollout.bake": "10m",
    "rollout.deadline": "6h",
    "rollout.min_requests": 400,
    "rollout.max_error_rate_increase": 0.001,
    "rollout.max_p95_latency_ms": 250,
    "rollout.synthetic_rate": 0,
}
STAGING_YML = {"endpoint": {"name": "late-test", "port": 9001}, "model": {"name": "late", "version": 12}}
PRODUCTION_YML = {"endpoint": {"name": "late-live", "port": 9002}, "model": {"name": "late", "version": 11}}
CANARY = {
    "workspace": {"name": "late-elsewhere"},
    "endpoint": {"name": "late-canary", "port": 9003},
    "model": {"name": "late", "version": None},
}
NOT_SHARED = {"workspace": {"name": "late-elsewhere", "registry": None}}
FEWER_FEATURES = ("features.py", '"temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]')
MODEL_EDITS = [
    ("features.py", 'TEXT = ["carrier", "origin", "dest"]', 'TEXT = ["carrier", "dest"]'),
    (*FEWER_FEATURES, '"temp", "humid"]'),
    ("estimator.py", 'family: str = "trees"', 'family: str = "forest"'),
]
NEW_MONTHS = ["2013-04.parquet", "2013-05.parquet"]
IN_CI = {  # as in a pull request's run of both systems at once, started by a Git hook
    "GITHUB_ACTIONS": "true",
    "GITHUB_BASE_REF": "release",
    "GITHUB_REF": "refs/pull/77/merge",
    "GITHUB_TOKEN": "a-real-one",
    "TF_BUILD": "True",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "77",
    "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/release",
    "SYSTEM_ACCESSTOKEN": "a-real-one",
    "BUILD_SOURCEBRANCH": "refs/pull/77/merge",
}


def tune(path: Path, values: Mapping[str, Any]) -> None:
    """Give each key, dotted, another value; the file loses its comments and its layout."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in values.items():
        *parents, last = key.split(".")
        block = content
        for parent in parents:
            block = block[parent]
        assert block[last] != value, f"{path}: {key} is {value} already"
        block[last] = value
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that must be there exactly once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path}: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def tuned(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project months later."""
    project = render(tmp_path_factory.mktemp("tuned"), ci_system="both")
    environments = project.folder / "environments"
    tune(project.folder / "project.yml", PROJECT_YML)
    for name, values in {"base": BASE_YML, "staging": STAGING_YML, "production": PRODUCTION_YML}.items():
        tune(environments / f"{name}.yml", values)
    (environments / "canary.yml").write_text(yaml.safe_dump(CANARY), encoding="utf-8")
    for name, old, new in MODEL_EDITS:
        edit(project.folder / "model" / name, old, new)
    for month in NEW_MONTHS:
        shutil.copy(ROOT / "demo" / "data" / month, project.folder / "data")
    return project


def test_the_known_settings_have_the_keys_of_the_shipped_ones() -> None:
    known = MACHINERY / "fixture"
    for path in sorted(path.relative_to(known) for path in known.rglob("*.yml")):
        assert keys(known / path) == keys(TEMPLATE / path), path


def keys(path: Path) -> set[str]:
    """The dotted keys of a YAML file down to its second level."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    below = {f"{key}.{name}" for key, block in content.items() if isinstance(block, dict) for name in block}
    return content.keys() | below


def test_the_tests_of_a_tuned_project_pass_in_a_run_of_its_pull_request(
    installed: Project, tuned: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**IN_CI, "GIT_DIR": str(tmp_path / "hook.git")}.items():
        monkeypatch.setenv(name, value)
    installed.uv_run("python", "-m", "pytest", "-n", "2", folder=tuned.folder)


MISTAKES = {  # test -> file, what is wrong in it, what the test says of it
    "the_data_are": ("project.yml", {"data.time": "carrier"}, "carrier must hold times or times with a zone, as"),
    "held_out": ("project.yml", {"features": ["time_hour", "shoe_size"]}, "no column shoe_size; correct the file"),
    "port": ("environments/canary.yml", {"endpoint.port": 9002}, "endpoint.port: 9002 is that of canary"),
    "own": (
        "environments/canary.yml",
        {"endpoint.name": "late-live"},
        "endpoint.name: late-live is that of production too",
    ),
    "models_that_are": ("environments/canary.yml", NOT_SHARED, "models come from workspace own/late/late-elsewhere"),
    "stages_are_deployed": (
        "environments/base.yml",
        {"stages": ["staging", "canary", "production"]},
        "deploy.yml: environment staging: next must be canary, as stages of",
    ),
}


TESTS = ("tests/test_settings.py", "tests/test_pipelines.py")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_settings_fails_them(installed: Project, tuned: Project, name: str) -> None:
    file, values, line = MISTAKES[name]
    path = tuned.folder / file
    before = path.read_bytes()
    tune(path, values)
    try:
        with pytest.raises(AssertionError) as failed:
            installed.uv_run("python", "-m", "pytest", *TESTS, "-k", name, folder=tuned.folder)
    finally:
        path.write_bytes(before)
    assert line in str(failed.value)
