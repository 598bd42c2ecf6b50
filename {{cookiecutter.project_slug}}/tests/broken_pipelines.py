"""A small pipeline that is sound, and a table of ways to break it: what we say, and whether the SDK takes it.

edit: texts and what to put in their place, by file. says: our whole message. sdk: what loading and validating the
pipeline and its components comes to. rule: ours, where Azure ML itself may well run it, and this project does not.
"""

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
environment: {build: {path: ../environment}}
command: >-
  python -m steps.fit ${{inputs.rows}} --rate ${{inputs.rate}} --kind ${{inputs.kind}} --rounds ${{inputs.rounds}}
  --verbose ${{inputs.verbose}} $[[--champion ${{inputs.champion}}]] ${{outputs.model}}
""",
    "pipelines/environment.yml": "image: ubuntu:24.04\nconda_file: conda.yml\n",
    "pipelines/conda.yml": "dependencies: [python=3.11]\n",
    "pipelines/environment/Dockerfile": "FROM ubuntu:24.04\n",
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
        for old, new in zip(texts[::2], texts[1::2], strict=True):
            edit(path, old, new)


BROKEN = yaml.safe_load(r"""
- name: a key of the pipeline is misspelt
  edit: {train.yml: ['experiment_name: train', 'experimnt_name: train']}
  says: >-
    pipelines/train.yml: experimnt_name: unknown key
  sdk: refuses
- name: the pipeline has no type
  edit: {train.yml: ["type: pipeline\n", '']}
  says: >-
    pipelines/train.yml: type: missing
  sdk: refuses
- name: the pipeline is of another type
  edit: {train.yml: ['type: pipeline', 'type: command']}
  says: >-
    pipelines/train.yml: type: Input should be 'pipeline', got 'command'
  sdk: refuses
- name: the key of the jobs is misspelt
  edit: {train.yml: ["jobs:\n  fit:", "jobz:\n  fit:"]}
  says: >-
    pipelines/train.yml: jobz: unknown key
  sdk: refuses
- name: the YAML does not parse
  edit: {train.yml: ['path: ../data}', 'path: ../data']}
  says: >-
    pipelines/train.yml: not valid YAML (while parsing a flow mapping in "<unicode string>", line 7, column 9
    did not find expected ',' or '}' in "<unicode string>", line 8, column 10)
  sdk: refuses
- name: a job stands twice
  edit: {train.yml: ["  prepare:\n", "  fit:\n"]}
  says: >-
    pipelines/train.yml: not valid YAML ('fit' stands here twice in "<unicode string>", line 24, column 3)
  sdk: accepts
- name: a key is empty
  edit: {train.yml: ['experiment_name: train', 'experiment_name:']}
  says: >-
    pipelines/train.yml: experiment_name: has no value; give it one or take it out
  sdk: refuses
- name: the experiment's name is refused
  edit: {train.yml: ['experiment_name: train', 'experiment_name: my training']}
  says: >-
    pipelines/train.yml: experiment_name: String should match pattern '^[A-Za-z0-9][A-Za-z0-9_-]{0,255}$', got
    'my training'
  sdk: accepts
- name: a tag is a number
  edit: {train.yml: ['experiment_name: train', 'tags: {year: 2013}']}
  says: >-
    pipelines/train.yml: tags.year: Input should be a valid string, got 2013
  sdk: refuses
- name: a setting is misspelt
  edit: {train.yml: ['default_compute:', "continue_on_failure: true\n  default_compute:"]}
  says: >-
    pipelines/train.yml: settings.continue_on_failure: unknown key
  sdk: accepts
- name: the default compute lacks its prefix
  edit: {train.yml: ['azureml:cpu-cluster', 'cpu-cluster']}
  says: >-
    pipelines/train.yml: settings.default_compute: String should match pattern '^(serverless|azureml:.+)$', got
    'cpu-cluster'
  sdk: refuses
- name: a setting is of the wrong type
  edit: {train.yml: ['default_compute:', "force_rerun: often\n  default_compute:"]}
  says: >-
    pipelines/train.yml: settings.force_rerun: Input should be a valid boolean, got 'often'
  sdk: refuses
- name: no compute anywhere
  edit: {train.yml: ["settings:\n  default_compute: azureml:cpu-cluster\n", '']}
  says: >-
    pipelines/train.yml: jobs.fit.compute: missing; set it here, or settings.default_compute for all jobs
  sdk: refuses
- name: an input's name is refused
  edit: {train.yml: ['  rate: 0.1', '  learning-rate: 0.1']}
  says: >-
    pipelines/train.yml: inputs.learning-rate: this name is refused by Azure ML; it must match
    [A-Za-z_][A-Za-z0-9_]*
  sdk: accepts
- name: an input's type is misspelt
  edit: {train.yml: ['data: {type: uri_folder', 'data: {type: uri_foldr']}
  says: >-
    pipelines/train.yml: inputs.data.type: Input should be 'uri_folder', 'mltable', 'mlflow_model',
    'custom_model', 'triton_model' or 'uri_file', got 'uri_foldr'
  sdk: refuses
- name: an input has an unknown key
  edit: {train.yml: ['path: ../data}', 'path: ../data, optional: true}']}
  says: >-
    pipelines/train.yml: inputs.data.optional: unknown key
  sdk: refuses
- name: an input's folder is missing
  edit: {train.yml: ['path: ../data}', 'path: ../dta}']}
  says: >-
    pipelines/train.yml: inputs.data.path: ../dta does not exist, seen from pipelines
  sdk: accepts
- name: an input's folder is a file
  edit: {train.yml: ['path: ../data}', 'path: ../data/weather.csv}']}
  says: >-
    pipelines/train.yml: inputs.data.path: ../data/weather.csv is a file, and a folder is wanted
  sdk: accepts
- name: an input's file is a folder
  edit: {train.yml: ['path: ../data/weather.csv', 'path: ../data']}
  says: >-
    pipelines/train.yml: inputs.weather.path: ../data is a folder, and a file is wanted
  sdk: accepts
- name: a data asset without a version
  edit: {train.yml: ['path: ../data}', 'path: azureml:flights}']}
  says: >-
    pipelines/train.yml: inputs.data.path: azureml:flights names no version; write azureml:<name>:<version> or
    azureml:<name>@<label>
  sdk: accepts
- name: an input's mode is unknown
  edit: {train.yml: ['path: ../data}', 'path: ../data, mode: copy}']}
  says: >-
    pipelines/train.yml: inputs.data.mode: Input should be 'download', 'ro_mount', 'direct', 'eval_mount' or
    'eval_download', got 'copy'
  sdk: refuses
- name: an input is a list
  edit: {train.yml: ['rate: 0.1', 'rate: [0.1, 0.2]']}
  says: >-
    pipelines/train.yml: inputs.rate: expected keys and values, got [0.1, 0.2]
  sdk: refuses
- name: an input refers to another
  edit: {train.yml: ['kind: linear', 'kind: ${{parent.inputs.rate}}']}
  says: >-
    pipelines/train.yml: inputs.kind: an input of the pipeline refers to nothing, got '${{parent.inputs.rate}}'
  sdk: accepts
- name: an output's name is refused
  edit: {train.yml: ["outputs:\n  rows:", "outputs:\n  my-rows:"]}
  says: >-
    pipelines/train.yml: outputs.my-rows: this name is refused by Azure ML; it must match [A-Za-z_][A-Za-z0-9_]*
  sdk: accepts
- name: an output's type is misspelt
  edit: {train.yml: ['  model: {type: uri_folder}', '  model: {type: folder}']}
  says: >-
    pipelines/train.yml: outputs.model.type: Input should be 'uri_folder', 'mltable', 'mlflow_model',
    'custom_model' or 'triton_model', got 'folder'
  sdk: refuses
- name: an output that no job writes
  edit: {train.yml: ['  rows: {type: uri_folder}', "  rows: {type: uri_folder}\n  report: {type: uri_folder}"]}
  says: >-
    pipelines/train.yml: outputs.report: exactly one job has to write it, got none
  sdk: accepts
- name: an output that two jobs write
  edit:
    train.yml:
      - 'rows: ${{parent.outputs.rows}}'
      - 'rows: ${{parent.outputs.model}}'
      - "  rows: {type: uri_folder}\n"
      - ''
  says: >-
    pipelines/train.yml: outputs.model: exactly one job has to write it, got fit, prepare
  sdk: accepts
- name: a job's name is refused
  edit: {train.yml: ["jobs:\n  fit:", "jobs:\n  Fit:"]}
  says: >-
    pipelines/train.yml: jobs.Fit: this name is refused by Azure ML; it must match [a-z_][a-z0-9_]*
  sdk: refuses
- name: a job has no type
  edit: {train.yml: ["    type: command\n    component: components/fit.yml", '    component: components/fit.yml']}
  says: >-
    pipelines/train.yml: jobs.fit.type: missing
  sdk: accepts
  rule: ours
- name: a job is of another type
  edit:
    train.yml:
      - "    type: command\n    component: components/fit.yml"
      - "    type: sweep\n    trial: components/fit.yml"
  says: >-
    pipelines/train.yml: jobs.fit.type: only command jobs and components can be run, got 'sweep'
  sdk: refuses
- name: a job has no component
  edit: {train.yml: ["    component: components/fit.yml\n", '']}
  says: >-
    pipelines/train.yml: jobs.fit.component: missing
  sdk: refuses
- name: a key of a job is misspelt
  edit: {train.yml: ['component: components/fit.yml', "component: components/fit.yml\n    computte: azureml:gpu"]}
  says: >-
    pipelines/train.yml: jobs.fit.computte: unknown key
  sdk: accepts
- name: a job's limit is misspelt
  edit: {train.yml: ['component: components/fit.yml', "component: components/fit.yml\n    limits: {timout: 60}"]}
  says: >-
    pipelines/train.yml: jobs.fit.limits.timout: unknown key
  sdk: refuses
- name: a job's resources are of the wrong type
  edit:
    train.yml:
      - 'component: components/fit.yml'
      - |-
        component: components/fit.yml
            resources: {instance_count: two}
  says: >-
    pipelines/train.yml: jobs.fit.resources.instance_count: Input should be a valid integer, got 'two'
  sdk: refuses
- name: the component's file is missing
  edit: {train.yml: ['components/fit.yml', 'components/fti.yml']}
  says: >-
    pipelines/train.yml: jobs.fit.component: components/fti.yml does not exist, seen from pipelines
  sdk: refuses
- name: the component's file is a folder
  edit: {train.yml: ['components/fit.yml', 'components']}
  says: >-
    pipelines/train.yml: jobs.fit.component: components is a folder, and a file is wanted
  sdk: refuses
- name: the component is in a workspace
  edit: {train.yml: ['components/fit.yml', 'azureml:fit:1']}
  says: >-
    pipelines/train.yml: jobs.fit.component: azureml:fit:1 is in a workspace, and this machine cannot run it;
    name the component's file
  sdk: accepts
  rule: ours
- name: an unknown input of the pipeline
  edit: {train.yml: ['${{parent.inputs.data}}', '${{parent.inputs.dta}}']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data: the pipeline has no input 'dta'; it has data, weather, rate,
    kind
  sdk: accepts
- name: an unknown job
  edit: {train.yml: ['parent.jobs.prepare.outputs', 'parent.jobs.prepar.outputs']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rows: the pipeline has no job 'prepar'; it has fit, prepare
  sdk: accepts
- name: an unknown output of a job
  edit: {train.yml: ['prepare.outputs.rows', 'prepare.outputs.row']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rows: prepare has no output 'row'; it has rows
  sdk: accepts
- name: an unknown output of the pipeline
  edit: {train.yml: ['${{parent.outputs.model}}', '${{parent.outputs.modl}}']}
  says: >-
    pipelines/train.yml: jobs.fit.outputs.model: the pipeline has no output 'modl'; it has rows, model
  sdk: accepts
- name: an unknown input of the component
  edit: {train.yml: ['      kind: $', '      kidn: $']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.kidn: the component has no input 'kidn'; it has rows, rate, kind,
    rounds, verbose, champion
  sdk: refuses
- name: an unknown output of the component
  edit: {train.yml: ['      model: $', '      modl: $']}
  says: >-
    pipelines/train.yml: jobs.fit.outputs.modl: the component has no output 'modl'; it has model
  sdk: accepts
- name: an input of the component is not bound
  edit: {train.yml: ["      rate: ${{parent.inputs.rate}}\n", '']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rate: missing
  sdk: refuses
- name: an output of the component is not bound
  edit: {train.yml: ["    outputs:\n      model: ${{parent.outputs.model}}\n", '']}
  says: >-
    pipelines/train.yml: jobs.fit.outputs.model: missing; make it an output of the pipeline
  sdk: accepts
  rule: ours
- name: a reference with spaces to an output
  edit: {train.yml: ['${{parent.outputs.model}}', '${{ parent.outputs.model }}']}
  says: >-
    pipelines/train.yml: jobs.fit.outputs.model: must be ${{parent.outputs.<name>}}, without spaces or text
    around it, got '${{ parent.outputs.model }}'
  sdk: accepts
- name: a reference with text around it
  edit: {train.yml: ['${{parent.inputs.data}}', '${{parent.inputs.data}}/2013']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data: a reference is ${{parent.inputs.<name>}} or
    ${{parent.jobs.<job>.outputs.<name>}}, without spaces or text around it, got '${{parent.inputs.data}}/2013'
  sdk: accepts
- name: a reference without parent
  edit: {train.yml: ['${{parent.inputs.data}}', '${{inputs.data}}']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data: a reference is ${{parent.inputs.<name>}} or
    ${{parent.jobs.<job>.outputs.<name>}}, without spaces or text around it, got '${{inputs.data}}'
  sdk: accepts
- name: an output that is a path
  edit: {train.yml: ['${{parent.outputs.model}}', '../out/model']}
  says: >-
    pipelines/train.yml: jobs.fit.outputs.model: must be ${{parent.outputs.<name>}}, without spaces or text
    around it, got '../out/model'
  sdk: refuses
- name: a job reads its own output
  edit: {train.yml: ['parent.jobs.prepare.outputs.rows', 'parent.jobs.fit.outputs.model']}
  says: >-
    pipelines/train.yml: jobs: they wait for each other: fit -> fit
  sdk: accepts
- name: two jobs wait for each other
  edit: {train.yml: ['data: ${{parent.inputs.data}}', 'data: ${{parent.jobs.fit.outputs.model}}']}
  says: >-
    pipelines/train.yml: jobs: they wait for each other: fit -> prepare -> fit
  sdk: accepts
- name: a file where a folder is wanted
  edit: {train.yml: ['data: ${{parent.inputs.data}}', 'data: ${{parent.inputs.weather}}']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data: is a uri_file, and the component takes a uri_folder
  sdk: accepts
- name: an output where a file is wanted
  edit:
    prepare.yml:
      - 'data: {type: uri_folder}'
      - 'data: {type: uri_file}'
    train.yml:
      - 'data: ${{parent.inputs.data}}'
      - 'data: ${{parent.jobs.fit.outputs.model}}'
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data: is a uri_folder, and the component takes a uri_file
  sdk: accepts
- name: a literal where data is wanted
  edit: {train.yml: ['data: ${{parent.inputs.data}}', 'data: ${{parent.inputs.kind}}']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data: is 'linear', and the component takes a uri_folder
  sdk: accepts
- name: a path where a reference is wanted
  edit: {train.yml: ['data: ${{parent.inputs.data}}', 'data: ../data']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data: is '../data', and the component takes a uri_folder
  sdk: accepts
- name: data where a literal is wanted
  edit: {train.yml: ['kind: ${{parent.inputs.kind}}', 'kind: ${{parent.inputs.data}}']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.kind: is a uri_folder, and the component takes a string
  sdk: accepts
- name: data of a job without a path
  edit: {train.yml: ['data: ${{parent.inputs.data}}', 'data: {type: uri_folder}']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data.path: missing
  sdk: accepts
- name: data of a job that is missing
  edit: {train.yml: ['data: ${{parent.inputs.data}}', 'data: {type: uri_folder, path: ../dta}']}
  says: >-
    pipelines/train.yml: jobs.prepare.inputs.data.path: ../dta does not exist, seen from pipelines
  sdk: accepts
- name: text where a number is wanted
  edit: {train.yml: ['rate: 0.1', 'rate: high']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rate: must be of type number, got 'high'
  sdk: accepts
- name: a boolean where a number is wanted
  edit: {train.yml: ['rate: 0.1', 'rate: true']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rate: must be of type number, got True
  sdk: accepts
- name: a number below the minimum
  edit: {train.yml: ['rate: 0.1', 'rate: -0.1']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rate: must be at least 0, got -0.1
  sdk: accepts
- name: a number above the maximum
  edit: {train.yml: ['rate: ${{parent.inputs.rate}}', 'rate: 1.5']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rate: must be at most 1, got 1.5
  sdk: accepts
- name: a text that is none of the choices
  edit: {train.yml: ['kind: linear', 'kind: cubic']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.kind: must be one of linear, tree, got 'cubic'
  sdk: accepts
- name: a text that YAML takes for a boolean
  edit: {train.yml: ['kind: linear', 'kind: no']}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.kind: must be of type string, got False; quote it
  sdk: accepts
- name: a fraction where an integer is wanted
  edit: {train.yml: ['      rate: $', "      rounds: 10.5\n      rate: $"]}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.rounds: must be of type integer, got 10.5
  sdk: accepts
- name: a number where a boolean is wanted
  edit: {train.yml: ['      rate: $', "      verbose: 1\n      rate: $"]}
  says: >-
    pipelines/train.yml: jobs.fit.inputs.verbose: must be of type boolean, got 1
  sdk: accepts
- name: a key of the component is misspelt
  edit: {fit.yml: ['name: fit', "name: fit\ndescripton: Fits."]}
  says: >-
    pipelines/components/fit.yml: descripton: unknown key
  sdk: accepts
- name: the component has no type
  edit: {fit.yml: ["type: command\n", '']}
  says: >-
    pipelines/components/fit.yml: type: missing
  sdk: accepts
  rule: ours
- name: the component is of another type
  edit: {fit.yml: ["type: command\n", "type: parallel\n"]}
  says: >-
    pipelines/components/fit.yml: type: only command jobs and components can be run, got 'parallel'
  sdk: refuses
- name: the component's name is refused
  edit: {fit.yml: ['name: fit', 'name: Fit-model']}
  says: >-
    pipelines/components/fit.yml: name: String should match pattern '^[a-z][a-z0-9_]*$', got 'Fit-model'
  sdk: refuses
- name: the component has no command
  edit:
    prepare.yml:
      - "command: python -m steps.prepare ${{inputs.data}} --weather ${{inputs.weather}} ${{outputs.rows}}\n"
      - ''
  says: >-
    pipelines/components/prepare.yml: command: missing
  sdk: refuses
- name: the component has no environment
  edit: {prepare.yml: ["environment: azureml:training:1\n", '']}
  says: >-
    pipelines/components/prepare.yml: environment: missing
  sdk: refuses
- name: the component's YAML does not parse
  edit: {fit.yml: ['enum: [linear, tree]', 'enum: [linear, tree']}
  says: >-
    pipelines/components/fit.yml: not valid YAML (while parsing a flow sequence in "<unicode string>", line 7,
    column 30 did not find expected ',' or ']' in "<unicode string>", line 7, column 43)
  sdk: refuses
- name: the component's input has no type
  edit: {fit.yml: ['{type: uri_folder, optional: true}', '{optional: true}']}
  says: >-
    pipelines/components/fit.yml: inputs.champion.type: missing
  sdk: refuses
- name: an input that the job binds twice
  edit: {train.yml: ['      kind: $', "      rate: 0.2\n      kind: $"]}
  says: >-
    pipelines/train.yml: not valid YAML ('rate' stands here twice in "<unicode string>", line 21, column 7)
  sdk: accepts
- name: the component's input is of an unknown type
  edit: {fit.yml: ['{type: number, min: 0, max: 1}', '{type: float, min: 0, max: 1}']}
  says: >-
    pipelines/components/fit.yml: inputs.rate.type: must be one of uri_folder, mltable, mlflow_model,
    custom_model, triton_model, uri_file, number, integer, boolean, string, got 'float'
  sdk: refuses
- name: the component's input has an unknown key
  edit: {fit.yml: ['min: 0, max: 1', 'minimum: 0, max: 1']}
  says: >-
    pipelines/components/fit.yml: inputs.rate.minimum: unknown key
  sdk: refuses
- name: the component's input has a name that is refused
  edit: {prepare.yml: ['  weather: {', '  the weather: {']}
  says: >-
    pipelines/components/prepare.yml: inputs.the weather: this name is refused by Azure ML; it must match
    [A-Za-z_][A-Za-z0-9_]*
  sdk: refuses
- name: the component's output is a file
  edit: {fit.yml: ["outputs:\n  model: {type: uri_folder}", "outputs:\n  model: {type: uri_file}"]}
  says: >-
    pipelines/components/fit.yml: outputs.model.type: Input should be 'uri_folder', 'mltable', 'mlflow_model',
    'custom_model' or 'triton_model', got 'uri_file'
  sdk: accepts
  rule: ours
- name: the component's output is a literal
  edit: {fit.yml: ["outputs:\n  model: {type: uri_folder}", "outputs:\n  model: {type: string}"]}
  says: >-
    pipelines/components/fit.yml: outputs.model.type: Input should be 'uri_folder', 'mltable', 'mlflow_model',
    'custom_model' or 'triton_model', got 'string'
  sdk: accepts
  rule: ours
- name: a default below the minimum
  edit: {fit.yml: ['min: 0, max: 1', 'min: 0, max: 1, default: -1']}
  says: >-
    pipelines/components/fit.yml: inputs.rate.default: must be at least 0, got -1
  sdk: accepts
- name: a default that is none of the choices
  edit: {fit.yml: ['enum: [linear, tree]', 'enum: [linear, tree], default: cubic']}
  says: >-
    pipelines/components/fit.yml: inputs.kind.default: must be one of linear, tree, got 'cubic'
  sdk: accepts
- name: a default of the wrong type
  edit: {fit.yml: ['default: 10', 'default: ten']}
  says: >-
    pipelines/components/fit.yml: inputs.rounds.default: must be of type integer, got 'ten'
  sdk: refuses
- name: a minimum for a text
  edit: {fit.yml: ['enum: [linear, tree]', 'min: 1']}
  says: >-
    pipelines/components/fit.yml: inputs.kind.min: is for a number or integer, and this is a string
  sdk: refuses
- name: choices that are numbers
  edit: {fit.yml: ['min: 0, max: 1', 'enum: [1, 2]']}
  says: >-
    pipelines/components/fit.yml: inputs.rate.enum.0: Input should be a valid string, got 1
  sdk: refuses
- name: the command names an input that is not declared
  edit: {prepare.yml: ['${{inputs.data}}', '${{inputs.dta}}']}
  says: >-
    pipelines/components/prepare.yml: command: the component has no placeholder 'inputs.dta'; it has
    inputs.data, inputs.weather, outputs.rows
  sdk: refuses
- name: the command names an output that is not declared
  edit: {prepare.yml: ['${{outputs.rows}}', '${{outputs.row}}']}
  says: >-
    pipelines/components/prepare.yml: command: the component has no placeholder 'outputs.row'; it has
    inputs.data, inputs.weather, outputs.rows
  sdk: refuses
- name: the command does not use an input
  edit: {prepare.yml: [' --weather ${{inputs.weather}}', '']}
  says: >-
    pipelines/components/prepare.yml: inputs.weather: the command does not use it
  sdk: accepts
  rule: ours
- name: the command does not use an output
  edit: {prepare.yml: [' ${{outputs.rows}}', '']}
  says: >-
    pipelines/components/prepare.yml: outputs.rows: the command does not use it
  sdk: accepts
  rule: ours
- name: the command always names an optional input
  edit: {fit.yml: ['$[[--champion ${{inputs.champion}}]]', '--champion ${{inputs.champion}}']}
  says: >-
    pipelines/components/fit.yml: inputs.champion: is optional, so the command may name it within $[[...]] only
  sdk: accepts
- name: the command needs a shell
  edit: {prepare.yml: ['command: python', 'command: mkdir rows && python']}
  says: >-
    pipelines/components/prepare.yml: command: && needs a shell; a step is one program with its arguments
  sdk: accepts
  rule: ours
- name: the command has several lines
  edit: {fit.yml: ['command: >-', 'command: |']}
  says: >-
    pipelines/components/fit.yml: command: must be one line; write it with >- instead of |
  sdk: accepts
  rule: ours
- name: a quote in the command does not close
  edit: {prepare.yml: ['--weather ', '--weather "']}
  says: >-
    pipelines/components/prepare.yml: command: cannot be read: no closing quotation
  sdk: accepts
- name: the code's folder is missing
  edit: {fit.yml: ['code: ../..', 'code: ../../source']}
  says: >-
    pipelines/components/fit.yml: code: ../../source does not exist, seen from pipelines/components
  sdk: refuses
- name: the code is a file
  edit: {fit.yml: ['code: ../..', 'code: fit.yml']}
  says: >-
    pipelines/components/fit.yml: code: fit.yml is a file, and a folder is wanted
  sdk: accepts
  rule: ours
- name: the code is elsewhere
  edit: {fit.yml: ['code: ../..', 'code: git+https://example.org/code']}
  says: >-
    pipelines/components/fit.yml: code: git+https://example.org/code is not on this machine; name a folder
  sdk: refuses
- name: an environment without a version
  edit: {prepare.yml: ['azureml:training:1', 'azureml:training']}
  says: >-
    pipelines/components/prepare.yml: environment: azureml:training names no version; write
    azureml:<name>:<version> or azureml:<name>@<label>
  sdk: accepts
- name: an environment without a prefix
  edit: {prepare.yml: ['azureml:training:1', 'training:1']}
  says: >-
    pipelines/components/prepare.yml: environment: write azureml:<name>:<version>, file:<path> or {build: {path:
    ...}}, got 'training:1'
  sdk: refuses
- name: the environment's file is missing
  edit: {prepare.yml: ['azureml:training:1', 'file:../enviroment.yml']}
  says: >-
    pipelines/components/prepare.yml: environment: ../enviroment.yml does not exist, seen from
    pipelines/components
  sdk: refuses
- name: a key of the environment's file is misspelt
  edit: {prepare.yml: ['azureml:training:1', 'file:../environment.yml'], environment.yml: ['image:', 'imge:']}
  says: >-
    pipelines/environment.yml: imge: unknown key
  sdk: refuses
- name: the conda file is missing
  edit: {prepare.yml: ['azureml:training:1', 'file:../environment.yml'], environment.yml: ['conda.yml', 'cnda.yml']}
  says: >-
    pipelines/environment.yml: conda_file: cnda.yml does not exist, seen from pipelines
  sdk: refuses
- name: the build context is missing
  edit: {fit.yml: ['../environment}', '../enviroment}']}
  says: >-
    pipelines/components/fit.yml: environment.build.path: ../enviroment does not exist, seen from
    pipelines/components
  sdk: refuses
- name: the build context has no such Dockerfile
  edit: {fit.yml: ['path: ../environment', 'path: ../environment, dockerfile_path: Dockerfile.gpu']}
  says: >-
    pipelines/components/fit.yml: environment.build.path: ../environment holds no Dockerfile.gpu
  sdk: accepts
- name: an environment with neither image nor build
  edit: {fit.yml: ['{build: {path: ../environment}}', '{description: for training}']}
  says: >-
    pipelines/components/fit.yml: environment: needs build or image, and not both
  sdk: accepts
- name: an environment with both image and build
  edit: {fit.yml: ['{build: ', '{image: ubuntu, build: ']}
  says: >-
    pipelines/components/fit.yml: environment: needs build or image, and not both
  sdk: accepts
- name: a conda file with a build context
  edit: {fit.yml: ['{build: ', '{conda_file: ../conda.yml, build: ']}
  says: >-
    pipelines/components/fit.yml: environment.conda_file: goes with image, not with build
  sdk: accepts
- name: a job's own environment has no version
  edit:
    train.yml:
      - 'component: components/fit.yml'
      - |-
        component: components/fit.yml
            environment: azureml:training
  says: >-
    pipelines/train.yml: jobs.fit.environment: azureml:training names no version; write azureml:<name>:<version>
    or azureml:<name>@<label>
  sdk: accepts
""")
SOUND = yaml.safe_load(r"""
- name: a job's input with a mode
  edit:
    train.yml:
      - 'data: ${{parent.inputs.data}}'
      - 'data: {type: uri_folder, mode: download, path: "${{parent.inputs.data}}"}'
- name: a job's output with a mode
  edit:
    train.yml:
      - 'model: ${{parent.outputs.model}}'
      - 'model: {type: uri_folder, mode: upload, path: "${{parent.outputs.model}}"}'
- name: data of the job's own
  edit: {train.yml: ['data: ${{parent.inputs.data}}', 'data: {type: uri_folder, path: ../data}']}
- name: literals of the job's own
  edit: {train.yml: ['rate: ${{parent.inputs.rate}}', "rate: 1\n      rounds: 20\n      verbose: true"]}
- name: a data asset with a version
  edit: {train.yml: ['path: ../data}', 'path: azureml:flights:3}']}
- name: a data asset with a label
  edit: {train.yml: ['path: ../data}', 'path: azureml:flights@production}']}
- name: a datastore
  edit: {train.yml: ['path: ../data}', 'path: azureml://datastores/workspaceblobstore/paths/flights/}']}
- name: data from the web
  edit: {train.yml: ['path: ../data/weather.csv', 'path: https://example.org/weather.csv']}
- name: data that is given to the run
  edit: {train.yml: [', path: ../data}', '}']}
- name: an output without keys
  edit: {train.yml: ['  rows: {type: uri_folder}', '  rows:']}
- name: an output that becomes a data asset
  edit: {train.yml: ['  rows: {type: uri_folder}', '  rows: {type: uri_folder, name: rows, version: 2}']}
- name: a compute for the pipeline
  edit: {train.yml: ["settings:\n  default_compute:", 'compute:']}
- name: serverless compute
  edit: {train.yml: ['azureml:cpu-cluster', 'serverless']}
- name: the settings
  edit:
    train.yml:
      - 'default_compute:'
      - |-
        default_datastore: azureml:store
          continue_on_step_failure: false
          force_rerun: true
          default_compute:
- name: what describes a pipeline
  edit:
    train.yml:
      - 'experiment_name: train'
      - |-
        $schema: https://example.org/pipelineJob.schema.json
        name: train-1
        display_name: Train
        description: Trains.
        tags: {team: a}
        properties: {a: b}
        identity: {type: user_identity}
- name: what describes a job
  edit:
    train.yml:
      - 'component: components/fit.yml'
      - |-
        component: components/fit.yml
            display_name: Fit
            description: Fits.
            comment: Slow.
            tags: {team: a}
            properties: {a: b}
            identity: {type: managed}
- name: where a job runs
  edit:
    train.yml:
      - 'component: components/fit.yml'
      - |-
        component: components/fit.yml
            compute: azureml:gpu
            environment: azureml:gpu:2
            environment_variables: {THREADS: 2}
            resources: {instance_count: 1, instance_type: Standard_DS3_v2, shm_size: 2g, docker_args: --gpus all}
            limits: {timeout: 3600}
            queue_settings: {job_tier: spot}
- name: what describes a component
  edit:
    fit.yml:
      - 'name: fit'
      - |-
        $schema: https://example.org/commandComponent.schema.json
        name: fit
        version: 2
        display_name: Fit
        description: Fits.
        tags: {team: a}
        properties: {a: b}
        is_deterministic: false
        resources: {instance_count: 1}
- name: an environment with a label
  edit: {prepare.yml: ['training:1', 'training@production']}
- name: an environment of a registry
  edit: {prepare.yml: ['azureml:training:1', 'azureml://registries/azureml/environments/sklearn/versions/5']}
- name: an environment in a file
  edit: {prepare.yml: ['azureml:training:1', 'file:../environment.yml']}
- name: an environment of an image
  edit: {prepare.yml: ['azureml:training:1', '{image: ubuntu:24.04}']}
- name: an environment of an image and packages
  edit: {prepare.yml: ['azureml:training:1', '{image: ubuntu:24.04, conda_file: {dependencies: [python]}}']}
- name: an environment with a Dockerfile of another name
  edit:
    prepare.yml:
      - 'azureml:training:1'
      - '{build: {path: .., dockerfile_path: environment/Dockerfile}, name: training, version: 3}'
- name: a component within the job
  edit:
    train.yml:
      - 'component: components/prepare.yml'
      - |-
        component:
              type: command
              inputs: {data: {type: uri_folder}, weather: {type: uri_file}}
              outputs: {rows: {type: uri_folder}}
              code: ..
              environment: {build: {path: environment}}
              command: 'python -m steps.prepare ${{inputs.data}} ${{inputs.weather}} ${{outputs.rows}}'
- name: a component without code or name
  edit: {prepare.yml: ["code: ../..\n", '']}
- name: a quoted argument
  edit: {prepare.yml: ['--weather', "--note 'a & b; c' --weather"]}
""")
