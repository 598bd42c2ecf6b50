"""What `check` finds."""

from pathlib import Path
from textwrap import dedent

import pytest

from ci.github import check
from ci.github.rules import RUNNERS
from ci.github.workbench import ACTION, COMPOSITE, USES, WORKFLOW

GOOD = f"""
    name: good
    on:
      workflow_dispatch:
        inputs:
          place: {{type: choice, options: [here, there], default: here}}
    permissions: {{}}
    jobs:
      job:
        runs-on: ubuntu-24.04
        steps:
          - uses: {USES["actions/checkout"]}
            with: {{persist-credentials: false}}
          - uses: ./.github/actions/act
          - run: echo ${{{{ inputs.place }}}}
          - uses: {USES["astral-sh/setup-uv"]}
            with: {{enable-cache: false}}
    """


@pytest.fixture(autouse=True)
def with_node(node):
    """The language service needs Node."""


def findings(folder: Path, workflow: str = GOOD, action: str = COMPOSITE) -> list[str]:
    files = [folder / WORKFLOW, folder / ACTION]
    for file, text in zip(files, (workflow, action), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    return check(*files)


def test_nothing_is_found_where_nothing_is_wrong(tmp_path):
    assert findings(tmp_path) == []


def test_a_machine_of_a_matrix_is_one_of_its_list_also_where_some_are_left_out(tmp_path):
    matrix = "{machine: [ubuntu-24.04, windows-2025], exclude: [{machine: windows-2025}]}"
    job = f"runs-on: ${{{{ matrix.machine }}}}\n        strategy: {{matrix: {matrix}}}"
    assert findings(tmp_path, GOOD.replace("runs-on: ubuntu-24.04", job)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        (
            "runs-on: ubuntu-24.04",
            "runs-on: ubuntu-latest",
            f":10:14: runs-on is not one of {', '.join(sorted(RUNNERS))}",
        ),
        ("default: here", "default: nowhere", ":6:62: 'nowhere' is not one of the options"),
        ("# v7.0.1", "# v7", f":12:15: expected {USES['actions/checkout']}"),
        (" # v7.0.1", "", f":12:15: expected {USES['actions/checkout']}"),
        ("actions/checkout@3", "actions/checkout@4", f":12:15: expected {USES['actions/checkout']}"),
        ("actions/checkout@", "actions/cache@", ":12:15: actions/cache is not in actions.json"),
        ("persist-credentials", "persist-credential", ":13:16: Invalid action input 'persist-credential'"),
        ("inputs.place", "github.plaice", ":15:19: Context access might be invalid: plaice"),
        ("enable-cache: false", "enable-cache: true", ":16:15: astral-sh/setup-uv needs `enable-cache: false`"),
        ("with: {enable-cache: false}", "name: set up", ":16:15: astral-sh/setup-uv needs `enable-cache: false`"),
        ("jobs:", "job:", "Required property is missing: jobs"),
    ],
)
def test_a_mistake_in_a_workflow_is_found(tmp_path, right, wrong, found):
    assert right in GOOD
    assert [
        line for line in findings(tmp_path, GOOD.replace(right, wrong)) if line.startswith(WORKFLOW) and found in line
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("steps.say.outputs", "steps.sya.outputs", "there is no step 'sya'"),
        ("using: composite", "using: composed", "composed"),
        ("shell: bash", "shel: bash", "shell"),
    ],
)
def test_a_mistake_in_an_action_is_found(tmp_path, right, wrong, found):
    assert right in COMPOSITE
    assert [
        line
        for line in findings(tmp_path, action=COMPOSITE.replace(right, wrong))
        if line.startswith(ACTION) and found in line
    ]
