"""A pipeline's file with its components: every piece checked for itself, then how they are wired."""

import re
from collections.abc import Mapping
from dataclasses import replace
from graphlib import CycleError
from pathlib import Path

from mlops.platform.pipeline.component import check_asset, check_fit, image_of, read_component, type_of
from mlops.platform.pipeline.graph import Job, Pipeline, Source, in_order
from mlops.platform.pipeline.node import Node
from mlops.settings.reading import read_yaml

JOB_NAME = r"[a-z_][a-z0-9_]*"
RUN_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}"
MARK = "${{"
ELSEWHERE = re.compile(r"(azureml|https?|wasbs?|abfss?):")

Sources = Mapping[str, tuple[Source, Node]]  # what an input may refer to, by its reference


def load_pipeline(path: Path) -> Pipeline:
    """The pipeline, wired and in running order. UserError naming the file and the key of the first mistake."""
    root = Node(path, read_yaml(path)).check("pipeline")
    root.at("type").read(str)
    root.at("settings").check("settings")
    for key in ("name", "experiment_name"):
        root.at(key).check_name(RUN_NAME)
    inputs = {name: text_of(node) for name, node in root.at("inputs").children().items()}
    jobs = wired(root)
    for name, output in root.at("outputs").children().items():
        output.check("output")
        writers = [job.name for job in jobs for target in job.outputs.values() if target == name]
        if len(writers) != 1:
            raise output.mistake(f"exactly one job has to write it, got {', '.join(writers) or 'none'}")
    try:
        return Pipeline(inputs, in_order(jobs))
    except CycleError as error:
        raise root.at("jobs").mistake(f"they wait for each other: {' -> '.join(error.args[1])}") from None


def text_of(node: Node) -> str | None:
    """An input as a command is given it: a literal, an address or an absolute path. None where the run gives it."""
    kind = type_of(node)
    if not isinstance(node.value, dict):
        if MARK in str(node.value):
            raise node.mistake(f"must be data or a literal, not a reference, got {node.value!r}")
        return str(node.value)
    path = node.check("data").at("path")
    if path.value is None:
        return None
    if not ELSEWHERE.match(path.read(str)):
        return str(path.path("file" if kind == "uri_file" else "folder").resolve())
    if path.value.startswith("azureml:"):
        check_asset(path)
    return str(path.value)


def wired(root: Node) -> list[Job]:
    """The pipeline's jobs. UserError naming the first that is wrong, or whose ends hang loose or do not fit."""
    root.at("jobs").read(dict)
    nodes = root.at("jobs").children(JOB_NAME)
    anywhere = root.at("compute").value or root.at("settings").at("default_compute").value
    components = {name: read_job(node, bool(anywhere)) for name, node in nodes.items()}
    given = root.at("inputs").children()
    sources = {f"${{{{parent.inputs.{name}}}}}": (Source("", name), node) for name, node in given.items()}
    for job, component in components.items():
        for name, output in component.at("outputs").children().items():
            sources[f"${{{{parent.jobs.{job}.outputs.{name}}}}}"] = Source(job, name), output
    targets = {f"${{{{parent.outputs.{name}}}}}": name for name in root.at("outputs").children()}
    return [wired_job(name, node, components[name], sources, targets) for name, node in nodes.items()]


def read_job(job: Node, has_compute: bool) -> Node:
    """The job's component."""
    if not (job.check("job").at("compute").value or has_compute):
        raise job.at("compute").mistake("missing; set it here, or settings.default_compute for all jobs")
    return read_component(job.at("component"))


def wired_job(name: str, job: Node, component: Node, sources: Sources, targets: Mapping[str, str]) -> Job:
    """The job with what its inputs and outputs lead to, which are those that its component has."""
    ports, outputs = component.at("inputs").children(), component.at("outputs").children()
    for kind, known in {"inputs": ports, "outputs": outputs}.items():
        for key, node in job.at(kind).children().items():
            replace(node, value=key).one_of(known)
    inputs = {key: source_of(job.at("inputs").at(key), port, sources) for key, port in ports.items()}
    environment = job.at("environment")
    return Job(
        name,
        component.at("command").read(str),
        {key: source for key, source in inputs.items() if source is not None},
        frozenset(key for key, port in ports.items() if port.at("optional").value),
        {key: targets[reference_of(job.at("outputs").at(key), "output").one_of(targets)] for key in outputs},
        {key: str(value) for key, value in job.at("environment_variables").read(dict, {}).items()},
        image_of(environment if environment.value is not None else component.at("environment")),
    )


def reference_of(node: Node, level: str) -> Node:
    """What refers to something: this, or the path in this mapping."""
    return node.check(level).at("path") if isinstance(node.value, dict) else node


def source_of(node: Node, port: Node, sources: Sources) -> Source | str | None:
    """What an input is wired to, or the literal or path that it is. None where an optional one is left out."""
    default = port.at("default").value
    if node.value is None:
        if default is None and not port.at("optional").value:
            raise node.mistake("missing")
        return None if default is None else str(default)
    reference = reference_of(node, "data")
    if MARK in str(reference.value):
        source, origin = sources[reference.one_of(sources)]
        check_fit(node, origin, port)
        return source
    check_fit(node, node, port)
    text = text_of(node)
    if text is None:
        raise reference.mistake("missing")
    return text
