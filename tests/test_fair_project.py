"""`fairness`, switched on by the lines of docs/fairness.md, is judged in a project of its own."""

import measured
import pytest
from looped import Looped

from conftest import MACHINERY, TEMPLATE, Render

GROUPS = 'default-groups = ["dev", "fairness"]'
SECTION = """
fairness:
  group_by: [origin]
  metric: accuracy
  max_difference: 0.15
  min_rows: 100
"""


@pytest.fixture(scope="module")
def fair(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Looped:
    """A project with these lines."""
    project = Looped(render(tmp_path_factory.mktemp("fair")).folder)
    assert f"`{GROUPS}` in `pyproject.toml`" in (TEMPLATE / "docs" / "fairness.md").read_text(encoding="utf-8")
    project.edit("pyproject.toml", {'default-groups = ["dev"]': GROUPS})
    path = project.folder / "project.yml"
    path.write_text(path.read_text(encoding="utf-8") + SECTION, encoding="utf-8")
    project.install()
    project.command("pin", "--keep")
    return project


def test_the_gate_judges_it_and_the_report_shows_it(fair: Looped) -> None:
    fair.command("run_pipeline")
    verdict = fair.read("out/gate/verdict.json")
    assert [each["status"] for each in verdict["checks"] if each["name"] == "fairness origin"] == ["PASS"]
    assert [each["column"] for each in verdict["fairness"]["columns"]] == ["origin"]
    assert "| origin JFK | " in (fair.folder / "out/report.md").read_text(encoding="utf-8")
    assert "the same again, byte for byte" in fair.command("gate", "--replay", "out/gate/verdict.json")


def test_jobs_get_the_package_and_deployments_do_not(fair: Looped) -> None:
    there = {
        image: "\nfairlearn==" in (fair.folder / image / "image/requirements.txt").read_text(encoding="utf-8")
        for image in ("pipelines", "serving")
    }
    assert there == {"pipelines": True, "serving": False}


def test_the_tests_that_need_the_package_pass(fair: Looped) -> None:
    fair.run("uv", "pip", "install", "--quiet", measured.REQUIREMENT)
    options = ("-c", str(MACHINERY / "pytest.ini"), "-p", "no:cacheprovider", "-n", "0")
    files = (str(MACHINERY / name) for name in ("decide/test_fairness.py", "steps/test_fair_models.py"))
    said = fair.uv_run("python", *measured.command(measured.FAIRNESS), *options, *files)
    assert "SKIPPED" not in said


def test_without_the_package_one_line_comes_before_the_work(fair: Looped) -> None:
    fair.edit("pyproject.toml", {GROUPS: 'default-groups = ["dev"]'})
    fair.run("uv", "pip", "uninstall", "--quiet", "fairlearn")
    said = fair.command("run_pipeline", code=2)
    assert said.endswith("error: project.yml: fairness needs a missing package; uv sync --inexact --group fairness\n")
