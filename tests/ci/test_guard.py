"""What a project's own tests say of its pipelines: silent about edits that mean nothing, never about one that does."""

import re

import pytest
import yaml

from ci.defects import Defect
from ci.defects.azure_devops import TRAIN as AZURE_TRAIN
from ci.defects.github import TRAIN
from ci.defects.guarded import FORBIDDEN, HARMLESS
from ci.edits import edits, reshaped
from ci.guard import OWNERS, broken, changes, copied, folders, rules, tables
from conftest import QUESTIONS, TEMPLATE

EVERY_OWNER = pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)


@EVERY_OWNER
def test_the_tables_say_what_the_pipelines_do(owner):
    assert len(folders(owner)) == 2 and changes(owner) == []


@EVERY_OWNER
def test_the_pipelines_keep_the_rules(owner):
    assert broken(owner, owner) == []


@pytest.mark.parametrize("system", QUESTIONS["ci_system"])
@pytest.mark.parametrize("start", QUESTIONS["start_from"])
def test_a_project_of_each_choice_has_its_own_tables_and_they_fit(render, tmp_path, system, start):
    project = render(tmp_path, ci_system=system, start_from=start).folder
    wanted = set(tables.SYSTEMS) if system == "both" else {".github" if system == "github" else "azure-pipelines"}
    assert {folder.name for folder in folders(project)} == wanted
    assert changes(project) == [] and broken(project) == []


@pytest.mark.parametrize("edit", HARMLESS, ids=lambda edit: edit.name)
def test_an_edit_that_means_nothing_is_no_change(tmp_path, edit):
    root = copied(TEMPLATE, tmp_path)
    edit.make(root)
    assert changes(root) == [] and broken(root) == []


def test_a_newer_commit_of_an_action_is_no_change(tmp_path):
    root = copied(TEMPLATE, tmp_path)
    for path in (root / ".github").rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"checkout@\w+ # v7.0.1", f"checkout@{'a' * 40} # v8.0.0", text), encoding="utf-8")
    assert "# v8.0.0" in (root / TRAIN).read_text(encoding="utf-8")
    assert changes(root) == [] and broken(root) == []


@pytest.mark.parametrize("edit", FORBIDDEN, ids=lambda edit: edit.name)
def test_a_rule_holds_though_the_table_was_written_anew(tmp_path, edit):
    root = copied(TEMPLATE, tmp_path)
    edit.make(root)
    assert changes(root) != [] or "by its commit" in edit.kind
    for folder in folders(root):
        (folder / tables.TABLE).write_text(tables.table(folder), encoding="utf-8")
    assert changes(root) == []
    assert [line for line in broken(root) if edit.kind in line and edit.file.split("/")[0] in line]


def test_every_rule_is_broken_by_one_of_these():
    texts = {"main requires it", "by its commit", *(rule.__doc__ for rule in rules.RULES)}
    assert [text for text in texts if not any(edit.kind in text for edit in FORBIDDEN)] == []


def test_a_change_is_said_with_its_file_job_and_step_and_how_it_was(tmp_path):
    root = copied(TEMPLATE, tmp_path)
    Defect("", "", TRAIN, "minutes: 300", "minutes: 30").make(root)
    step = "            displayName: Register\n"
    Defect("", "", AZURE_TRAIN, step, f"{step}            retryCountOnTaskFailure: 2\n").make(root)
    job = f"{AZURE_TRAIN} > stages > stage: train > jobs > deployment: train"
    assert changes(root) == [
        f"was {TRAIN} > jobs.train.timeout-minutes: 300",
        f"is  {TRAIN} > jobs.train.timeout-minutes: 30",
        f"is  {job} > strategy.runOnce.deploy.steps > script: uv run register > retryCountOnTaskFailure: 2",
    ]


@EVERY_OWNER
def test_a_pipeline_more_or_less_is_a_change(tmp_path, owner):
    root = copied(owner, tmp_path)
    for folder, path in ((".github", "workflows/other.yaml"), ("azure-pipelines", "deep/other.yml")):
        (root / folder / path).parent.mkdir(exist_ok=True)
        (root / folder / path).write_text("on: push\n", encoding="utf-8")
        assert f"is  {folder}/{path} > on: push" in changes(root)
        (root / folder / path).unlink()
        assert changes(root) == []
    next((root / "azure-pipelines").glob("*.yml")).unlink()
    assert changes(root) != []


def test_a_file_that_cannot_be_read_is_a_change(tmp_path):
    for count, text in enumerate(("on: [push\n", "a: 1\na: 2\n", "- only\n", "", "a: !!python/object:x {}\n  b\n")):
        root = copied(TEMPLATE, tmp_path / str(count))
        (root / TRAIN).write_text(text, encoding="utf-8")
        assert any("not a pipeline" in line for line in changes(root))


@EVERY_OWNER
def test_whatever_is_edited_in_a_file_is_a_change(owner):
    """Each value becomes another, each key goes, each block gets a key that nobody knows, each list is turned round."""
    count = 0
    for folder in folders(owner):
        for content in tables.pipelines(folder).values():
            told = list(tables.facts(content))
            for edited in edits(content):
                assert list(tables.facts(edited)) != told, yaml.safe_dump(edited)
                count += 1
    assert count > 300


@EVERY_OWNER
def test_the_rules_read_files_of_any_shape(owner):
    for folder in folders(owner):
        for content in tables.pipelines(folder).values():
            for edited in reshaped(content):
                rules.is_required(edited)
                rules.is_pinned({"": edited})
                assert {rule(job) for _, job in rules.jobs(edited) for rule in rules.RULES} <= {True, False}
