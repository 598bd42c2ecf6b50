"""A pipeline's file with its components: every piece checked for itself, then their wiring."""

import re
from collections.abc import Iterable
from graphlib import CycleError
from pathlib import Path
from typing import Any

from mlops.pipeline.component import check_names, only_command, read_component
from mlops.pipeline.graph import Job, Pipeline, in_order
from mlops.pipeline.keys import DataInput, DataOutput, JobKeys, PipelineKeys
from mlops.pipeline.literals import is_literal
from mlops.pipeline.place import Place
from mlops.pipeline.references import MARK, check_environment, data_path
from mlops.pipeline.wiring import Node, Wiring
from mlops.settings.reading import read_yaml

JOB_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def load_pipeline(path: Path) -> Pipeline:
    """The pipeline, wired and in running order. UserError naming the file and the key of the first mistake."""
    place = Place(path)
    keys = place.read(PipelineKeys, read_yaml(path))
    check_names(place.at("inputs"), keys.inputs)
    check_names(place.at("outputs"), keys.outputs)
    check_names(place.at("jobs"), keys.jobs, JOB_NAME)
    given = {name: read_input(place.at("inputs", name), value) for name, value in keys.inputs.items()}
    for name, value in keys.outputs.items():
        place.at("outputs", name).read(DataOutput, value or {})
    anywhere = bool(keys.compute or keys.settings.default_compute)
    nodes = {name: read_node(place.at("jobs", name), node, anywhere) for name, node in keys.jobs.items()}
    jobs = Wiring(given, keys.outputs.keys(), nodes).jobs()
    check_written(place.at("outputs"), keys.outputs, jobs)
    try:
        return Pipeline({name: text_of(value) for name, value in given.items()}, in_order(jobs))
    except CycleError as error:
        raise place.at("jobs").mistake(f"they wait for each other: {' -> '.join(error.args[1])}") from None


def read_input(place: Place, value: Any) -> Any:
    """An input of the pipeline: a literal as it stands, or data with its path found."""
    if isinstance(value, str) and MARK in value:
        raise place.mistake(f"an input of the pipeline refers to nothing, got {value!r}")
    if is_literal(value):
        return value
    data = place.read(DataInput, value)
    if data.path is None:
        return data
    return data.model_copy(update={"path": data_path(place.at("path"), data.path, data.type)})


def read_node(place: Place, content: Any, has_compute: bool) -> Node:
    """One of the pipeline's jobs with its component."""
    only_command(place, content)
    keys = place.read(JobKeys, content)
    if not (has_compute or keys.compute):
        raise place.at("compute").mistake("missing; set it here, or settings.default_compute for all jobs")
    if keys.environment is not None:
        check_environment(place.at("environment"), keys.environment)
    return Node(place, keys, read_component(place.at("component"), keys.component))


def check_written(place: Place, outputs: Iterable[str], jobs: Iterable[Job]) -> None:
    """UserError when an output of the pipeline is written by no job, or by more than one."""
    for name in outputs:
        writers = [job.name for job in jobs for output in job.outputs.values() if output == name]
        if len(writers) != 1:
            raise place.at(name).mistake(f"exactly one job has to write it, got {', '.join(writers) or 'none'}")


def text_of(value: Any) -> str | None:
    """An input as it is handed to a command; None where it has to be given."""
    return value.path if isinstance(value, DataInput) else str(value)
