"""What to type next: one command that does something, until everything is as the manifests say."""

import tomllib
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from mlops.decide.next_step import NextStep, Stage, next_step

SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
STAGING, PRODUCTION = Stage("staging", 2), Stage("production", 2)
NONE = Stage("staging"), Stage("production")


@pytest.mark.parametrize(
    ("verdict", "registered", "versions", "stages", "command"),
    [
        (None, False, [], NONE, "run_pipeline"),
        ("FAIL", False, [], NONE, "run_pipeline"),
        ("INSUFFICIENT", False, [1], (STAGING, PRODUCTION), "run_pipeline"),
        ("PASS", False, [], NONE, "register"),
        ("PASS", True, [1], NONE, "promote staging"),
        ("FAIL", False, [1], NONE, "promote staging"),
        ("INCOMPLETE", False, [1], NONE, "run_pipeline"),
        ("INVALID DATA", False, [1, 2], (STAGING, replace(PRODUCTION, differs=True)), "apply production"),
        ("PASS", True, [1, 2], (replace(STAGING, differs=True), Stage("production", 1)), "apply staging"),
        ("PASS", True, [1, 2], (STAGING, Stage("production", 1)), "promote production"),
        ("PASS", True, [1, 2], (STAGING, replace(PRODUCTION, differs=True)), "apply production"),
        ("PASS", True, [1, 2], (STAGING, PRODUCTION), "monitor production"),
        (None, False, [1, 2], (STAGING, PRODUCTION), "monitor production"),
        ("PASS", True, [9, 10], (Stage("staging", 9), PRODUCTION), "promote staging"),
        ("PASS", True, [1, 2], (replace(STAGING, differs=True, refused=True), PRODUCTION), "revert staging"),
        ("PASS", True, [1, 2], (Stage("staging", 1, once=(1, 2)), Stage("production", 1)), "monitor production"),
        ("PASS", True, [1, 2], (Stage("staging", 1), Stage("production", 2)), "promote staging"),
        (None, False, [], (replace(STAGING, differs=True, missing=True), PRODUCTION), "rehearsal restore"),
        ("PASS", False, [], (STAGING, replace(PRODUCTION, known=False)), "status"),
        ("PASS", False, [], (replace(STAGING, differs=True), replace(PRODUCTION, known=False)), "apply staging"),
    ],
)
def test_the_next_step(verdict, registered, versions, stages, command):
    assert next_step(verdict, registered, versions, stages).command == command


def test_it_says_why():
    assert next_step("PASS", True, [3], (STAGING, PRODUCTION)) == NextStep("promote staging", "version 3 is registered")
    stages = (Stage("staging", 3), PRODUCTION)
    assert next_step("PASS", True, [3], stages) == NextStep("promote production", "version 3 is in staging")


@dataclass
class World:
    """A project, and what each command does to it. doomed: the versions that are rolled back wherever they come."""

    verdict: str | None
    registered: bool
    versions: list[int]
    stages: list[Stage]
    doomed: set[int]
    typed: list[str] = field(default_factory=list)

    def type(self, command):
        self.typed.append(command)
        name, _, where = command.partition(" ")
        at = next((at for at, stage in enumerate(self.stages) if stage.name == where), 0)
        stage = self.stages[at]
        match name:
            case "run_pipeline":
                self.verdict, self.registered = "PASS", False
            case "register":
                self.versions.append(len(self.versions) + 1)
                self.registered = True
            case "promote":
                version = self.stages[at - 1].wanted if at else self.versions[-1]
                assert version != stage.wanted and version not in stage.once, "promote would do nothing"
                self.stages[at] = replace(stage, wanted=version, differs=True, once=(*stage.once, version))
            case "apply":
                assert stage.differs and not stage.refused, "apply would do nothing"
                self.stages[at] = replace(stage, refused=stage.wanted in self.doomed, differs=False)
            case "revert":
                assert stage.refused, "revert would do nothing"
                before = [version for version in (None, *stage.once) if version not in self.doomed]
                self.stages[at] = replace(stage, wanted=before[-1], refused=False, differs=False)


@st.composite
def worlds(draw):
    versions = list(range(1, draw(st.integers(0, 4)) + 1))
    stages = []
    for name in ("test", "staging", "production")[: draw(st.integers(1, 3))]:
        once = draw(st.lists(st.sampled_from(versions), unique=True)) if versions else []
        wanted = once[-1] if once else None
        differs = wanted is not None and draw(st.booleans())
        stages.append(Stage(name, wanted, differs=differs, once=once))
    verdict = draw(st.sampled_from([None, "PASS", "FAIL", "INSUFFICIENT", "INCOMPLETE"]))
    registered = draw(st.booleans())
    return World(verdict, registered, versions, stages, draw(st.sets(st.integers(1, 6))))


@given(worlds())
def test_who_follows_it_comes_to_rest_and_no_command_is_in_vain(world):
    for _ in range(100):
        step = next_step(world.verdict, world.registered, world.versions, world.stages)
        assert step.command.partition(" ")[0] in SCRIPTS and step.why
        if step.command.startswith("monitor"):
            break
        world.type(step.command)
    assert step.command == f"monitor {world.stages[-1].name}", world.typed
    assert not [stage for stage in world.stages if stage.differs or stage.refused]
