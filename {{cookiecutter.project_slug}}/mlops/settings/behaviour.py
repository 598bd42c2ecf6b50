"""tests/behaviour.yml: what the model must do whatever its metrics say, read and checked."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mlops import UserError
from mlops.settings.reading import Settings, check, read_yaml

BEHAVIOUR_FILE = Path("tests/behaviour.yml")
NOTHING = "`tests: []` where the model is to be tried on nothing, or put the file back"
Between = Annotated[list[float], Field(min_length=2, max_length=2)]


class Change(Settings):
    """What is done to the values of a column: one of these."""

    to: Any = Field(default=None, description="this value in all rows; null: it is missing")
    add: float | None = Field(default=None, description="so much more")
    noise: float | None = Field(default=None, gt=0, description="up to so much more or less, by chance")
    case: Literal["lower", "upper", "title"] | None = Field(default=None, description="the text in such letters")

    @model_validator(mode="after")
    def one_of_them(self) -> "Change":
        named = {name: getattr(self, name) for name in self.model_fields_set}
        if len(named) != 1 or (None in named.values() and "to" not in named):
            raise ValueError("a change is one of to, add, noise or case")
        return self


class Trial(Settings):
    """Either a change of test rows and what it may do to their answers, or rows and what their answers must be."""

    name: str = Field(pattern=r"\S")
    change: dict[str, Change] = Field(default={}, description="by column, in all of the test rows that are tried")
    within: float | None = Field(default=None, ge=0, description="the answers may differ by so much")
    never: Literal["higher", "lower"] | None = Field(default=None, description="what the answers may not become")
    row: dict[str, Any] = Field(default={}, description="the value of every feature")
    between: Between | None = Field(default=None, description="the answer to the row, from and to")
    answer: Any = Field(default=None, description="the class that the row is of")
    of: Any = Field(default=None, description="of several classes: the one whose probability is meant")
    share: float = Field(default=1, gt=0, le=1, description="the part of the rows for which it must hold")

    @model_validator(mode="after")
    def is_one_thing(self) -> "Trial":
        if bool(self.change) == bool(self.row):
            raise ValueError("write either a change or a row")
        kind, rules = ("change", ["never", "within"]) if self.change else ("row", ["answer", "between"])
        said = [name for name in ("never", "within", "answer", "between") if getattr(self, name) is not None]
        if len(said) != 1 or said[0] not in rules:
            raise ValueError(f"for a {kind} write one of {' or '.join(rules)}")
        return self


class Behaviour(Settings):
    """tests/behaviour.yml as a whole."""

    rows: int = Field(default=500, ge=1, description="of the test, evenly from all of them, are tried")
    seed: int = Field(default=7, ge=0, description="of noise")
    between: Between | None = Field(default=None, description="every answer to a test row is, from and to")
    latency_ms: float | None = Field(default=None, gt=0, description="the most that one row may take, as a median")
    tests: list[Trial] = Field(default=[], description="what it must do")

    @model_validator(mode="after")
    def names_are_unique(self) -> "Behaviour":
        names = [each.name for each in self.tests]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"tests: two are called {twice[0]}; give each a name of its own")
        return self

    @model_validator(mode="after")
    def ranges_go_upwards(self) -> "Behaviour":
        for name, pair in [("between", self.between), *((f"tests: {each.name}", each.between) for each in self.tests)]:
            if pair and pair[0] > pair[1]:
                raise ValueError(f"{name}: from {pair[0]:g} to {pair[1]:g} is no range; write the lower one first")
        return self


def load_behaviour(path: Path, features: Sequence[str]) -> Behaviour:
    """The file, checked; its columns are features, and every row has them all. UserError."""
    behaviour = check(Behaviour, read_yaml(path, NOTHING), path)
    for trial in behaviour.tests:
        check_columns(trial, features, path)
    return behaviour


def check_columns(trial: Trial, features: Sequence[str], path: Path) -> None:
    """UserError when the test is about other columns than these features."""
    for name in [*trial.change, *trial.row]:
        if name not in features:
            near = ", ".join(get_close_matches(name, features, n=3, cutoff=0.5) or features[:5])
            raise UserError(f"{path}: tests: {trial.name}: {name} is no feature; the nearest are {near}")
    if trial.row and (missing := [name for name in features if name not in trial.row]):
        lacks = ", ".join(missing)
        raise UserError(f"{path}: tests: {trial.name}: the row has no {lacks}; write null for what is not known")
