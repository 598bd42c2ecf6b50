"""Every package is pinned, and no file names the index that it came from."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conftest import NOTHING_LEFT, QUESTIONS, ROOT, TEMPLATE, Project, Render, files_below
from tools import pin
from tools.pin import with_pins, without_addresses, without_pins

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
IMAGES = ("pipelines", "serving")
FROM = re.compile(r"^FROM mcr\.microsoft\.com/azureml/[a-z0-9./-]+:[0-9][\w.]*$", re.MULTILINE)
FOR_JOBS = ("--no-default-groups", "--group", "job")
WITHOUT_DEV = (*FOR_JOBS, "--no-emit-project", "--no-hashes", "--no-header", "--no-annotate")
AS_IN_AN_IMAGE = ("--require-hashes", "--only-binary", ":all:", "--python-platform", "x86_64-manylinux_2_28")
OLD = {"idna": "3.7", "flask-cors": "6.0.0"}  # the second one is the server's alone
OF_A_MODEL = {"cloudpickle", "numpy", "pandas", "scikit-learn", "scipy"}
WRITTEN = ["uv.lock", *(f"{name}/image/requirements.txt" for name in IMAGES)]


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


def locked(folder: Path) -> dict[str, str]:
    """Versions by name of all that its uv.lock takes from an index; one version each, whatever the Python."""
    packages = tomllib.loads((folder / "uv.lock").read_text(encoding="utf-8"))["package"]
    found = [(each["name"], each["version"]) for each in packages if "registry" in each["source"]]
    assert len(found) == len(dict(found))
    return dict(found)


def unpinned(found: Mapping[str, str], pinned: Mapping[str, str]) -> dict[str, str]:
    return {name: version for name, version in found.items() if pinned.get(name) != version}


def blocks(image: str, folder: Path = TEMPLATE) -> list[str]:
    """One text a package of the image: the requirement and its hashes."""
    return BLOCK.findall((folder / image / "image" / "requirements.txt").read_text(encoding="utf-8"))


def requirements(image: str, folder: Path = TEMPLATE) -> list[str]:
    """The same without hashes: `name==version ; marker`."""
    return [block.split("\\")[0].strip() for block in blocks(image, folder)]


def written(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in WRITTEN]


def test_every_package_of_the_template_is_pinned() -> None:
    found = {canonicalize_name(package.name): package.version for package in distributions()}
    del found["gitops-azure-ml-template"]
    assert unpinned(found, pins(ROOT / "pyproject.toml")) == {}


def test_every_package_of_a_generated_project_is_pinned(installed: Project) -> None:
    listed = json.loads(installed.run("uv", "pip", "list", "--format", "json", "--exclude-editable"))
    found = {canonicalize_name(package["name"]): package["version"] for package in listed}
    assert "mlflow" in found
    del found["slipcover"], found["tabulate"]  # tests/measured.py
    assert unpinned(found, locked(TEMPLATE)) == {}


def test_the_first_command_locks_the_tested_versions_and_no_other(installed: Project) -> None:
    lock = (installed.folder / "uv.lock").read_text(encoding="utf-8")
    assert without_addresses(lock) == (TEMPLATE / "uv.lock").read_text(encoding="utf-8")
    installed.run("uv", "lock", "--check")


def test_what_builds_the_template_is_pinned_and_what_builds_a_project_comes_with_uv() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
    assert {"hatchling", "editables"} <= set(exact(settings["build-constraint-dependencies"]))
    building = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    [uv] = map(Requirement, building["requires"])
    version = subprocess.run(["uv", "--version"], capture_output=True, encoding="utf-8", check=True).stdout.split()[1]
    assert (building["build-backend"], uv.name) == ("uv_build", "uv_build")
    assert version in uv.specifier, "then uv does it itself; else it fetches this one package, which needs no other"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_pinned_by_hash(image: str) -> None:
    assert len(blocks(image)) > 10
    for block in blocks(image):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert exact(requirements(image))


def test_the_azure_cli_of_the_tests_is_pinned_by_hash() -> None:
    found = BLOCK.findall(pin.CLI.read_text(encoding="utf-8"))
    versions = exact([block.split("\\")[0].strip() for block in found])
    assert {"azure-cli", "azure-cli-core", "msal"} <= versions.keys() and len(versions) > 100
    assert [block for block in found if not re.search(r"--hash=sha256:[0-9a-f]{64}", block)] == []


def test_training_jobs_have_what_the_project_has_but_no_tools(installed: Project) -> None:
    assert requirements("pipelines") == installed.run("uv", "export", "--frozen", *WITHOUT_DEV).splitlines()


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("version", QUESTIONS["_python_versions"])
def test_an_image_is_named_exactly_and_has_the_projects_python(
    render: Render, tmp_path: Path, image: str, version: str
) -> None:
    folder = render(tmp_path, python_version=version).folder / image / "image"
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    assert len(FROM.findall(text)) == text.count("FROM ") == 1
    assert f"\nARG PYTHON={version}\n" in text
    assert "python=$PYTHON" in text
    assert "--only-binary :all: --require-hashes" in text


def test_serving_and_training_share_their_versions() -> None:
    """A model is loaded with the versions that made it."""
    serving = exact(requirements("serving"))
    assert serving["azureml-inference-server-http"]
    training = locked(TEMPLATE)
    assert serving.keys() & training.keys() >= OF_A_MODEL
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
    assert "flask" in locked(project.folder)
    assert name not in locked(project.folder)


def test_pinning_keeps_all_else() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    renewed = with_pins(text, ["numpy==1"], ["hatchling==1"])
    settings = tomllib.loads(renewed)["tool"]["uv"]
    assert settings == {"constraint-dependencies": ["numpy==1"], "build-constraint-dependencies": ["hatchling==1"]}
    assert renewed.split("[tool.uv]")[0] == text.split("[tool.uv]")[0]
    assert without_pins(renewed).count("==1") == 0


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("version", QUESTIONS["_python_versions"])
def test_an_image_can_be_built_for_every_python_on_offer(
    rendered: Project, tmp_path: Path, image: str, version: str
) -> None:
    options = (
        "--target",
        str(tmp_path),
        "--python-version",
        version,
        "-r",
        f"{image}/image/requirements.txt",
    )
    rendered.run("uv", "pip", "install", "--dry-run", *AS_IN_AN_IMAGE, *options)


@pytest.fixture
def aged(render: Render, tmp_path: Path) -> Project:
    """A project that was generated some time ago: two of its packages have newer versions."""
    project = render(tmp_path)
    for name in WRITTEN:
        text = (project.folder / name).read_text(encoding="utf-8")
        for package, version in OLD.items():
            text = re.sub(rf"^({package}==)[\w.]+", rf"\g<1>{version}", text, flags=re.MULTILINE)
            text = re.sub(rf'(name = "{package}"\nversion = )"[\w.]+"', rf'\g<1>"{version}"', text)
        (project.folder / name).write_text(text, encoding="utf-8")
    project.run("uv", "lock", "--quiet")
    assert locked(project.folder) == {**locked(TEMPLATE), "idna": OLD["idna"]}
    return project


def assert_pinned_alike(project: Project) -> None:
    """Training has what the project has, serving the same of what makes a model, and uv has nothing to add."""
    exported = project.run("uv", "export", "--quiet", "--frozen", *WITHOUT_DEV)
    assert requirements("pipelines", project.folder) == exported.splitlines()
    serving, here = exact(requirements("serving", project.folder)), locked(project.folder)
    assert {name for name in OF_A_MODEL if serving[name] != here[name]} == set()
    project.run("uv", "lock", "--check")


def test_pin_renews_the_lock_file_and_both_images(installed: Project, aged: Project) -> None:
    said = installed.uv_run("pin", folder=aged.folder)
    after, serving = locked(aged.folder), exact(requirements("serving", aged.folder))
    assert after["idna"] != OLD["idna"] != serving["idna"] and serving["flask-cors"] != OLD["flask-cors"]
    assert f"Updated idna v{OLD['idna']} -> v{after['idna']}" in said
    assert after["mlflow"].startswith("2."), "within the ranges of pyproject.toml"
    assert_pinned_alike(aged)


def test_one_package_is_raised_by_uv_alone_and_pin_follows(installed: Project, aged: Project) -> None:
    """As Dependabot does it; `uv add` changes uv.lock in the same way."""
    serving = exact(requirements("serving", aged.folder))
    aged.run("uv", "lock", "--quiet", "--upgrade-package", "idna")
    lock, versions = written(aged.folder)[0], locked(aged.folder)
    assert versions == {**locked(TEMPLATE), "idna": versions["idna"]} and versions["idna"] != OLD["idna"]
    installed.uv_run("pin", "--keep", folder=aged.folder)
    assert written(aged.folder)[0] == lock
    assert exact(requirements("serving", aged.folder)) == {**serving, "idna": versions["idna"]}
    assert_pinned_alike(aged)


def refusal(project: Project, **variables: str) -> str:
    """What `pin` says when it cannot: one line, and nothing is written. It runs without any package."""
    before = written(project.folder)
    environment = {**os.environ, **NOTHING_LEFT, "PYTHONPATH": str(project.folder), **variables}
    command = [sys.executable, "-m", "mlops.commands.pin"]
    done = subprocess.run(
        command, cwd=project.folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stdout + done.stderr
    assert written(project.folder) == before
    return done.stderr


def test_without_uv_pin_says_so(rendered: Project) -> None:
    assert refusal(rendered, PATH="", UV="") == "error: uv is needed to renew the pins; `pip install uv`\n"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("pyproject.toml", "scikit-learn>=1.7", "scikit-learn>=99"),
        ("serving/image/requirements.in", "scikit-learn", "scikit-learn>=99"),
    ],
)
def test_pin_gives_uvs_own_reason_and_writes_nothing(aged: Project, file: str, old: str, new: str) -> None:
    path = aged.folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    said = refusal(aged)
    assert said.startswith("error: uv cannot pin: No solution found") and "scikit-learn>=99" in said


def test_the_templates_own_command_keeps_what_the_projects_command_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in WRITTEN[1:]:
        (tmp_path / name).parent.mkdir(parents=True)
    monkeypatch.setattr(pin, "PROJECT", tmp_path)
    pin.pin_project()
    assert locked(tmp_path).keys() >= {"mlflow", "hypothesis", "azureml-mlflow"}
    serving = exact(requirements("serving", tmp_path))
    assert {name for name in OF_A_MODEL if serving[name] != locked(tmp_path)[name]} == set()
    assert not [name for name in WRITTEN if INDEX.search((tmp_path / name).read_text(encoding="utf-8"))]
