"""What to type next, by where everything stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import get_args

from mlops.decide.checks import Status


@dataclass(frozen=True)
class Stage:
    """One environment, in the order in which versions go through them.

    wanted: the version that its manifest names; None: none yet. differs: `apply` has something to do. missing: the
    registry here does not have it. refused: it was rolled back there. once: the versions that the manifest has named.
    known: False when its endpoint cannot be asked.
    """

    name: str
    wanted: int | None = None
    differs: bool = False
    missing: bool = False
    refused: bool = False
    once: Collection[int | None] = ()
    known: bool = True


@dataclass(frozen=True)
class NextStep:
    command: str
    why: str


def next_step(outcome: str | None, registered: bool, versions: Sequence[int], stages: Sequence[Stage]) -> NextStep:
    """The one command to type: what was begun is finished, from the first stage to the last, before anything new.

    outcome: the last run's verdict, or what is said of one that failed before the gate; None before the first.
    registered: its model is a version. versions: all, in number order.
    """
    last = stages[-1]
    if begun := next(filter(None, map(finish, stages)), None):
        return begun
    if unknown := [stage.name for stage in stages if not stage.known]:
        return NextStep("status", f"again, once {' and '.join(unknown)} can be asked")
    if outcome not in (None, *get_args(Status)):
        return NextStep("run_pipeline", f"the last run came to no verdict: {outcome}; another shows what to mend")
    if outcome == "PASS" and not registered:
        return NextStep("register", "the last run passed the gate")
    if promotion := promote(versions, stages):
        return promotion
    if outcome not in (None, "PASS"):
        return NextStep("run_pipeline", f"the last verdict is {outcome}; out/report.html says why: change that first")
    if last.wanted is None:
        return NextStep("run_pipeline", f"{last.name} has no model yet")
    return NextStep(f"monitor {last.name}", "all is as the manifests say; has the world moved on?")


def finish(stage: Stage) -> NextStep | None:
    """What is left to do before the endpoint is as its manifest says; None when it is."""
    if stage.refused:
        return NextStep(f"revert {stage.name}", f"{stage.name} has rolled version {stage.wanted} back")
    if not stage.differs:
        return None
    if stage.missing:
        return NextStep("rehearsal restore", f"version {stage.wanted} of {stage.name} is registered on another machine")
    return NextStep(f"apply {stage.name}", f"{stage.name} is not as its manifest says")


def promote(versions: Sequence[int], stages: Sequence[Stage]) -> NextStep | None:
    """The first stage that can have a newer version from the one before it, or from the registry; None without one."""
    source, origin = (versions[-1] if versions else None), "registered"
    for stage in stages:
        if source is not None and source > (stage.wanted or 0) and source not in stage.once:
            return NextStep(f"promote {stage.name}", f"version {source} is {origin}")
        source, origin = stage.wanted, f"in {stage.name}"
    return None
