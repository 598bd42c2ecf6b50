"""The bill of materials: what the serving image installs, in a form that scanners read."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from conftest import ROOT
from mlops import UserError
from mlops.data.sbom import REQUIREMENTS, changes, packages, read_sbom, write_sbom

TEXT = """\
# a comment
numpy==2.4.6 \\
    --hash=sha256:00 \\
    --hash=sha256:11

colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:22
cffi==2.1.1 ; platform_python_implementation != 'PyPy' and sys_platform == 'linux' \\
    --hash=sha256:33
"""


@pytest.fixture
def requirements(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_packages_are_those_of_the_machine_that_serves(requirements):
    assert packages(requirements) == {"numpy": "2.4.6", "cffi": "2.1.1"}


@pytest.mark.parametrize(
    "line", ["numpy>=2", "numpy", "numpy==2.*,<3", "-r other.txt", "numpy @ https://example.org/numpy.whl"]
)
def test_a_line_that_pins_nothing_is_one_line(requirements, line):
    requirements.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"^[^\n]*requirements.txt: [^\n]*; make it again: uv run pin$"):
        packages(requirements)


def test_the_projects_own_image_gives_a_bill_that_its_schema_knows_and_that_reads_back(tmp_path):
    installed = packages(ROOT / REQUIREMENTS)
    write_sbom(installed, tmp_path / "sbom.cdx.json")
    text = (tmp_path / "sbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert read_sbom(tmp_path / "sbom.cdx.json") == installed
    assert {"scikit-learn", "azureml-inference-server-http"} <= installed.keys()
    urls = {each["name"]: each["purl"] for each in json.loads(text)["components"]}
    assert urls["numpy"] == f"pkg:pypi/numpy@{installed['numpy']}"


def test_another_file_is_no_bill(tmp_path):
    path = tmp_path / "sbom.cdx.json"
    path.write_text('{"bomFormat": "SPDX", "components": []}', encoding="utf-8")
    with pytest.raises(UserError, match=r"bomFormat.*; train the model again"):
        read_sbom(path)


def test_changes_name_what_came_what_went_and_what_is_of_another_version():
    then, now = {"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "3"}
    assert changes(then, now) == ["b 1 -> 2", "c 1 -> none", "d none -> 3"]
