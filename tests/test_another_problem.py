"""A project that is about something else: data, rules, model, features and settings replaced, and no flight left.

What a project tests are the user's own files, so they hold for bicycles as they do for flights, and mistakes fail them.
"""

import json
import re
import shutil
from pathlib import Path

import pytest
from test_tuned_project import edit, tune

from conftest import ROOT, Project, Render

FILES = ROOT / "tests" / "another_problem"
PROJECT_YML = {
    "data.suite": "expectations/bikes.json",
    "data.time": "start",
    "data.target": "busy",
    "data.known_only_after": ["bikes_out", "bikes_in"],
    "features": ["start", "station", "holiday", "sky", "celsius", "wind", "docks"],
    "model": {"C": 0.5, "max_iter": 500},
    "gate.floors": {"auc": 0.7},
    "gate.slices.columns": ["station"],
    "gate.slices.waived": {"station": "some stations have few rides"},
}
TESTS = [f"tests/test_{name}.py" for name in ("expectations", "model", "pipelines", "settings")]
UNKNOWN_KIND = "expect_column_values_to_not_match_regex"
FLIGHTS = re.compile(r"flight|carrier|airport|arriv|depart", re.IGNORECASE)


def read_rules(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["expectations"]


@pytest.fixture(scope="module")
def bikes(installed: Project, render: Render, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with all that is a user's replaced."""
    project = render(tmp_path_factory.mktemp("bikes"), project_name="Bike Share")
    for name in ("data", "expectations"):
        shutil.rmtree(project.folder / name)
        (project.folder / name).mkdir()
    shutil.copy(FILES / "bikes.json", project.folder / "expectations")
    for name in ("features.py", "estimator.py"):
        shutil.copy(FILES / name, project.folder / "model")
    installed.uv_run("python", str(FILES / "make_data.py"), str(project.folder / "data"))
    tune(project.folder / "project.yml", PROJECT_YML)
    return project


def test_no_flight_is_left(bikes: Project) -> None:
    paths = [bikes.folder / "project.yml", *bikes.folder.glob("model/*.py"), *bikes.folder.glob("expectations/*")]
    assert [path.name for path in paths if FLIGHTS.search(path.read_text(encoding="utf-8"))] == []
    assert sorted(path.name for path in (bikes.folder / "data").iterdir()) == [
        f"2024-0{month}.parquet" for month in (5, 6, 7)
    ]


def test_the_rules_are_of_every_kind_that_a_project_can_corrupt_and_of_one_more(bikes: Project) -> None:
    kinds = {rule["type"] for rule in read_rules(FILES / "bikes.json")}
    tests = (bikes.folder / "tests" / "test_expectations.py").read_text(encoding="utf-8")
    assert kinds == {*re.findall(r'^    "(expect_\w+)":', tests, re.MULTILINE), UNKNOWN_KIND}


def test_its_whole_check_is_green(installed: Project, bikes: Project) -> None:
    said = installed.uv_run("check", folder=bikes.folder)
    assert re.search(r"\d+ passed, 1 skipped", said), said
    assert f"no corruption known for {UNKNOWN_KIND}: write one in tests/test_expectations.py" in said


LEAK = ("np.column_stack([np.sin(turn), ", "np.column_stack([np.sin(turn - turn.mean()), ")
NO_NULLS = ("if value is None and (values[row] is not None or not column.nulls):", "if value is None:")
NOWHERE = {"type": "comparison", "column": {"name": "station"}, "operator": "==", "parameter": "Nowhere"}
TOOTHLESS = [  # rules that no data can break
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "wind", "max_value": 80, "mostly": 0}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sky", "row_condition": NOWHERE}},
]
BROKEN = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "docks", "max_value": 30}}


def test_mistakes_are_found(installed: Project, bikes: Project, tmp_path: Path) -> None:
    folder = tmp_path / "bikes"
    shutil.copytree(bikes.folder, folder, ignore=shutil.ignore_patterns(".git"))
    edit(folder / "model" / "features.py", *LEAK)
    edit(folder / "serving" / "score.py", *NO_NULLS)
    suite = folder / "expectations" / "bikes.json"
    rules = read_rules(suite)
    suite.write_text(json.dumps({"expectations": [*rules, *TOOTHLESS, BROKEN]}), encoding="utf-8")
    with pytest.raises(AssertionError) as failed:
        installed.uv_run("python", "-m", "pytest", *TESTS, folder=folder)
    said = str(failed.value)
    assert "5 failed" in said, said
    for line in (
        "docks values must be less than or equal to 30.0: broken by",
        f"bikes.json: expectations[{len(rules)}] lets pass what it should forbid",
        f"bikes.json: expectations[{len(rules) + 1}] lets pass what it should forbid",
        "model/ scores a row otherwise when other rows are beside it",
        "serving/score.py refuses rows that the model is trained on; correct data or features: column 'celsius'",
    ):
        assert line in said, said
