"""Tasks: what a model is for. One interface, a file a task; all that differs between them is in these files."""

from collections.abc import Mapping

from mlops.decide.tasks.binary import Binary
from mlops.decide.tasks.interface import Task
from mlops.decide.tasks.multiclass import Multiclass
from mlops.decide.tasks.own import Function, OwnMetric
from mlops.decide.tasks.regression import Regression
from mlops.settings.project import Project

__all__ = ["Task", "task_of"]

TASKS: dict[str, type[Task]] = {each.name: each for each in (Binary, Multiclass, Regression)}


def task_of(project: Project, own: Mapping[str, Function] | None = None) -> Task:
    """The task that project.yml names, with its metric and threshold; to measure, with the user's own metrics too."""
    named = {name: OwnMetric(project.metrics[name], function) for name, function in (own or {}).items()}
    return TASKS[project.task](project.metric, project.gate.threshold, named)
