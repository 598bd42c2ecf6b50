"""infra/parameters.yml: what the project's Azure is like, as far as it is the user's to say."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from mlops.settings.reading import Settings, check, read_yaml

PARAMETERS = Path("infra") / "parameters.yml"


class Compute(Settings):
    """The cluster that trains. It costs nothing while no job runs."""

    size: str = Field(default="Standard_DS3_v2", pattern=r"^Standard_[A-Za-z0-9_-]{1,60}$")
    max_nodes: int = Field(default=2, ge=1, le=100)


class Alarms(Settings):
    """Who hears of what goes wrong."""

    mail: list[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]] = Field(default=[])


class Infrastructure(Settings):
    """infra/parameters.yml as a whole."""

    registry: bool = Field(default=True, description="a workspace an environment, with a registry between")
    custom_roles: bool = Field(default=False, description="two roles of the project's own: training cannot deploy")
    private_network: bool = Field(default=False, description="no public access, private endpoints and DNS")
    compute: Compute = Compute()
    budget: int = Field(default=100, ge=1, description="a month and resource group, in the subscription's currency")
    alarms: Alarms = Alarms()
    trigger: bool = Field(default=False, description="new data in the storage account starts `train`")
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
