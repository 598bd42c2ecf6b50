"""A small pipeline that is sound, and changes to it: broken.yml with what we say of each, and sound.yml.

A change says by file what to put in the place of which text.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from conftest import edit

FILES = {
    "pipelines/train.yml": """
type: pipeline
experiment_name: train
settings:
  default_compute: azureml:cpu-cluster
inputs:
  data: {type: uri_folder, path: ../data}
  weather: {type: uri_file, path: ../data/weather.csv}
  rate: 0.1
  kind: linear
outputs:
  rows: {type: uri_folder}
  model: {type: uri_folder}
jobs:
  fit:
    type: command
    component: components/fit.yml
    inputs:
      rows: ${{parent.jobs.prepare.outputs.rows}}
      rate: ${{parent.inputs.rate}}
      kind: ${{parent.inputs.kind}}
    outputs:
      model: ${{parent.outputs.model}}
  prepare:
    type: command
    component: components/prepare.yml
    inputs:
      data: ${{parent.inputs.data}}
      weather: ${{parent.inputs.weather}}
    outputs:
      rows: ${{parent.outputs.rows}}
""",
    "pipelines/components/prepare.yml": """
type: command
name: prepare
inputs:
  data: {type: uri_folder}
  weather: {type: uri_file}
outputs:
  rows: {type: uri_folder}
code: ../..
environment: azureml:training:1
command: python -m steps.prepare ${{inputs.data}} --weather ${{inputs.weather}} ${{outputs.rows}}
""",
    "pipelines/components/fit.yml": """
type: command
name: fit
inputs:
  rows: {type: uri_folder}
  rate: {type: number, min: 0, max: 1}
  kind: {type: string, enum: [linear, tree]}
  rounds: {type: integer, default: 10}
  verbose: {type: boolean, default: false}
  champion: {type: uri_folder, optional: true}
outputs:
  model: {type: uri_folder}
code: ../..
environment: {build: {path: ../image}}
command: >-
  python -m steps.fit ${{inputs.rows}} --rate ${{inputs.rate}} --kind ${{inputs.kind}} --rounds ${{inputs.rounds}}
  --verbose ${{inputs.verbose}} $[[--champion ${{inputs.champion}}]] ${{outputs.model}}
""",
    "pipelines/environment.yml": "image: ubuntu:24.04\nconda_file: conda.yml\n",
    "pipelines/conda.yml": "dependencies: [python=3.11]\n",
    "pipelines/image/Dockerfile": "FROM ubuntu:24.04\n",
    "data/weather.csv": "hour,wind\n",
}


def write_pipeline(folder):
    """The sound pipeline in that folder."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def change(folder, edits):
    """Edit the pipeline in that folder."""
    for name, texts in edits.items():
        (path,) = folder.rglob(name)
        for old, new in texts.items():
            edit(path, old, new)


@dataclass(frozen=True)
class Change:
    """says: our whole message, without the folder pipelines/; empty where the pipeline is let through."""

    edits: dict[str, dict[str, str]]
    says: str = ""


def changes(content):
    """The changes by name."""
    return {name: Change(keys, keys.pop("says", "")) for name, keys in content.items()}


def read(name):
    return yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))


broken = {kind: changes(content) for kind, content in read("broken.yml").items()}
ACCEPTED = {**broken["accepts"], **broken["runs"]}  # by the SDK
OURS = {**ACCEPTED, **broken["refuses"]}
LEFT = broken["left"]
SOUND = changes(read("sound.yml"))
