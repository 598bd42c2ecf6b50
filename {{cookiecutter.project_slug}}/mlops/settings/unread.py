"""What of project.yml a step of training does not read: an edit of that does not run it again on this machine.

A key that is not named here counts for every step, and so do all keys for a job of another name. A step that is said
not to read a key is given a project without it: one that does read it fails, and no stale result passes for a new one.
"""

import os
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops.settings.project import Project

VARIABLE = "PROJECT_UNREAD"  # of a step's process: the keys that its project is without
JUDGED = (  # read by the gate, or by no step of training
    *("gate.floors", "gate.alpha", "gate.looks", "gate.minimum_gain", "gate.max_loss", "gate.min_rows"),
    *("gate.slices.min_rows", "gate.slices.floor", "gate.slices.max_drop", "gate.slices.waived"),
    *("fairness.max_difference", "fairness.min_rows", "fairness.alpha", "fairness.accepted"),
    *("promotion", "monitoring", "search"),
)
UNREAD = {
    **dict.fromkeys(("validate_data", "split_data", "train", "try_serving"), (*JUDGED, "report")),
    **dict.fromkeys(("evaluate", "diagnose"), JUDGED),
}


def as_read(content: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """What project.yml says without those keys."""
    left = dict(content)
    for key in keys:
        block, _, rest = key.partition(".")
        if not rest:
            left.pop(block, None)
        elif isinstance(left.get(block), Mapping):
            left[block] = as_read(left[block], [rest])
    return left


def as_told(project: "Project") -> "Project":
    """The same project; in the process of a step, without what it is said not to read, which is a UserError there."""
    for key in os.environ.get(VARIABLE, "").split():
        *blocks, name = key.split(".")
        if block := reduce(getattr, blocks, project):  # there may be no `fairness`
            vars(block).pop(name)
    return project
