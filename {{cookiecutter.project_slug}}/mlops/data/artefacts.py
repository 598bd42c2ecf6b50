"""The files that steps leave for each other, and what each has to hold before anything is read from it.

Only what a reader relies on is named; a file may say more. The model folder's own files are described in model_folder.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Interval = Annotated[list[float | None], Field(min_length=2, max_length=2)]
RUN_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$"  # it becomes part of addresses and paths


class Artefact(BaseModel):
    """A mapping that a step wrote. NaN is written as null."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Lineage(Artefact):
    """lineage.json: what a model was made from, as flat text."""

    __pydantic_extra__: dict[str, str] = Field(init=False)
    run_id: str = Field(pattern=RUN_ID)
    commit: str = Field(default="unknown", pattern="^[0-9a-z]+$")


class Ran(Artefact):
    """run.json: the code of the last run of all steps, of which some may have been run before, on other code."""

    commit: str = Field(pattern="^[0-9a-z]+$")
    dirty: str


class Broken(Artefact):
    """A rule that a file of the data breaks."""

    message: str


class CheckedFile(Artefact):
    """What was found in one file of the data."""

    file: str
    rows: int
    rules: int
    failures: list[Broken]


class Validation(Artefact):
    """validation.json"""

    success: bool
    data_hash: str
    files: list[CheckedFile]


class Dealt(Artefact):
    """How often test rows were dealt into how many folds; nothing where they were held out."""

    folds: int | None = None
    repeats: int | None = None


class Part(Dealt):
    """One side of a split; `from` and `to` where there is a time column."""

    rows: int
    since: str = Field(default="", alias="from")
    to: str = ""

    @model_validator(mode="after")
    def both_or_neither(self) -> "Part":
        if bool(self.since) != bool(self.to):
            raise ValueError("from and to: one of them is missing")
        return self


class Split(Artefact):
    """split.json"""

    data_hash: str
    train: Part
    test: Part


class Served(Artefact):
    """served.json"""

    model_hash: str
    rows: int


class Latency(Artefact):
    p50_ms: float
    p95_ms: float


class Measured(Artefact):
    """What was measured of one model."""

    model_hash: str
    lineage: Lineage
    metrics: dict[str, float | None]
    intervals: dict[str, Interval]
    folds: list[float | None] | None = None  # the metric that decides on each, where no rows are held out
    latency: Latency


class Slice(Artefact):
    """The metrics of both models on the rows of one slice."""

    slice: str
    rows: int
    challenger: dict[str, float | None]
    champion: dict[str, float | None] = {}


class Tried(Artefact):
    """What a challenger was tried on, and whether it did what was asked."""

    model_config = ConfigDict(extra="forbid")

    name: str
    status: Literal["PASS", "FAIL"]
    seen: str
    wanted: str


class Group(Artefact):
    """What was measured on the rows of one group."""

    group: str
    rows: int
    value: float | None
    interval: Interval


class Groups(Artefact):
    """The challenger's metric of each group, by the column that tells them apart."""

    metric: str
    columns: dict[str, list[Group]]


class Evaluation(Artefact):
    """evaluation.json"""

    labels: list[Any]
    test: Dealt
    challenger: Measured
    champion: Measured | None = None
    slices: list[Slice]
    behaviour: list[Tried]
    fairness: Groups | None = None


class Looked(Artefact):
    """What one look at a model found, or why it could not."""

    found: Any = None
    why: str | None = None
    seconds: float = 0.0


class Importance(Artefact):
    """By how much the loss rises without a feature."""

    feature: str
    rise: float
    lower: float
    upper: float


class Importances(Looked):
    found: list[Importance] | None = None


class Diagnosis(Artefact):
    """diagnosis.json"""

    __pydantic_extra__: dict[str, Looked] = Field(init=False)
    model_hash: str
    importances: Importances | None = None


class Check(Artefact):
    """One rule of the gate."""

    name: str
    status: str
    seen: str
    wanted: str


class Comparison(Artefact):
    """What the challenger gains over its opponent."""

    metric: str
    difference: float | None
    lower: float | None
    upper: float | None
    detectable: float | None
    p: float | None
    alpha: float
    rows: int
    discordance: float | None
    clusters: int | None
    clusters_by: str | None
    widened: float | None
    rule: Literal["minimum_gain", "max_loss"]
    rows_needed: float | None


class Rules(Artefact):
    minimum_gain: float
    max_loss: float


class Disparity(Artefact):
    """What is between the groups of a column; no numbers where there are not two to compare."""

    column: str
    least: str
    most: str
    difference: float | None
    lower: float | None
    upper: float | None
    rows: int
    small: dict[str, int]


class Acceptance(Artefact):
    """Why a finding is let pass, and the last day of that."""

    reason: str
    until: str


class FairRules(Artefact):
    accepted: dict[str, Acceptance]


class Fair(Artefact):
    """What was found of groups, on the day that it was judged on."""

    day: str
    rules: FairRules
    columns: list[Disparity]


class Verdict(Artefact):
    """verdict.json"""

    status: str
    model_hash: str
    test: Dealt = Dealt()
    metrics: dict[str, float | None]
    standard_error: float | None = None  # of the metric that decides; a verdict of before 0.2 has none
    cold_start: bool
    criterion: Literal["superiority", "non-inferiority"]
    looks: Annotated[int, Field(ge=0)]
    checks: list[Check]
    comparison: Comparison
    rules: Rules
    fairness: Fair | None = None


class Table(Artefact):
    columns: list[str]
    data: list[list[Any]]


class Request(Artefact):
    input_data: Table


class Probe(Artefact):
    """probe.json: sample rows and the answer that they must get; a model of before 0.2 knew scores only."""

    request: Request
    answer: dict[str, list[Any]] = {}
    scores: list[Any] | None = None
