"""Where new data starts the pipeline `train`, and where its runs are counted: what the trigger is told of the host."""

from dataclasses import dataclass
from urllib.parse import quote

TRAIN = "train.yml"


@dataclass(frozen=True)
class Start:
    """start: what a POST starts it at. runs: what counts its runs since a moment, which is put at the end."""

    host: str
    start: str
    runs: str


def on_github(owner: str, name: str) -> Start:
    """GitHub's own interface; a token that may do no more than this lies in the trigger's key vault."""
    workflow = f"https://api.github.com/repos/{quote(owner)}/{quote(name)}/actions/workflows/{TRAIN}"
    return Start("github", f"{workflow}/dispatches", f"{workflow}/runs?branch=main&per_page=1&created=%3E%3D")


def on_azure_devops(organisation: str, project: str, pipeline: int) -> Start:
    """Azure DevOps' own interface, which takes the trigger's identity."""
    there = f"https://dev.azure.com/{quote(organisation)}/{quote(project)}/_apis"
    counted = f"builds?definitions={pipeline}&branchName=refs/heads/main&$top=1&api-version=7.1"
    return Start(
        "azure-devops",
        f"{there}/pipelines/{pipeline}/runs?api-version=7.1",
        f"{there}/build/{counted}&queryOrder=queueTimeDescending&minTime=",
    )
