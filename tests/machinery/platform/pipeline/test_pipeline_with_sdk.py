"""The same pipelines as the Azure SDK reads them, through its public functions. It runs without a network."""

from pathlib import Path

import pytest
from small_pipeline import ACCEPTED, FILES, LEFT, SOUND, change, write_pipeline

from conftest import ROOT
from mlops import UserError
from mlops.platform.azureml.error_messages import in_one_line
from mlops.platform.pipeline import load_pipeline
from mlops.platform.pipeline.node import KEYS

pytestmark = pytest.mark.filterwarnings("ignore")  # the SDK's own, by the ten thousand
FILE = Path("pipelines/train.yml")


def load(edits):
    """The small pipeline, changed, as the SDK reads it."""
    from azure.ai.ml import load_job

    write_pipeline(Path())
    change(Path(), edits)
    with in_one_line():
        return load_job(FILE)


def test_the_sdk_takes_the_projects_own_pipeline():
    from azure.ai.ml import load_job

    ours = load_pipeline(ROOT / FILE)
    assert list(load_job(ROOT / FILE).jobs) == [job.name for job in ours.jobs]


@pytest.mark.parametrize("name", [*ACCEPTED, *SOUND])
def test_the_sdk_takes_what_it_is_said_to_take(name):
    assert load({**ACCEPTED, **SOUND}[name].edits).jobs


@pytest.mark.parametrize("name", LEFT)
def test_the_sdk_refuses_what_is_left_to_it_in_one_line(name):
    with pytest.raises(UserError, match=r"^Azure's SDK refuses the file: [^\n]+$"):
        load(LEFT[name].edits)


def test_every_key_that_we_know_is_one_that_the_sdk_takes():
    """In some pipeline above."""
    takes = str([FILES, *(change.edits for change in SOUND.values())])
    assert [key for key in " ".join(KEYS.values()).split() if f"{key}:" not in takes] == []


def test_the_sdk_passes_on_what_describes_a_job():
    node = load(SOUND["what describes a job"].edits).jobs["fit"]
    assert (node.display_name, node.description, node.tags) == ("Fit", "Fits.", {"team": "a"})
