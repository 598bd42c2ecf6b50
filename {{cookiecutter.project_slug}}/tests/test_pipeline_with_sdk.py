"""The same broken files and keys as the Azure SDK sees them. It runs here as it is, without a network."""

from collections import Counter
from pathlib import Path

import pytest
from broken_pipelines import BROKEN, SOUND, change, write_pipeline
from sdk import mistakes

from mlops.pipeline import keys

pytestmark = pytest.mark.filterwarnings("ignore")  # the SDK's own, by the ten thousand


def takes(folder):
    """Whether the SDK takes the pipeline in that folder with its components."""
    return mistakes(folder / "pipelines/train.yml", sorted((folder / "pipelines/components").glob("*.yml"))) == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each["name"])
def test_the_sdk_takes_or_refuses_a_broken_pipeline_as_the_table_says(tmp_path, broken):
    write_pipeline(tmp_path)
    change(tmp_path, broken["edit"])
    assert takes(tmp_path) == (broken["sdk"] == "accepts")


@pytest.mark.parametrize("sound", SOUND, ids=lambda each: each["name"])
def test_the_sdk_takes_what_we_let_through(tmp_path, sound):
    write_pipeline(tmp_path)
    change(tmp_path, sound["edit"])
    assert takes(tmp_path)


def test_the_numbers_that_the_docs_give_are_those_of_the_table():
    """The SDK takes 50 of 96 mistakes. The other rows are rules of this project's own."""
    counts = Counter((each["sdk"], each.get("rule", "azure")) for each in BROKEN)
    assert counts == {("refuses", "azure"): 46, ("accepts", "azure"): 50, ("accepts", "ours"): 11}


def schemas():
    """Our keys, the SDK's schema of the same, what we leave out of it and what we add to it."""
    from azure.ai.ml._schema.assets.environment import BuildContextSchema, EnvironmentSchema
    from azure.ai.ml._schema.component.command_component import CommandComponentSchema
    from azure.ai.ml._schema.component.input_output import InputPortSchema, OutputPortSchema, ParameterSchema
    from azure.ai.ml._schema.job.identity import ManagedIdentitySchema
    from azure.ai.ml._schema.job.input_output_entry import DataInputSchema, OutputSchema
    from azure.ai.ml._schema.job.job_limits import CommandJobLimitsSchema
    from azure.ai.ml._schema.job_resource_configuration import JobResourceConfigurationSchema
    from azure.ai.ml._schema.pipeline.component_job import CommandSchema
    from azure.ai.ml._schema.pipeline.pipeline_job import PipelineJobSchema
    from azure.ai.ml._schema.pipeline.settings import PipelineJobSettingsSchema
    from azure.ai.ml._schema.queue_settings import QueueSettingsSchema

    described = {"display_name", "description", "tags"}  # the SDK passes on any key of a job, these with a meaning
    return [
        (keys.PipelineKeys, PipelineJobSchema, {"component", "services"}, set()),
        (keys.PipelineSettings, PipelineJobSettingsSchema, set(), set()),
        (keys.JobKeys, CommandSchema, {"code", "command", "distribution", "services"}, described),
        (
            keys.ComponentKeys,
            CommandComponentSchema,
            {"additional_includes", "auto_delete_setting", "distribution", "id"},
            set(),
        ),
        (keys.Parameter, ParameterSchema, set(), set()),
        (keys.Port, InputPortSchema, {"default"}, set()),
        (keys.OutputPort, OutputPortSchema, set(), set()),
        (keys.DataInput, DataInputSchema, {"path_on_compute"}, set()),
        (keys.DataOutput, OutputSchema, set(), set()),
        (keys.Resources, JobResourceConfigurationSchema, set(), set()),
        (keys.Limits, CommandJobLimitsSchema, set(), set()),
        (keys.QueueSettings, QueueSettingsSchema, set(), set()),
        (keys.Identity, ManagedIdentitySchema, set(), set()),
        (
            keys.EnvironmentKeys,
            EnvironmentSchema,
            {"auto_delete_setting", "datastore", "id", "inference_config"},
            set(),
        ),
        (keys.Build, BuildContextSchema, set(), set()),
    ]


def test_our_keys_are_the_sdks_but_for_those_that_are_left_out():
    for ours, schema, left_out, added in schemas():
        theirs = {
            field.data_key or name
            for name, field in schema(context={"base_path": Path()}).fields.items()
            if not field.dump_only or name == "schema_ignored"
        }
        mine = {field.alias or name for name, field in ours.model_fields.items()}
        assert left_out <= theirs and not added & theirs, f"{schema.__name__} has changed"
        assert mine - {"$schema"} == (theirs - left_out | added) - {"$schema"}, schema.__name__


def test_our_types_are_the_sdks():
    from azure.ai.ml._schema.component.input_output import SUPPORTED_PARAM_TYPES, SUPPORTED_PORT_TYPES

    assert {*keys.FOLDERS, keys.FILE} == {*SUPPORTED_PORT_TYPES} - {"path"}, "path is from before uri_folder"
    assert {*keys.Literals.__args__} == {*SUPPORTED_PARAM_TYPES}


def test_the_sdk_passes_on_what_describes_a_job(tmp_path):
    from azure.ai.ml import load_job

    write_pipeline(tmp_path)
    change(tmp_path, next(each["edit"] for each in SOUND if each["name"] == "what describes a job"))
    node = load_job(tmp_path / "pipelines/train.yml").jobs["fit"]
    assert (node.display_name, node.description, node.tags) == ("Fit", "Fits.", {"team": "a"})
