"""Other people's tables: taken in, trained, gated, served, asked and watched, with no file edited by hand."""

import json
import urllib.request
from pathlib import Path

import pytest
from looped import Looped
from test_loop import QUICK

from conftest import ROOT, Render

TABLES: dict[str, tuple[str, list[str], str]] = {  # its name, what adopt is told, what the endpoint answers with
    "regression": ("diabetes", ["--target", "target", "--slices", "sex"], "values"),
    "multiclass": ("wines", ["--target", "target"], "classes"),
    "binary": ("orders", ["--target", "paid", "--time", "ordered at", "--slices", "challenger"], "scores"),
}

TRAINED: dict[str, list[str]] = {  # those that are not served: a job of the pipeline tries that
    "birds": ["--target", "species"],
    "surveys": ["--target", "satisfaction"],
    "rentals": ["--target", "busy", "--time", "hour"],
}
FOLDS = {"  target: target ": "  split: {folds: 5, repeats: 2}\n  target: target "}  # as adopt says, but quicker
NULLS = {"birds": 3, "surveys": 45, "rentals": 1}  # features that can be null


def ask(project: Looped, endpoint: str, request: object) -> dict:
    state = project.read(f".mlops/endpoints/{endpoint}/endpoint.json")
    headers = {"Authorization": f"Bearer {state['key']}", "Content-Type": "application/json"}
    question = urllib.request.Request(f"http://127.0.0.1:{state['port']}/score", json.dumps(request).encode(), headers)
    with urllib.request.urlopen(question, timeout=300) as answer:
        return json.load(answer)


def made(folder: Path, render: Render) -> Looped:
    """A project with the flights, its rollouts quick, committed."""
    project = Looped(render(folder, project_name="Own Table").folder)
    project.install()
    project.edit("environments/base.yml", QUICK)
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("commit", "--quiet", "--all", "--message", "Quick rollouts")
    return project


def adopt(project: Looped, table: str, options: list[str]) -> str:
    """Put that table in the place of what is there, and commit it. What adopt said."""
    file = project.folder.parent / f"{table}.csv"
    project.uv_run("python", str(ROOT / "tests" / "own_tables" / "make.py"), table, str(file))
    said = project.command("adopt", str(file), *options)
    assert "then: uv run run_pipeline" in said
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "My table")
    assert "nothing has changed" in project.command("adopt", str(file), *options)
    return said


@pytest.fixture(params=TABLES)
def adopted(request: pytest.FixtureRequest, render: Render, tmp_path: Path) -> tuple[Looped, str]:
    """A project with that table in the place of the flights; and what its endpoint answers with."""
    table, options, key = TABLES[request.param]
    project = made(tmp_path, render)
    said = adopt(project, table, options)
    assert ("`split: {folds: 5, repeats: 10}`" in said) == (table != "orders"), "of few rows without a time"
    if table == "wines":
        project.edit("project.yml", FOLDS)
        project.git("commit", "--quiet", "--all", "--message", "All rows test")
    return project, key


@pytest.fixture(scope="module")
def one_after_another(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Looped:
    """One project for all tables that are not served."""
    return made(tmp_path_factory.mktemp("trained"), render)


@pytest.mark.parametrize("table", TRAINED)
def test_a_table_of_another_kind_passes_the_gate_as_drafted(one_after_another: Looped, table: str) -> None:
    project = one_after_another
    adopt(project, table, TRAINED[table])
    project.command("run_pipeline")
    assert project.read("out/gate/verdict.json")["served_rows"] > 0
    features = project.read("out/model/probe.json")["request"]["input_data"]
    nulls = {
        name for row in features["data"] for name, value in zip(features["columns"], row, strict=True) if value is None
    }
    assert len(nulls) >= NULLS[table], "asked of the scoring script as well"


def test_a_table_becomes_a_served_and_watched_model(adopted: tuple[Looped, str]) -> None:
    project, key = adopted
    try:
        project.command("run_pipeline")
        report = (project.folder / "out" / "report.md").read_text(encoding="utf-8")
        assert ("(5 folds, 2 times, corrected t)" in report) == (key == "classes"), "the wines have folds"
        assert "the same again" in project.command("gate", "--replay", "out/gate/verdict.json")
        project.command("register")
        project.command("promote", "staging")
        assert "is stable now" in project.command("apply", "staging")
        probe = project.read("out/model/probe.json")
        answer = ask(project, "own-table-staging", probe["request"])
        assert answer.keys() == probe["answer"].keys() and len(answer[key]) == len(
            probe["request"]["input_data"]["data"]
        )
        said = project.command("monitor", "staging", code=1)
        assert said.splitlines()[0].startswith("INSUFFICIENT: "), "few rows were collected, and all were read"
        assert "left out" not in said
    finally:
        project.command("stop")
    project.command("check")
