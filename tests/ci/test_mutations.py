"""A test of the tests: mistakes that no static check finds show when both systems are compared.

All known mistakes, and which of them nothing shows: benchmarks/ci_defects.md.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest

from ci.defects import azure_devops, broken, github
from ci.defects.scenarios import difference, scenarios
from ci.server import Server
from ci.systems import AZURE_DEVOPS, GITHUB, Scenario, System, Trace, trace

DEFECTS = {GITHUB: github.DEFECTS, AZURE_DEVOPS: azure_devops.DEFECTS}
OTHER = {GITHUB: AZURE_DEVOPS, AZURE_DEVOPS: GITHUB}


class Mutation(NamedTuple):
    """The defect of that name in the system, and where it shows."""

    system: System
    name: str
    pipeline: str
    happening: str


MUTATIONS = [
    Mutation(GITHUB, "train needs no approval", "train", "well"),
    Mutation(GITHUB, "never registered", "train", "well"),
    Mutation(GITHUB, "asked before rolled out", "deploy", "well"),
    Mutation(GITHUB, "output of the step misspelt", "deploy", "well"),
    Mutation(GITHUB, "production without a condition", "deploy", "nothing to change"),
    Mutation(GITHUB, "failure lost in a pipe", "train", "uv run run_pipeline fails"),
    Mutation(GITHUB, "folder misspelt in the paths", "deploy", "environments/production.yml changed"),
    Mutation(GITHUB, "train cannot log in", "train", "an identity"),
    Mutation(GITHUB, "no subscription for the rollout", "deploy", "an identity"),
    Mutation(GITHUB, "monitor in nobody's name", "monitor", "an identity"),
    Mutation(AZURE_DEVOPS, "train as a plain job", "train", "well"),
    Mutation(AZURE_DEVOPS, "registered before trained", "train", "well"),
    Mutation(AZURE_DEVOPS, "plan tells the next job nothing", "deploy", "well"),
    Mutation(AZURE_DEVOPS, "default that proposes to production", "deploy", "well"),
    Mutation(AZURE_DEVOPS, "production even after a failure", "deploy", "uv run plan production --output fails"),
    Mutation(AZURE_DEVOPS, "failure lost before a second line", "pull-request", "uv run check fails"),
    Mutation(AZURE_DEVOPS, "a folder's old name in the paths", "train", "model/features.py changed"),
    Mutation(AZURE_DEVOPS, "no subscription", "train", "an identity"),
    Mutation(AZURE_DEVOPS, "connection not told", "monitor", "an identity"),
    Mutation(AZURE_DEVOPS, "no login for the rollout", "deploy", "an identity"),
    Mutation(AZURE_DEVOPS, "production read by staging", "deploy", "an identity"),
    Mutation(AZURE_DEVOPS, "every push monitors", "monitor", "push"),
]
SCENARIOS = list(dict.fromkeys((each.pipeline, each.happening) for each in MUTATIONS))

Expected = Callable[[System, str, str], Trace]


def scenario_of(server: Server, pipeline: str, happening: str) -> Scenario:
    return next(each for each in scenarios(server, pipeline) if each.name == happening)


@pytest.fixture(scope="module")
def expected(node, server: Server, tmp_path_factory) -> Expected:
    """What a system does with the unbroken pipelines, run once."""

    @cache
    def run(system: System, pipeline: str, happening: str) -> Trace:
        scenario = scenario_of(server, pipeline, happening)
        return trace(system, server.bare, scenario, tmp_path_factory.mktemp("trace") / "calls")

    return run


@pytest.mark.parametrize(("pipeline", "happening"), SCENARIOS)
def test_without_a_mistake_both_do_the_same_and_not_nothing(expected, pipeline, happening):
    ours, theirs = (expected(system, pipeline, happening) for system in (GITHUB, AZURE_DEVOPS))
    assert ours == theirs
    assert ours.triggered == bool(ours.calls) == (happening != "push")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.system.name}-{each.name}")
def test_a_mistake_in_one_system_shows(expected, both, tmp_path, mutation):
    system, name, pipeline, happening = mutation
    (defect,) = [each for each in DEFECTS[system] if each.name == name]
    server = broken(both.folder, defect, tmp_path)
    wanted = expected(OTHER[system], pipeline, happening)
    noticed_by, _ = difference(system, server, scenario_of(server, pipeline, happening), wanted, tmp_path / "calls")
    assert noticed_by


@pytest.mark.parametrize("system", DEFECTS, ids=lambda system: system.name)
def test_every_mistake_can_still_be_made(both, system):
    assert len({defect.name for defect in DEFECTS[system]}) == len(DEFECTS[system]) >= 40
    for defect in DEFECTS[system]:
        defect.applied((both.folder / defect.file).read_text(encoding="utf-8"))
