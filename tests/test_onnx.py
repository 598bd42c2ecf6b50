"""`serving.engine: onnx`, switched on by the lines of docs/onnx.md, goes round the loop in a project of its own."""

from collections.abc import Iterator
from pathlib import Path

import measured
import pytest
from looped import Looped
from test_loop import QUICK
from test_own_tables import ask

from conftest import MACHINERY, TEMPLATE, Project, Render

LINES = {  # the line that the page gives, by file, and what stands there before
    "project.yml": ("  engine: onnx", "  engine: sklearn "),
    "pyproject.toml": ('default-groups = ["dev", "onnx"]', 'default-groups = ["dev"]'),
    "serving/image/requirements.in": ("onnxruntime", ""),
}
ENDPOINT = "flight-delays-staging"
SAME = "onnx: the same answers to 10,000 rows, "


def append(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def switched(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looped]:
    """A project with these lines, committed; each test goes on where the one before it stopped."""
    project = Looped(render(tmp_path_factory.mktemp("onnx")).folder)
    page = (TEMPLATE / "docs" / "onnx.md").read_text(encoding="utf-8")
    for file, (line, before) in LINES.items():
        assert f"| `{file}` | `{line}`" in page
        if before:
            project.edit(file, {before: line})
        else:
            append(project.folder / file, line)
    project.edit("environments/base.yml", QUICK)
    project.install()
    project.command("pin", "--keep")
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "ONNX")
    yield project
    project.command("stop")


def test_it_is_trained_judged_served_and_watched(switched: Looped) -> None:
    switched.command("run_pipeline")
    assert (switched.folder / "out/model/model.onnx").exists()
    assert switched.read("out/model/lineage.json")["engine"].startswith(SAME)
    for report in ("report.md", "report.html"):
        assert f"Serving engine: {SAME}" in (switched.folder / "out" / report).read_text(encoding="utf-8")
    switched.command("register")
    switched.command("promote", "staging")
    assert "the answers agree with the offline scores" in switched.command("apply", "staging")
    probe = switched.read("out/model/probe.json")
    assert ask(switched, ENDPOINT, probe["request"]) == probe["answer"], "to the last digit, as ONNX said in training"
    said = switched.command("monitor", "staging", code=1)
    assert said.startswith("INSUFFICIENT: ") and "left out" not in said


def test_jobs_and_deployments_get_the_packages(switched: Looped) -> None:
    for image, names in {"pipelines": ("skl2onnx", "onnxruntime", "onnx"), "serving": ("onnxruntime",)}.items():
        text = (switched.folder / image / "image/requirements.txt").read_text(encoding="utf-8")
        assert [name for name in names if f"\n{name}==" not in text] == []


def test_the_tests_that_need_the_packages_pass(switched: Looped) -> None:
    switched.run("uv", "pip", "install", "--quiet", measured.REQUIREMENT)
    options = ("-c", str(MACHINERY / "pytest.ini"), "-p", "no:cacheprovider", "-n", "0")
    said = switched.uv_run(
        "python", *measured.command(measured.ONNX), *options, str(MACHINERY / "data/test_onnx_export.py")
    )
    assert "SKIPPED" not in said


def test_a_project_that_does_not_ask_for_it_is_installed_without_it(installed: Project) -> None:
    packages = installed.run("uv", "pip", "list")
    assert "onnx" not in packages and "onnx" not in (TEMPLATE / "serving/image/requirements.txt").read_text("utf-8")
