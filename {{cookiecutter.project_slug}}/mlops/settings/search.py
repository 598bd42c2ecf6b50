"""`search:` of project.yml: which parameters of the model are tried, and for how long."""

from typing import Any

from pydantic import Field, model_validator

from mlops.settings.reading import Settings

Number = int | float
Choice = bool | int | float | str


class Points(Settings):
    """The values that one parameter may have: from low to high, or one of a list."""

    low: Number | None = Field(default=None, description="with high: whole numbers where both are")
    high: Number | None = None
    log: bool = Field(default=False, description="as many between 0.01 and 0.1 as between 0.1 and 1")
    choices: list[Choice] | None = Field(default=None, description="one of these; `name: [a, b]` says the same")

    @model_validator(mode="before")
    @classmethod
    def list_is_of_choices(cls, said: Any) -> Any:
        """A single value is no list either, and no points: `check_range` says so."""
        return said if isinstance(said, dict) else {"choices": said} if isinstance(said, list) else {}

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


class Search(Settings):
    """What `uv run tune` tries."""

    metric: str | None = Field(default=None, description="what the best is the best by; without: gate.metric")
    trials: int = Field(default=40, ge=1, le=10_000, description="models to try")
    minutes: float | None = Field(default=None, gt=0, description="no trial begins after so many; without: no limit")
    seed: int = Field(default=7, ge=0, description="of what is tried next, and of folds that are dealt by chance")
    folds: int = Field(default=3, ge=2, le=20, description="parts of the training rows that a model is measured on")
    space: dict[str, Points] = Field(min_length=1, description="by parameter of model/: low and high, or a list")

    @model_validator(mode="after")
    def every_parameter_has_points(self) -> "Search":
        for name, points in self.space.items():
            if points.choices is None:
                check_range(name, points)
            else:
                check_choices(name, points, points.choices)
        return self


def check_range(name: str, points: Points) -> None:
    """ValueError, which names the key, when there is nothing between low and high."""
    if points.low is None or points.high is None:
        raise ValueError(f"search.space.{name}: no points to try; write low and high, or a list")
    if points.low >= points.high:
        raise ValueError(f"search.space.{name}: low {points.low:g} is not below high {points.high:g}")
    if points.log and points.low <= 0:
        raise ValueError(f"search.space.{name}: log needs a low above 0, got {points.low:g}")


def check_choices(name: str, points: Points, choices: list[Choice]) -> None:
    """ValueError, which names the key, when the list is empty, has a value twice or does not stand alone."""
    if not choices:
        raise ValueError(f"search.space.{name}: no points to try; write low and high, or a list")
    if {"low", "high", "log"} & points.model_fields_set:
        raise ValueError(f"search.space.{name}: low and high exclude a list; take one out")
    if twice := [each for place, each in enumerate(choices) if each in choices[:place]]:
        raise ValueError(f"search.space.{name}: {twice[0]} stands in the list twice; take one out")
