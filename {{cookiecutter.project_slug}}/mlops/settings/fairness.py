"""`fairness` of project.yml: which groups of rows are held against each other, in what, and what is accepted."""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from mlops.settings.reading import Reason, Settings

MOST_ALPHA = 0.2  # of an unfair model that passes; more is no gate


def day(value: Any) -> str:
    """A day as ISO has it, `2027-03-31`, which sorts as days do. ValueError when it is none."""
    try:
        return str(date.fromisoformat(str(value)))
    except ValueError:
        raise ValueError("write a day as 2027-03-31") from None


class Acceptance(Settings):
    """A finding that is let pass for now."""

    reason: Reason
    until: Annotated[str, BeforeValidator(day)]


class Fairness(Settings):
    group_by: list[str] = Field(
        min_length=1, description="columns of the data, features or not; the values of each are its groups"
    )
    metric: str = Field(description="in what groups are compared: docs/fairness.md has those of each task")
    max_difference: float = Field(
        gt=0, description="the most that may be between the groups that fare best and worst, in the metric's unit"
    )
    min_rows: int = Field(ge=2, description="smaller groups are named, not judged")
    alpha: float = Field(
        default=0.15,
        gt=0,
        le=MOST_ALPHA,
        description="chance that a model passes which is just so unfair as max_difference; shared out over group_by",
    )
    accepted: dict[str, Acceptance] = Field(
        default={},
        description="columns whose finding is let pass: `{town: {reason: why, until: 2027-03-31}}`, its last day",
    )

    @model_validator(mode="after")
    def only_groups_are_accepted(self) -> "Fairness":
        for name in self.accepted:
            if name not in self.group_by:
                raise ValueError(f"fairness.accepted: {name} is not in fairness.group_by; correct it, or take it out")
        return self
