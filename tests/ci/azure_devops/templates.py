"""A pipeline with all its templates put in: what the server would hand to the agents."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from ci.azure_devops.expansion import Scope, expand, scan
from ci.azure_devops.loading import Files, Node
from ci.azure_devops.parameters import bind
from ci.azure_devops.schema import load_valid
from ci.azure_devops.values import Value, text
from ci.events import PipelineError

DEEPEST = 50
KINDS = ("stages", "jobs", "steps")
NOT_EXPANDED = ("parameters", "trigger", "pr", "schedules", "name")  # the server reads these before anything else


def expand_pipeline(path: str, files: Files, given: Mapping[str, Value], predefined: Mapping[str, str]) -> dict:
    """The pipeline of that path. given: what a person chose for its parameters."""
    document = load_valid(path, files)
    refuse_unsupported(document, path)
    parameters = bind(document, given, path)
    expander = Expander(files, {"parameters": parameters, "variables": dict(predefined)})
    variables = expander.include_variables(document.get("variables") or [], path)
    expander.scope["variables"].update(variables)
    body = {key: value for key, value in document.items() if key not in (*NOT_EXPANDED, "variables")}
    scan(body, expander.scope)
    expanded = expand(body, expander.scope)
    kinds = [kind for kind in KINDS if kind in expanded]
    if len(kinds) != 1:
        raise PipelineError(f"{path}: expected one of stages, jobs and steps")
    expanded[kinds[0]] = expander.resolve(expanded[kinds[0]], kinds[0], path)
    return {**expanded, "variables": variables}


def refuse_unsupported(document: Mapping[str, Node], path: str) -> None:
    for key in ("extends", "resources"):
        if key in document:
            raise PipelineError(f"{path}: '{key}' is not supported")


def locate(reference: str, path: str) -> str:
    """The path in the repository that a template is named by, in the file of that path."""
    if "@" in reference:
        raise PipelineError(f"{path}: templates of other repositories are not supported: {reference}")
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(path), reference)).lstrip("/")


@dataclass
class Expander:
    """Puts templates in. scope: what the expressions of the pipeline can read."""

    files: Files
    scope: dict[str, dict[str, Value]] = field(default_factory=dict)

    def include(self, reference: Mapping[str, Value], kind: str, path: str, depth: int) -> tuple[Value, str]:
        """The content of the template and its path."""
        if set(reference) - {"template", "parameters"}:
            raise PipelineError(f"{path}: unexpected keys beside 'template': {sorted(reference)}")
        found = locate(text(reference["template"]), path)
        if depth > DEEPEST:
            raise PipelineError(f"{found}: templates are nested too deeply")
        document = load_valid(found, self.files)
        refuse_unsupported(document, found)
        if set(document) - {"parameters"} != {kind}:
            raise PipelineError(f"{found}: expected '{kind}' and nothing else but parameters")
        parameters = bind(document, reference.get("parameters") or {}, found)
        scope: Scope = {**self.scope, "parameters": parameters}
        scan(document[kind], scope)
        return expand(document[kind], scope), found

    def resolve(self, nodes: Value, kind: str, path: str, depth: int = 0) -> list[dict[str, Value]]:
        """The stages, jobs or steps with the templates in them replaced by what they hold."""
        if not isinstance(nodes, list):
            raise PipelineError(f"{path}: expected a list of {kind}")
        result = []
        for node in nodes:
            if not isinstance(node, dict):
                raise PipelineError(f"{path}: unexpected {node!r} in {kind}")
            if "template" in node:
                included, found = self.include(node, kind, path, depth)
                result += self.resolve(included, kind, found, depth + 1)
            else:
                result.append(self.resolve_within(node, path, depth))
        return result

    def resolve_within(self, node: dict[str, Value], path: str, depth: int) -> dict[str, Value]:
        """A stage, job, strategy or lifecycle hook whose own templates are put in."""
        result = dict(node)
        for key in ("jobs", "steps"):
            if key in node:
                result[key] = self.resolve(node[key], key, path, depth)
        for key in ("strategy", "runOnce", "deploy"):
            if isinstance(node.get(key), dict):
                result[key] = self.resolve_within(node[key], path, depth)
        if "variables" in node:
            result["variables"] = self.resolve_variables(node["variables"], path, depth)
        return result

    def include_variables(self, node: Node, path: str) -> dict[str, str]:
        """The variables of the pipeline, from its file."""
        scan(node, self.scope)
        return self.resolve_variables(expand(node, self.scope), path, 0)

    def resolve_variables(self, nodes: Value, path: str, depth: int) -> dict[str, str]:
        """Values by name. A group's are on the server: the runner has them."""
        if isinstance(nodes, dict):
            return {name: text(value) for name, value in nodes.items()}
        result: dict[str, str] = {}
        for node in nodes or []:
            if "template" in node:
                included, found = self.include(node, "variables", path, depth)
                result.update(self.resolve_variables(included, found, depth + 1))
            elif "name" in node:
                result[node["name"]] = text(node.get("value"))
            elif "group" not in node:
                raise PipelineError(f"{path}: a variable needs a name")
        return result
