"""The project as a clone of a remote: in a person's hands, or in a run of one of the two CI systems."""

import shutil
from contextlib import chdir, contextmanager
from pathlib import Path

from repositories import FIRST, NOBODY, SOMEBODY, git
from services import AzureDevOpsService, GitHubService
from this_process import NOBODYS, ourselves

from conftest import copy_project
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json, write_json
from mlops.platform import ModelVersion, registered_version
from mlops.platform.local.endpoint_state import EndpointState, write_state

SYSTEMS = [GitHubService, AzureDevOpsService]
REGISTRY = Path(".mlops") / "registry"
STAGING, PRODUCTION = Path("environments/staging.yml"), Path("environments/production.yml")


class FolderModels:
    """A registry: a folder a version, whose lineage.json holds its tags."""

    def __init__(self, root, named=None):
        self.folder = root / REGISTRY.name

    def versions(self, name):
        numbers = sorted(int(path.name) for path in self.folder.glob("*"))
        tags = {each: read_json(self.folder / f"{each}/lineage.json", Artefact) for each in numbers}
        return [ModelVersion(name, each, "run", tags[each]) for each in numbers]

    def download(self, name, version, to):
        return Path(shutil.copytree(self.folder / str(registered_version(self, name, version).version), to))


PASSED = {"verdict": "PASS", "run_id": "r1", "commit": "c0ffee", "data_hash": "d", "model_hash": "a" * 64}


def register(version, **tags):
    """Put a version that passed the gate into the registry of the project in the current folder; its folder."""
    write_json(REGISTRY / str(version) / "lineage.json", {**PASSED, **tags})
    return REGISTRY / str(version)


def clone_project(folder, monkeypatch, below=""):
    """The current folder is the project in a clone of a bare repository; the bare repository.

    below: where it lies in a bigger repository; at the root unless told.
    """
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("mlops.platform.local.models.LocalModels", FolderModels)
    made = Path(FIRST.name) / f"project at {below.replace('/', ' ')}"
    if not made.exists():
        copy_project(made / "work" / below)
        with chdir(made / "work"):
            make_first(made / "flights.git")
    shutil.copytree(made, folder, dirs_exist_ok=True)
    monkeypatch.chdir(folder / "work" / below)
    git("remote", "set-url", "origin", str(folder / "flights.git"))
    return folder / "flights.git"


def make_first(bare):
    """Make the current folder the clone, and that the bare repository, that all others are copies of."""
    write(".gitignore", ".mlops/\nout/\n")
    for pipeline in ("train", "deploy"):
        write(f".github/workflows/{pipeline}.yml", "on:\n  workflow_dispatch:\n")
    git("init", "--quiet", "--bare", "--initial-branch", "main", str(bare))
    git("init", "--quiet", "--initial-branch", "main")
    git("remote", "add", "origin", str(bare))
    commit("first")
    git("push", "--quiet", "--set-upstream", "origin", "main")


def person():
    """Whoever works here has a name."""
    git("config", "user.name", "test")
    git("config", "user.email", "test@example.org")


@contextmanager
def run_of(system, bare, monkeypatch, pull_request=0):
    """The project in the current folder is of the checkout of a run; the service that it talks to."""
    with system(bare) as service:
        for name, value in service.environment(bare.parent, pull_request=pull_request).items():
            monkeypatch.setenv(name, value)
        git("checkout", "--quiet", "--detach")
        git("remote", "set-url", "origin", service.remote())
        if isinstance(service, AzureDevOpsService):
            for pipeline in ("train", "deploy"):
                service.add_pipeline(pipeline)
        yield service


def write(path, text):
    """Write a file below the current folder."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def commit(title):
    """Commit all that is changed, as somebody."""
    git("add", "--all")
    git(*SOMEBODY, "commit", "--quiet", "--allow-empty", "--message", title)


def started(service):
    """The pipelines that were started, in order."""
    if isinstance(service, GitHubService):
        return [each["workflow"].removesuffix(".yml") for each in service.runs]
    names = {each["id"]: each["name"] for each in service.pipelines}
    return [names[each["definition"]["id"]] for each in service.builds]


def issues(service):
    """The issues: title and text."""
    if isinstance(service, GitHubService):
        return [(each["title"], each["body"]) for each in service.issues]
    return [
        tuple(each["fields"][f"System.{key}"] for key in ("Title", "Description")) for each in service.tasks.values()
    ]


def comments(service, number):
    """The texts of the comments on the pull request."""
    if isinstance(service, GitHubService):
        return [each["body"] for each in service.comments.get(number, [])]
    return [each["comments"][0]["content"] for each in service.threads.get(number, [])]


def outputs(service, said):
    """The outputs that later jobs can read, from the runner's file or from what was printed."""
    if isinstance(service, GitHubService):
        text = (service.repository.parent / "output").read_text(encoding="utf-8").splitlines()
        return dict(zip([line.partition("<<")[0] for line in text[::3]], text[1::3], strict=True))
    lines = [line for line in said.splitlines() if line.startswith("##vso[task.setvariable ")]
    return {line.partition("variable=")[2].partition(";")[0]: line.partition("]")[2] for line in lines}


def endpoint(name, port=0, **tags):
    """An endpoint that was made earlier; nothing of it runs, unless this process listens on the port."""
    state = EndpointState(port=port or NOBODYS, key="key", tags=tags, router=ourselves() if port else None)
    write_state(Path(".mlops/endpoints") / name, state)
