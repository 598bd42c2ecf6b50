"""Azure's template language: what a template asks for, evaluated without Azure, and whether Microsoft's types allow it.

    found = evaluate(template, {"project": {"value": "flights"}}, "/subscriptions/...", live, Environment(...))
    print([resource.id for resource in found.resources])  # in the order of their making
    print(found.outputs["workspace"]["value"])
    print(*problems(found, live, types), sep="\n")  # what the services would refuse; types: AZURE_TYPES_DIR, or None

`live` gives a resource that Azure already has, by its id, else None. `become` is what Azure makes of a resource that is
put. What Azure Resource Manager itself refuses of a template is a TemplateError of one line.
"""

from arm.deployment import Deployed, evaluate
from arm.errors import TemplateError
from arm.judge import Problem, problems
from arm.live import Resource, become
from arm.surroundings import Environment

__all__ = ["Deployed", "Environment", "Problem", "Resource", "TemplateError", "become", "evaluate", "problems"]
