"""The project's training pipelines as the Azure SDK sees them. It runs here as it is, without a network."""

import pytest
from sdk import mistakes

from conftest import ROOT

pytestmark = pytest.mark.filterwarnings("ignore")  # the SDK's own, by the ten thousand
PIPELINES = sorted((ROOT / "pipelines").glob("*.yml"))
COMPONENTS = sorted((ROOT / "pipelines/components").glob("*.yml"))


def test_there_are_pipelines():
    assert PIPELINES and COMPONENTS


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_the_sdk_takes_the_projects_pipelines_with_their_components(path):
    assert mistakes(path, COMPONENTS) == []
