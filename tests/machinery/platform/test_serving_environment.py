"""The serving environment: installed once, by uv, whole or not at all."""

import re
import subprocess

import pytest

from conftest import ROOT
from mlops import UserError
from mlops.platform.local.scoring import DONE, REQUIREMENTS, serving_python

SERVING = ROOT / "serving"


@pytest.fixture
def requirements(tmp_path):
    """One small package out of the real list, with its hashes."""
    text = (SERVING / REQUIREMENTS).read_text(encoding="utf-8")
    path = tmp_path / "requirements.txt"
    path.write_text(re.search(r"^zipp==(?:.*\\\n)*.*\n", text, flags=re.MULTILINE)[0], encoding="utf-8")
    return path


def finds_zipp(python):
    return subprocess.run([python, "-I", "-c", "import zipp"], check=False).returncode == 0


def test_it_is_installed_once_for_the_same_requirements(tmp_path, requirements, capsys):
    python = serving_python(tmp_path / "serving", requirements)
    assert finds_zipp(python)
    assert re.fullmatch("[0-9a-f]{12}", python.parents[1].name)
    assert capsys.readouterr().out == f"installing the serving environment ({requirements}), once\n"
    assert serving_python(tmp_path / "serving", requirements) == python
    assert capsys.readouterr().out == ""
    requirements.write_text(requirements.read_text(encoding="utf-8") + "# another\n", encoding="utf-8")
    assert serving_python(tmp_path / "serving", requirements) != python


def test_a_half_made_one_is_made_again(tmp_path, requirements):
    python = serving_python(tmp_path / "serving", requirements)
    (python.parents[1] / DONE).unlink()
    for package in python.parents[1].rglob("zipp"):
        package.rename(package.with_name("gone"))
    assert not finds_zipp(python)
    assert finds_zipp(serving_python(tmp_path / "serving", requirements))


@pytest.mark.parametrize(("pinned", "instead"), [("sha256:[0-9a-f]{8}", "sha256:00000000"), (r" \\\n(.|\n)*", "\n")])
def test_a_package_without_the_right_hash_is_refused(tmp_path, requirements, pinned, instead):
    text = requirements.read_text(encoding="utf-8")
    requirements.write_text(re.sub(pinned, instead, text), encoding="utf-8")
    for _ in ("first", "again"):
        with pytest.raises(UserError, match=r"the serving environment cannot be installed: error: .+; see .+\.log"):
            serving_python(tmp_path / "serving", requirements)


def test_without_uv_it_is_said_how_to_get_it(tmp_path, requirements, monkeypatch):
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="uv is needed to install the serving environment; `pip install uv`"):
        serving_python(tmp_path / "serving", requirements)
