"""Steps as the agent sees them: a script, a checkout, an artifact in or out, or nothing that matters here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ci.azure_devops.expressions import parse
from ci.azure_devops.values import Value, text
from ci.events import PipelineError

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
ANY_STEP = {
    "name",
    "displayName",
    "condition",
    "enabled",
    "env",
    "continueOnError",
    "timeoutInMinutes",
    "retryCountOnTaskFailure",
}
WHOLE_NUMBERS = {"timeoutInMinutes", "cancelTimeoutInMinutes", "retryCountOnTaskFailure", "fetchDepth", "maxParallel"}
STEP_KEYS = {
    "script": {"workingDirectory"},
    "bash": {"workingDirectory"},
    "checkout": {"clean", "fetchDepth", "fetchTags", "persistCredentials"},
    "publish": {"artifact"},
    "download": {"artifact"},
    "task": {"inputs"},
}
TASK_INPUTS = {
    "AzureCLI@2": {
        "azureSubscription",
        "scriptType",
        "scriptLocation",
        "inlineScript",
        "workingDirectory",
        "addSpnToEnvironment",
    },
    "UsePythonVersion@0": {"versionSpec"},
    "PublishPipelineArtifact@1": {"targetPath", "artifact"},
    "PublishTestResults@2": {
        "testResultsFormat",
        "testResultsFiles",
        "testRunTitle",
        "failTaskOnFailedTests",
        "failTaskOnMissingResultsFile",
    },
}


@dataclass(frozen=True)
class Step:
    """kind: script, checkout, publish, download or nothing. inputs: as written, `$(variables)` and all."""

    kind: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    title: str = ""
    condition: str = ""
    enabled: bool = True
    may_fail: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def refuse_keys(node: Mapping[str, Value], known: set[str], what: str) -> None:
    """PipelineError when there is a key that has no meaning there, or none that is modelled."""
    unknown = sorted(set(node) - known)
    if unknown:
        raise PipelineError(f"no stand-in for {unknown} of {what}")


def check_numbers(node: Mapping[str, Value]) -> None:
    """PipelineError when something that is counted is not written as a whole number."""
    for key in WHOLE_NUMBERS & set(node):
        if not re.fullmatch("[0-9]+", text(node[key])):
            raise PipelineError(f"'{key}' takes a whole number, not {text(node[key])!r}")


def flag(node: Mapping[str, Value], key: str, default: bool) -> bool:
    """The boolean of that key, however it is spelt."""
    value = text(node.get(key, default)).lower()
    if value not in ("true", "false"):
        raise PipelineError(f"'{key}' takes true or false, not {value!r}")
    return value == "true"


def build_step(node: Mapping[str, Value]) -> Step:
    """The step of a mapping. PipelineError when it is not one, or one that nothing stands in for."""
    first = text(next(iter(node), ""))
    if first not in STEP_KEYS:
        raise PipelineError(f"no stand-in for a step that begins with '{first}'")
    refuse_keys(node, ANY_STEP | STEP_KEYS[first] | {first}, f"the step '{first}: {text(node[first])}'")
    check_numbers(node)
    name, condition = (text(node.get(key)) for key in ("name", "condition"))
    if name and not NAME.fullmatch(name):
        raise PipelineError(f"the step name '{name}' is not letters, digits and underscores")
    if condition:
        parse(condition, ["variables"], status=True)
    kind, inputs = read_task(node) if first == "task" else read_inputs(first, node)
    return Step(
        kind=kind,
        inputs=inputs,
        name=name,
        title=text(node.get("displayName")) or name,
        condition=condition,
        enabled=flag(node, "enabled", True),
        may_fail=flag(node, "continueOnError", False),
        environment={key: text(value) for key, value in (node.get("env") or {}).items()},
    )


def read_inputs(kind: str, node: Mapping[str, Value]) -> tuple[str, dict[str, str]]:
    """Kind and inputs of a step that is no task."""
    given = {key: text(node[key]) for key in STEP_KEYS[kind] & set(node)}
    if kind in ("script", "bash"):
        return "script", {**given, "script": text(node[kind])}
    if kind == "checkout" and node[kind] not in ("self", "none"):
        raise PipelineError(f"no stand-in for the checkout of '{node[kind]}'")
    if kind == "download" and node[kind] not in ("current", "none"):
        raise PipelineError(f"no stand-in for the download from '{node[kind]}'")
    if kind == "publish" and not given.get("artifact"):
        raise PipelineError(f"the published '{node[kind]}' needs the name of an artifact")
    return ("nothing" if node[kind] == "none" else kind), {**given, kind: text(node[kind])}


def read_task(node: Mapping[str, Value]) -> tuple[str, dict[str, str]]:
    """Kind and inputs of a task."""
    task = text(node["task"])
    inputs = {key: text(value) for key, value in (node.get("inputs") or {}).items()}
    if task not in TASK_INPUTS:
        raise PipelineError(f"no stand-in for the task '{task}'")
    refuse_keys(inputs, TASK_INPUTS[task], f"the task '{task}'")
    if task == "PublishPipelineArtifact@1":
        return read_inputs("publish", {"publish": inputs.get("targetPath", ""), **inputs})
    if task != "AzureCLI@2":
        return "nothing", inputs
    if not inputs.get("azureSubscription"):
        raise PipelineError("AzureCLI@2 needs an azureSubscription")
    if (inputs.get("scriptType"), inputs.get("scriptLocation")) != ("bash", "inlineScript"):
        raise PipelineError("no stand-in for an AzureCLI@2 that is not inline bash")
    script = {"script": inputs["inlineScript"], "connection": inputs["azureSubscription"]}
    more = {key: inputs.get(key, "") for key in ("workingDirectory", "addSpnToEnvironment")}
    return "script", {**script, **more}
