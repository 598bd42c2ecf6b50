"""What happens to a pipeline in the tests of parity, and whether a broken system still does what the other one does."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from ci.defects import Defect
from ci.events import Event, PipelineError
from ci.identities import VARIABLES, with_connections
from ci.server import Server
from ci.systems import Scenario, System, Trace, trace
from ci.test_parity import CALLS, DEPLOYS, NEITHER, OTHER_BRANCHES, TRAINS, usual_event

KINDS = ("push", "pull_request", "schedule", "manual")
DIFFERENT = ("pull-request", "manual")  # Azure DevOps lets a person start anything
BY_PATHS = ("train", "deploy")
FACTS = ("succeeds", "history", "token", "identity")


def scenarios(server: Server, pipeline: str) -> Iterator[Scenario]:
    """All that can happen to the pipeline."""
    yield from runs(server, pipeline)
    yield from starts(server, pipeline)


def concerned(server: Server, defect: Defect) -> Iterator[Scenario]:
    """Those in which the system reads the file of the defect. What a pipeline includes cannot change what starts it."""
    for pipeline in defect.pipelines():
        yield from (scenarios if Path(defect.file).stem == pipeline else runs)(server, pipeline)


def runs(server: Server, pipeline: str) -> Iterator[Scenario]:
    """All goes well, each command fails, each approval is refused, nothing has to change."""
    usual = usual_event(server, pipeline)
    yield Scenario("well", pipeline, usual)
    for call in dict.fromkeys(call for _, call in CALLS[pipeline]):
        yield Scenario(f"{call} fails", pipeline, usual, refused_calls=[call])
    for gate in dict.fromkeys(gate for gate, _ in CALLS[pipeline] if gate):
        yield Scenario(f"{gate} refused", pipeline, usual, refused_gates=[gate])
    yield Scenario("nothing to change", pipeline, usual, changes=False)
    yield Scenario("an identity", pipeline, with_connections(server, usual), ids=VARIABLES)


def starts(server: Server, pipeline: str) -> Iterator[Scenario]:
    """Events, files and a branch that start it, or do not."""
    for kind in KINDS:
        if (pipeline, kind) != DIFFERENT:
            yield Scenario(kind, pipeline, event_of(server, kind))
    for path in (*TRAINS, *DEPLOYS, *NEITHER) if pipeline in BY_PATHS else ():
        yield Scenario(f"{path} changed", pipeline, Event("push", server.head(), changed=[path]))
    if pipeline in BY_PATHS:
        for branch in OTHER_BRANCHES:
            yield Scenario(f"branch {branch}", pipeline, replace(usual_event(server, pipeline), branch=branch))


def event_of(server: Server, kind: str) -> Event:
    if kind == "pull_request":
        return server.pull_request(2, "main")
    return Event(kind, server.head(), changed=["README.md"])


def difference(system: System, server: Server, scenario: Scenario, expected: Trace, folder: Path) -> tuple[str, str]:
    """How the system behaves otherwise than expected: what notices it, and as what. Two empty texts when it does not.

    "execution": it would refuse the pipeline, or warn; "parity": it does something else than the other system.
    """
    try:
        found = trace(system, server.bare, scenario, folder)
    except (PipelineError, AssertionError, ValueError) as error:  # the latter two are raised by `trace` itself
        return "execution", str(error)
    if found != expected:
        return "parity", first_difference(found, expected)
    return "", ""


def first_difference(found: Trace, expected: Trace) -> str:
    """What is done otherwise: the first command, else what is said of the whole run."""
    for here, there in zip_longest(found.calls, expected.calls):
        if here != there:
            return f"{shown(here)} instead of {shown(there)}"
    wanted = vars(expected)
    return next(
        f"{name}: {here} instead of {wanted[name]}" for name, here in vars(found).items() if here != wanted[name]
    )


def shown(call: tuple | None) -> str:
    """A command of a trace, with the environment it is bound to and what holds of it."""
    if call is None:
        return "nothing"
    gate, command, *facts = call
    words = [gate, *(word for word, holds in zip(FACTS, facts, strict=True) if holds)]
    return f"{command} ({', '.join(filter(None, words))})"
