"""All that `infra` is about: the project's files, its subscription, its repository, and what is wanted of each."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from mlops.ci import MAIN
from mlops.ci.setup import Repository, open_repository
from mlops.data.files import write_text
from mlops.decide.infrastructure.places import Place, places, short_name
from mlops.decide.infrastructure.repository import (
    SUBSCRIPTION,
    TENANT,
    RepositorySettings,
    Subject,
    repository_settings,
)
from mlops.decide.infrastructure.template import REGISTRY, Known, registry_of, template_parameters
from mlops.decide.infrastructure.wanted import Wanted
from mlops.operate.infrastructure.demands import TEMPLATE, needs_of
from mlops.operate.infrastructure.edits import edited
from mlops.operate.infrastructure.schedules import OnAzure, schedules
from mlops.platform.subscription import present
from mlops.platform.subscription.needs import Needs, missing, nobody
from mlops.platform.subscription.resource_manager import ResourceManager
from mlops.platform.subscription.stack import Stack
from mlops.repo.commits import commit
from mlops.repo.git import REMOTE, ask
from mlops.settings.environments import BASE, FOLDER, Manifest, load_manifest, manifest_path, stages
from mlops.settings.infrastructure import Infrastructure, load_infrastructure
from mlops.settings.project import load_project
from mlops.settings.reading import read_text

AZURE, FILES, WEBHOOK = "Azure", "files of the project", "CHAT_WEBHOOK"
BRANCH = "azure"
TO_COME = "the id of its identity"
PUT_BACK = "put the file back"


@dataclass(frozen=True)
class Scene:
    """One project with its subscription and its repository."""

    project: str  # as Azure takes it
    manifests: Mapping[str, Manifest]  # of the stages, in order
    cooldown: float  # days
    commits: bool  # whether pipelines commit to main by themselves
    settings: Infrastructure
    azure: ResourceManager
    stack: Stack
    repository: Repository
    needs: Needs

    @property
    def desired(self) -> RepositorySettings:
        """What the repository's host should say; who is logged in to Azure is where the jobs log in, too."""
        ids = {TENANT: self.azure.login.tenant, SUBSCRIPTION: self.azure.login.subscription}
        open_main = self.commits or not self.repository.has_main()
        return repository_settings(list(self.manifests), self.settings.reviewers, ids, open_main)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where models are trained and served."""
        return places(self.manifests, self.settings.registry)

    @property
    def registry(self) -> str | None:
        """What workspaces share models through; None where there is one alone."""
        return registry_of(self.project, self.manifests, self.places) or None

    def nobody(self) -> list[str]:
        """Why Azure cannot be asked at all."""
        return nobody(self.azure, self.needs)

    def missing(self) -> list[str]:
        """Everything that keeps us from making it so, each with its mend."""
        in_azure = self.nobody() or missing(self.azure, self.needs, fresh=not self.stack.show())
        return [*in_azure, *self.repository.missing()]

    def subjects(self) -> Mapping[str, Subject]:
        """What the jobs of each CI environment name themselves, as far as the host knows."""
        return self.repository.subjects(self.desired.environments)

    def clients(self) -> Mapping[str, str]:
        """The client id of each CI environment's identity; empty before they are made."""
        return {each["name"]: each["id"] for each in self.stack.outputs().get("clients") or []}

    def expected_clients(self) -> Mapping[str, str]:
        """The same, with a word for each before anything was made: what is made of them is part of a plan, too."""
        return self.clients() if self.stack.show() else dict.fromkeys(self.desired.environments, TO_COME)

    def wanted(self, clients: Mapping[str, str]) -> list[Wanted]:
        """All that should be, in the order in which it is made."""
        return [self.in_azure(self.subjects()), *self.at_host(clients), self.in_files(), *self.scheduled()]

    def in_azure(self, subjects: Mapping[str, Subject]) -> Wanted:
        """What the template makes, with identities that trust these subjects."""
        stack = replace(self.stack, parameters=self.parameters(subjects), secret=os.environ.get(WEBHOOK, ""))
        return Wanted(AZURE, stack.differences, stack.create)

    def parameters(self, subjects: Mapping[str, Subject]) -> dict[str, Any]:
        """What the template is given: what the files say, and what only Azure and the host know."""
        groups = [*(place.group for place in self.places), f"{self.project}-{REGISTRY}"]
        known = Known(
            f"{datetime.now(UTC):%Y-%m}-01",
            subjects,
            [name for place in self.places for name in present.endpoints(self.azure, place.group, place.workspace)],
            present.budget_starts(self.azure, groups),
            os.environ.get(WEBHOOK, ""),
            self.repository.start() if self.settings.trigger else None,
        )
        return template_parameters(self.project, self.manifests, self.settings, self.cooldown, known)

    def at_host(self, clients: Mapping[str, str]) -> list[Wanted]:
        """What the repository's host should say; the subscription and tenant are known by now."""
        return self.repository.wanted(self.desired, clients)

    def in_files(self) -> Wanted:
        """What environments/ and the host's own files should say, as one commit."""
        return Wanted(FILES, lambda: [f"{path.as_posix()}: to be committed" for path in self.edits(last)], self.commit)

    def edits(self, read: Callable[[Path], str]) -> dict[Path, str]:
        """The files that have to change, with their new texts. read: the text of one as it is."""
        paths = [FOLDER / BASE, *(manifest_path(name) for name in self.manifests)]
        said = {
            stage: {"resource_group": place.group, "name": place.workspace, "registry": self.registry}
            for place in self.places
            for stage in place.stages
        }
        files = self.repository.files(self.desired, read)
        of_the_host = {path: text for path, text in files.items() if read(path).rstrip() != text.rstrip()}
        return {**edited({path: read(path) for path in paths}, said), **of_the_host}

    def scheduled(self) -> list[Wanted]:
        """What Azure ML starts by itself; it needs what is made before it."""
        return schedules(self.settings, self.on_azure)

    @cached_property
    def on_azure(self) -> OnAzure:
        """The stages where they are to be, or are."""
        return OnAzure(self.there)

    def there(self, stage: str) -> Manifest:
        """The stage's manifest as it is in the files now, with the workspace that it has on Azure."""
        manifest, place = load_manifest(stage), next(each for each in self.places if stage in each.stages)
        named = {"resource_group": place.group, "name": place.workspace, "registry": self.registry}
        workspace = manifest.workspace.model_copy(update={**named, "subscription": self.azure.login.subscription})
        return manifest.model_copy(update={"platform": "azureml", "workspace": workspace})

    def commit(self) -> None:
        """Write them, as one commit; also those that a run has written which was ended before its commit."""
        written = self.edits(present_text)
        for path, text in written.items():
            write_text(path, text)
        commit("Let the environments be on Azure", list({**self.edits(last), **written}))

    def next_command(self) -> str:
        """What to type now, if anything: where main takes pull requests alone, the commit goes to a branch."""
        if not self.repository.has_main():
            return (
                f"git push --set-upstream {REMOTE} {MAIN}, and later `uv run infra up` again:"
                f" {self.repository.with_main} then"
            )
        if ask("rev-list", "--count", f"{REMOTE}/{MAIN}..HEAD") == "0":
            return ""
        return f"git push {REMOTE} HEAD:{BRANCH}, and open its pull request" if self.desired.pulls_only else "git push"


def present_text(path: Path) -> str:
    """The file as it is."""
    return read_text(path, PUT_BACK)


def last(path: Path) -> str:
    """The file as it was committed last; as it is, where that was never."""
    return ask("show", f"HEAD:./{path.as_posix()}") or present_text(path)


def staged() -> dict[str, Manifest]:
    """The manifests of the stages, in order."""
    return {name: load_manifest(name) for name in stages()}


def open_scene() -> Scene:
    """The scene of the current folder. UserError when a file of it is wrong, or Git knows no remote."""
    project, settings = load_project(), load_infrastructure()
    manifests = staged()
    workspace, short = next(iter(manifests.values())).workspace, short_name(project.name)
    azure = ResourceManager(workspace.subscription or os.environ.get(SUBSCRIPTION))
    return Scene(
        short,
        manifests,
        project.monitoring.cooldown_days,
        project.promotion.staging == "commit",
        settings,
        azure,
        Stack(azure, short, workspace.region, TEMPLATE, {}),
        open_repository(),
        needs_of(short, manifests, settings),
    )
