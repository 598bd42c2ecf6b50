"""infra/parameters.yml: what the project's Azure is like, as far as it is the user's to say."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from mlops.settings.reading import Settings, check, read_yaml

PARAMETERS = Path("infra") / "parameters.yml"
CRON = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))  # minute, hour, day of the month, month, day of the week
PART = re.compile(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/[1-9][0-9]?)?")  # of a field: *, 3, 1-5, */15


def cron(text: str) -> str:
    """The same time, with one space between its fields. Azure takes any text, also one that is no time."""
    fields = text.split()
    if len(fields) != len(CRON) or not all(map(fits, fields, CRON)):
        raise ValueError("Input should be a time of five fields, as 17 3 * * 1: minute, hour, day, month, day of week")
    return " ".join(fields)


def fits(field: str, bounds: tuple[int, int]) -> bool:
    """Whether each part of the field, as 1-5 or 0,30, lies between the bounds."""
    found = [PART.fullmatch(part) for part in field.split(",")]
    ends = [[int(number) for number in part.groups() if number] for part in found if part]
    low, high = bounds
    return all(found) and all(part == sorted(part) and low <= number <= high for part in ends for number in part)


Time = Annotated[str, AfterValidator(cron)]


class Compute(Settings):
    """The cluster that trains. It costs nothing while no job runs."""

    size: str = Field(default="Standard_DS3_v2", pattern=r"^Standard_[A-Za-z0-9_-]{1,60}$")
    max_nodes: int = Field(default=2, ge=1, le=100)


class Alarms(Settings):
    """Who hears of what goes wrong."""

    mail: list[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]] = Field(default=[])


class Schedules(Settings):
    """What Azure ML itself starts, and when in UTC. None: never; `infra up` takes away what there was."""

    train: Time | None = Field(default=None, description="when pipelines/train.yml runs, in UTC, as `17 3 * * 1`")
    monitor: Time | None = Field(default=None, description="when Azure ML looks for drift at the last stage's endpoint")


class Infrastructure(Settings):
    """infra/parameters.yml as a whole."""

    registry: bool = Field(default=True, description="a workspace an environment, with a registry between")
    custom_roles: bool = Field(default=False, description="two roles of the project's own: training cannot deploy")
    private_network: bool = Field(default=False, description="no public access, private endpoints and DNS")
    compute: Compute = Compute()
    budget: int = Field(default=100, ge=1, description="a month and resource group, in the subscription's currency")
    alarms: Alarms = Alarms()
    trigger: bool = Field(default=False, description="new data in the storage account starts `train`")
    schedules: Schedules | None = Field(
        default=None, description="schedules of Azure's own; null: none, and not asked for"
    )
    reviewers: list[Annotated[str, Field(pattern=r"^\S+$")]] = Field(default=[])

    @model_validator(mode="after")
    def each_once(self) -> "Infrastructure":
        for key, names in (("alarms.mail", self.alarms.mail), ("reviewers", self.reviewers)):
            if len(set(names)) < len(names):
                raise ValueError(f"{key}: each may stand there once, got {names}")
        return self


def load_infrastructure(path: Path = PARAMETERS) -> Infrastructure:
    """The options, checked. UserError naming the first mistake."""
    return check(Infrastructure, read_yaml(path), path)
