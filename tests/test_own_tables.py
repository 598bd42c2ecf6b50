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


def ask(project: Looped, endpoint: str, request: object) -> dict:
    state = project.read(f".mlops/endpoints/{endpoint}/endpoint.json")
    headers = {"Authorization": f"Bearer {state['key']}", "Content-Type": "application/json"}
    question = urllib.request.Request(f"http://127.0.0.1:{state['port']}/score", json.dumps(request).encode(), headers)
    with urllib.request.urlopen(question, timeout=300) as answer:
        return json.load(answer)


@pytest.fixture(params=TABLES)
def adopted(request: pytest.FixtureRequest, render: Render, tmp_path: Path) -> tuple[Looped, str]:
    """A project with that table in the place of the flights, committed; and what its endpoint answers with."""
    table, options, key = TABLES[request.param]
    project = Looped(render(tmp_path, project_name="Own Table").folder)
    project.install()
    project.uv_run("python", str(ROOT / "tests" / "own_tables" / "make.py"), table, str(tmp_path / "own.csv"))
    project.edit("environments/base.yml", QUICK)
    project.edit("environments/staging.yml", {"port: 8101": "port: 0"})
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("commit", "--quiet", "--all", "--message", "Quick rollouts")
    said = project.command("adopt", str(tmp_path / "own.csv"), *options)
    assert "Next: uv run run_pipeline" in said
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "My table")
    assert "nothing has changed" in project.command("adopt", str(tmp_path / "own.csv"), *options)
    return project, key


def test_a_table_becomes_a_served_and_watched_model(adopted: tuple[Looped, str]) -> None:
    project, key = adopted
    try:
        project.command("run_pipeline")
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
