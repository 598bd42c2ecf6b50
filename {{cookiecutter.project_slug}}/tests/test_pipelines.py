"""The training pipelines, the names that CI uses, and what CI does: as its tables say, and by rules.

Files of CI are yours to change. What changes when, where and as whom they run is said twice: there and in the table.
"""

import importlib.util
import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from pipeline_rules import broken_rules
from pipeline_table import SYSTEMS, TABLE, changes

from mlops.platform.pipeline import load_pipeline
from mlops.settings.environments import environments, stages

ROOT = Path(__file__).parent.parent
PIPELINES = sorted(ROOT.glob("pipelines/*.yml"))
CI = sorted([*ROOT.glob(".github/**/*.yml"), *ROOT.glob("azure-pipelines/**/*.yml")])
COMMANDS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
INPUTS = {"data", "champion", "criterion"}  # what run_pipeline gives
OUTPUTS = {"model", "gate"}  # what register takes
MEANT = (
    "Is that meant? Then `uv run python tests/pipeline_table.py`, and commit the table with it. If not, undo the edit."
)
SCRIPTS = ("run", "script", "bash", "inlineScript")
SYSTEM = pytest.mark.parametrize(
    "folder", [ROOT / name for name in SYSTEMS if (ROOT / name).is_dir()], ids=lambda x: x.name
)
EVERY_CI_FILE = pytest.mark.parametrize("path", CI, ids=lambda path: str(path.relative_to(ROOT)))


def mappings(node):
    """Every mapping in what a YAML file holds."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from mappings(child)


def read(path):
    return list(mappings(yaml.safe_load(path.read_text(encoding="utf-8"))))


def is_there(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_pipeline_is_sound_and_its_commands_are_there(path):
    for job in load_pipeline(path).jobs:
        lacking = [module for module in re.findall(r"python -m ([\w.]+)", job.command) if not is_there(module)]
        assert not lacking, f"{path}: jobs.{job.name}: no {', '.join(lacking)} to run; correct its component's command"


def test_the_training_pipeline_takes_and_gives_what_the_commands_expect():
    path = ROOT / "pipelines" / "train.yml"
    pipeline = load_pipeline(path)
    not_taken = INPUTS - set(pipeline.inputs)
    not_given = OUTPUTS - {output for job in pipeline.jobs for output in job.outputs.values()}
    assert not not_taken, f"{path}: inputs: add {', '.join(sorted(not_taken))}"
    assert not not_given, f"{path}: outputs: add {', '.join(sorted(not_given))}"


@EVERY_CI_FILE
def test_every_command_in_ci_can_be_run(path):
    scripts = [each[key] for each in read(path) for key in SCRIPTS if isinstance(each.get(key), str)]
    named = set(re.findall(r"\buv run (\w[\w-]*)", "\n".join(scripts)))
    unknown = [name for name in sorted(named - set(COMMANDS)) if shutil.which(name) is None]
    assert not unknown, f"{path}: {', '.join(unknown)}: no such command; pyproject.toml lists them, [project.scripts]"


@pytest.mark.parametrize("path", [path for path in CI if path.name == "deploy.yml"], ids=lambda path: path.parent.name)
def test_the_stages_are_deployed_in_their_order_and_every_environment_has_its_file(path):
    given = [each.get(key) or {} for each in read(path) for key in ("with", "parameters")]
    following = {each["environment"]: each.get("next") for each in given if "environment" in each}
    unknown = sorted(following.keys() - set(environments(ROOT / "environments")))
    assert not unknown, f"{path}: no environments/{unknown[0]}.yml; add that file, or correct the name"
    order = stages(ROOT / "environments")
    for name, wanted in zip(order, [*order[1:], None], strict=True):
        says = f"{path}: environment {name}: next must be {wanted}, as stages of environments/base.yml say"
        assert following.get(name, "missing") == wanted, says


@EVERY_CI_FILE
def test_a_version_of_python_in_ci_is_text(path):
    for each in read(path):
        for key in each.keys() & {"versionSpec", "python-version"}:
            assert not isinstance(each[key], float), f"{path}: {key}: quotation marks, or 3.10 is the number 3.1"


@SYSTEM
def test_the_pipelines_do_what_their_table_says(folder):
    if found := changes(folder):
        pytest.fail("\n".join([f"{folder / TABLE} does not say what the pipelines do:", *found, MEANT]), pytrace=False)


@SYSTEM
def test_the_pipelines_keep_the_rules(folder):
    if found := broken_rules(folder):
        pytest.fail("\n".join([*found, "The rules are in tests/pipeline_rules.py."]), pytrace=False)
