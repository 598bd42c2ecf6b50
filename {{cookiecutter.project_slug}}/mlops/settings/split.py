"""`data.split` of project.yml: which rows test a model."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from mlops import counted
from mlops.settings.reading import Settings

By = Literal["time", "group", "random"]
REPEATS = 10


class Split(Settings):
    """Which rows are held out for the test."""

    by: By | None = Field(default=None, description="what decides; without: time where data.time is named, else random")
    group: str | None = Field(default=None, description="by group: no value of this column is on both sides")
    days: int | None = Field(default=None, gt=0, description="by time: the last days, not the newest month")
    share: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="the part to hold out, of rows or groups; 0.2, or by time the newest month",
    )
    cluster: str | None = Field(
        default=None,
        description="rows of one value of it came together; without: the group, or else the day of data.time",
    )
    folds: int | None = Field(
        default=None,
        ge=2,
        le=20,
        description="by group or random, for small tables: hold nothing out, and test on each of so many parts in turn",
    )
    repeats: int | None = Field(
        default=None, ge=1, le=100, description="how often rows are dealt into folds anew; without: 10"
    )

    @property
    def dealt(self) -> dict[str, int]:
        """Folds, and how often rows are dealt into them; nothing where rows are held out."""
        return {"folds": self.folds, "repeats": self.repeats or REPEATS} if self.folds else {}


def dealt_in_words(test: Mapping[str, Any]) -> str:
    """`5 folds, 10 times`, of what split.json says of the test; nothing where rows are held out."""
    folds, repeats = test.get("folds"), test.get("repeats")
    return f"{folds} folds, {counted(repeats, 'time')}" if folds and repeats else ""
