"""Deliberate mistakes in the template: at least 95 of 100 are noticed, and the others are named."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from evaluated import parameter_sets, types, wrong, wrong_in
from mistakes import IN_BICEP, IN_JSON, MISSED, Edit, Mistake

from conftest import Project
from tools.compile_bicep import INFRA, MADE

pytestmark = pytest.mark.skipif(types() is None, reason="no folder with Microsoft's types")


@pytest.fixture(scope="module")
def values(rendered: Project) -> list[dict[str, Any]]:
    """The options in which every module has its part, and those that are there as generated."""
    found = parameter_sets(rendered.folder)
    return [found["everything"], found["as generated"]]


@pytest.mark.parametrize("mistake", IN_BICEP, ids=str)
def test_a_mistake_in_bicep_is_noticed(mistake: Mistake, values: list[dict[str, Any]], tmp_path: Path) -> None:
    folder = shutil.copytree(INFRA, tmp_path / "infra")
    text = (folder / mistake.file).read_text(encoding="utf-8")
    assert mistake.right in text
    (folder / mistake.file).write_text(text.replace(mistake.right, mistake.wrong, 1), encoding="utf-8")
    found = next(filter(None, (wrong_in(folder, each) for each in values)), [])
    assert bool(found) != (str(mistake) in MISSED)
    assert not [line for line in found if "\n" in line]


@pytest.mark.parametrize("edit", IN_JSON, ids=str)
def test_a_mistake_in_json_is_noticed(edit: Edit, values: list[dict[str, Any]]) -> None:
    template = copy.deepcopy(json.loads(MADE.read_text(encoding="utf-8")))
    edit.apply(template)
    assert any(wrong(template, each) for each in values)


def test_there_are_enough_of_them_and_few_are_missed() -> None:
    assert len(IN_BICEP) + len(IN_JSON) >= 60
    assert len(MISSED) <= 0.05 * (len(IN_BICEP) + len(IN_JSON))


def test_without_a_mistake_nothing_is_found(values: list[dict[str, Any]]) -> None:
    assert [line for each in values for line in wrong_in(INFRA, each)] == []
