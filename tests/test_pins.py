"""Every package is pinned, and no file names the index that it came from."""

import json
import re
import tomllib
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conftest import QUESTIONS, ROOT, TEMPLATE, Project, Render, files_below
from tools.pin import with_pins, without_pins

# What the scoring server itself demands in an older version than the project has. None of it is part of a model.
SERVER_DEMANDS = {
    "azure-monitor-opentelemetry-exporter",
    "importlib-metadata",
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-semantic-conventions",
    "psutil",
    "pydantic",
    "pydantic-core",
    "wrapt",
}
INDEX = re.compile(
    r"pypi\.org|pythonhosted|npmjs\.org|index-url|find-links|file:///(?:root|home|opt|tmp|Users)|artifactory|conda\.anaconda",
    re.I,
)
LATEST = re.compile(r"[@:]latest\b")
BLOCK = re.compile(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", re.MULTILINE | re.DOTALL)
ENVIRONMENTS = ("pipelines", "serving")
IMAGE = re.compile(r"^FROM mcr\.microsoft\.com/azureml/[a-z0-9./-]+:[0-9][\w.]*$", re.MULTILINE)
FOR_JOBS = ("--no-default-groups", "--group", "job")
WITHOUT_DEV = (*FOR_JOBS, "--no-emit-project", "--no-hashes", "--no-header", "--no-annotate")


def exact(requirements: list[str]) -> dict[str, str]:
    """Versions by name of those that apply on this machine. AssertionError when one is not pinned by ==."""
    versions = {}
    for requirement in map(Requirement, requirements):
        [specifier] = requirement.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, requirement
        if requirement.marker is None or requirement.marker.evaluate():
            versions[canonicalize_name(requirement.name)] = specifier.version
    return versions


def pins(pyproject: Path) -> dict[str, str]:
    return exact(tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["uv"]["constraint-dependencies"])


def unpinned(found: Mapping[str, str], pinned: Mapping[str, str]) -> dict[str, str]:
    return {name: version for name, version in found.items() if pinned.get(name) != version}


def blocks(environment: str) -> list[str]:
    """One text a package of the environment: the requirement and its hashes."""
    return BLOCK.findall((TEMPLATE / environment / "environment" / "requirements.txt").read_text(encoding="utf-8"))


def requirements(environment: str) -> list[str]:
    """The same without hashes: `name==version ; marker`."""
    return [block.split("\\")[0].strip() for block in blocks(environment)]


def test_every_package_of_the_template_is_pinned() -> None:
    found = {canonicalize_name(package.name): package.version for package in distributions()}
    del found["gitops-azure-ml-template"]
    assert unpinned(found, pins(ROOT / "pyproject.toml")) == {}


def test_every_package_of_a_generated_project_is_pinned(installed: Project) -> None:
    listed = json.loads(installed.run("uv", "pip", "list", "--format", "json", "--exclude-editable"))
    found = {canonicalize_name(package["name"]): package["version"] for package in listed}
    assert "mlflow" in found
    assert unpinned(found, pins(installed.folder / "pyproject.toml")) == {}


def test_the_build_backend_is_pinned() -> None:
    for folder in (ROOT, TEMPLATE):
        settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
        assert {"hatchling", "editables"} <= set(exact(settings["build-constraint-dependencies"]))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_pinned_by_hash(environment: str) -> None:
    assert len(blocks(environment)) > 10
    for block in blocks(environment):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert exact(requirements(environment))


def test_training_jobs_have_what_the_project_has_but_no_tools(installed: Project) -> None:
    assert requirements("pipelines") == installed.run("uv", "export", "--frozen", *WITHOUT_DEV).splitlines()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("version", QUESTIONS["_python_versions"])
def test_an_image_is_named_exactly_and_has_the_projects_python(
    render: Render, tmp_path: Path, environment: str, version: str
) -> None:
    folder = render(tmp_path, python_version=version).folder / environment / "environment"
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    assert len(IMAGE.findall(text)) == text.count("FROM ") == 1
    assert f"\nARG PYTHON={version}\n" in text
    assert "python=$PYTHON" in text
    assert "--only-binary :all: --require-hashes" in text


def test_serving_and_training_share_their_versions() -> None:
    """A model is loaded with the versions that made it."""
    serving = exact(requirements("serving"))
    assert serving["azureml-inference-server-http"]
    training = pins(TEMPLATE / "pyproject.toml")
    assert {"numpy", "pandas", "scikit-learn", "scipy"} <= serving.keys() & training.keys()
    different = {name for name in serving.keys() & training.keys() if serving[name] != training[name]}
    assert different <= SERVER_DEMANDS


def test_no_file_names_a_package_index_or_a_floating_version() -> None:
    for path in files_below(ROOT):
        if path.suffix not in {".parquet", ".png"} and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            assert not INDEX.search(text), path
            assert path.suffix == ".md" or not LATEST.search(text), path


def test_no_project_takes_the_name_of_a_package(render: Render, tmp_path: Path) -> None:
    """It would be installed in place of the package, without a word."""
    project = render(tmp_path, project_slug="flask")
    name = tomllib.loads((project.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    assert "flask" in pins(project.folder / "pyproject.toml")
    assert name not in pins(project.folder / "pyproject.toml")


def test_pinning_keeps_all_else() -> None:
    text = (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8")
    renewed = with_pins(text, ["numpy==1"], ["hatchling==1"])
    settings = tomllib.loads(renewed)["tool"]["uv"]
    assert settings == {"constraint-dependencies": ["numpy==1"], "build-constraint-dependencies": ["hatchling==1"]}
    assert renewed.split("[tool.uv]")[0] == text.split("[tool.uv]")[0]
    assert without_pins(renewed).count("==1") == 0
