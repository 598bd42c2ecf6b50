"""Azure's own schedules as things that are wanted: runs of the training pipeline, and a monitor of what serves."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from mlops.data.model_sources import CODE, hash_paths
from mlops.data.tables import training_data
from mlops.decide.infrastructure.wanted import Wanted
from mlops.operate.champion import NONE_YET, fetched
from mlops.platform import Platform, open_platform
from mlops.platform.schedules import Retraining, Scheduled, Schedules, Watch
from mlops.settings.behaviour import BEHAVIOUR_FILE
from mlops.settings.environments import Manifest, champion_stage, load_manifest, training_stage
from mlops.settings.infrastructure import Infrastructure
from mlops.settings.project import load_project

PIPELINE = Path("pipelines") / "train.yml"
SENT = (*CODE, "pipelines", "serving/score.py", "serving/image/requirements.txt", str(BEHAVIOUR_FILE))
SHOWN = 12  # characters of their hash


class OnAzure:
    """The stages as they are on Azure. What each works with is opened once: every login asks `az`, for a second.

    manifest: a stage's, as the files say now, with the workspace that it has there.
    """

    def __init__(self, manifest: Callable[[str], Manifest]) -> None:
        self.manifest = manifest
        self._opened: dict[str, Platform] = {}

    def platform(self, stage: str) -> Platform:
        """Where the stage trains and serves."""
        if stage not in self._opened:
            self._opened[stage] = open_platform(self.manifest(stage))
        return self._opened[stage]

    def schedules(self, stage: str) -> Schedules:
        """Those of the stage's workspace."""
        return cast("Schedules", self.platform(stage).schedules)  # on Azure every workspace has some


def schedules(options: Infrastructure, there: OnAzure) -> list[Wanted]:
    """Both; none while the option is off, and then Azure is asked nothing.

    Files and Azure are read when each is looked at: what is made before them changes both.
    """
    times = options.schedules
    if times is None:
        return []
    first, last = training_stage(), champion_stage()
    model, endpoint = load_manifest(first).model.name, load_manifest(last).endpoint.name
    train = partial(retraining, times.train, there)
    monitor = partial(watch, times.monitor, options.alarms.mail, there)
    return [
        scheduled("training", f"{model}-train", partial(there.schedules, first), train),
        scheduled(f"monitor of what {endpoint} serves", f"{endpoint}-monitor", partial(there.schedules, last), monitor),
    ]


def scheduled(what: str, name: str, kept: Callable[[], Schedules], wanted: Callable[[], Scheduled | None]) -> Wanted:
    """One of them. kept: the schedules of the workspace that it is in."""
    return Wanted(
        f"schedules: {what}",
        lambda: kept().differences(name, wanted()),
        lambda: kept().make(name, wanted()),
    )


def retraining(time: str | None, there: OnAzure) -> Retraining | None:
    """What CI's pipeline trains: on data.uri, against the champion. None where nothing is to run by itself."""
    if time is None:
        return None
    stage, champion = training_stage(), load_manifest(champion_stage())
    data = training_data(load_project().data.uri, "azureml")
    on_azure = champion.platform == "azureml"  # a version of this machine's is none there
    held = fetched(there.platform(stage), champion.model) if on_azure else NONE_YET
    against = {"champion": str(held.folder.resolve())} if held.folder else {}
    inputs = {"data": data, "criterion": "superiority", **against}
    return Retraining(time, PIPELINE, inputs, hash_paths(SENT)[:SHOWN])


def watch(time: str | None, mails: list[str], there: OnAzure) -> Watch | None:
    """What the slot with the most traffic is asked. None where nothing is to be watched, or nothing serves yet."""
    stage, project = champion_stage(), load_project()
    name = load_manifest(stage).endpoint.name
    observed = there.platform(stage).endpoints.observe(name) if time else None
    live = {slot: share for slot, share in observed.traffic.items() if share} if observed else {}
    if time is None or observed is None or not live:
        return None
    serving = observed.deployments[max(live, key=lambda slot: live[slot])]
    limit = project.monitoring.min_effect
    return Watch(time, name, serving.slot, serving.model, serving.version, project.task, limit, tuple(mails))
