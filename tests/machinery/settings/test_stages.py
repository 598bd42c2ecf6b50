"""The stages that a version passes through, and from which one each takes it over."""

import pytest

from conftest import edit
from mlops import UserError
from mlops.settings.environments import FOLDER, champion_stage, environments, stage_before, stages, training_stage


@pytest.fixture
def three(project):
    """A project with a third environment between the two that it comes with."""
    (FOLDER / "canary.yml").write_text((FOLDER / "staging.yml").read_text(encoding="utf-8"), encoding="utf-8")
    name_stages("[staging, canary, production]")


def name_stages(text):
    edit(FOLDER / "base.yml", "stages: [staging, production]", f"stages: {text}")


def test_without_a_word_there_are_two(project):
    assert stages() == ["staging", "production"]


def test_models_are_made_in_the_first_and_have_to_beat_what_serves_in_the_last(three):
    assert (training_stage(), champion_stage()) == ("staging", "production")


def test_each_takes_its_version_from_the_one_before(three):
    assert {name: stage_before(name) for name in stages()} == {
        "staging": None,
        "canary": "staging",
        "production": "canary",
    }


def test_an_environment_may_be_no_stage_and_takes_its_version_from_none(project):
    (FOLDER / "demo.yml").write_text((FOLDER / "staging.yml").read_text(encoding="utf-8"), encoding="utf-8")
    assert environments() == ["demo", "production", "staging"]
    assert "demo" not in stages() and stage_before("demo") is None


@pytest.mark.parametrize(
    ("named", "line"),
    [
        ("[staging, staging]", "stages: each environment may stand there once, got ['staging', 'staging']"),
        ("[staging, canary]", "stages: there is no environments/canary.yml; write it, or take canary out"),
        ("[]", "stages: List should have at least 1 item"),
        ("staging", "stages: Input should be a valid list"),
    ],
)
def test_stages_that_cannot_be_are_one_line(project, named, line):
    name_stages(named)
    with pytest.raises(UserError) as error:
        stages()
    assert line in str(error.value).replace("\\", "/")
    assert "\n" not in str(error.value)
