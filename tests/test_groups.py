"""What installs on demand: a project that asks for it is trained, judged and served with it; others go without."""

from collections.abc import Iterator

import measured
import pytest
from looped import Looped

from conftest import MACHINERY, TEMPLATE, Project, Render

GROUPS = {"explain": "shap", "interpretable": "interpret-core", "search": "optuna"}  # and a package of each
NEEDING = [  # what is skipped where they are not there
    "commands/test_adopt.py",
    "commands/test_tune.py",
    "decide/test_search_trials.py",
    "decide/test_shapley.py",
    "steps/test_diagnose.py",
    "steps/test_families.py",
]


@pytest.fixture(scope="module")
def equipped(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looped]:
    """A project with the lines that the pages give."""
    project = Looped(render(tmp_path_factory.mktemp("groups")).folder)
    groups = ", ".join(f'"{name}"' for name in ("dev", *GROUPS))
    project.edit("pyproject.toml", {'default-groups = ["dev"]': f"default-groups = [{groups}]"})
    project.edit("project.yml", {"  shap: false": "  shap: true"})
    project.install()
    project.command("pin", "--keep")
    yield project


def test_jobs_get_the_packages_and_endpoints_do_not(equipped: Looped) -> None:
    training, serving = (
        (equipped.folder / image / "image/requirements.txt").read_text(encoding="utf-8")
        for image in ("pipelines", "serving")
    )
    assert [package for package in GROUPS.values() if f"\n{package}==" not in training] == []
    assert [package for package in GROUPS.values() if package in serving] == []


def test_the_report_has_what_was_asked_for(equipped: Looped) -> None:
    equipped.command("run_pipeline")
    page = (equipped.folder / "out/report.html").read_text(encoding="utf-8")
    assert "Shapley values (of the trees, within " in page
    assert len(page.encode()) < 2_000_000


def test_the_tests_that_need_the_packages_pass(equipped: Looped) -> None:
    equipped.run("uv", "pip", "install", "--quiet", measured.REQUIREMENT)
    those = ("-m", "skipif", "-k", "not without_its_package")  # the rest of these files runs in `installed`
    options = ("-c", str(MACHINERY / "pytest.ini"), "-p", "no:cacheprovider", *those)
    said = equipped.uv_run(
        "python", *measured.command(measured.GROUPS), *options, *(str(MACHINERY / file) for file in NEEDING)
    )
    assert "SKIPPED" not in said and "passed" in said


def test_a_project_that_does_not_ask_is_installed_without_them(installed: Project) -> None:
    packages = installed.run("uv", "pip", "list")
    assert [package for package in GROUPS.values() if package in packages] == []
    assert 'default-groups = ["dev"]' in (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8")
