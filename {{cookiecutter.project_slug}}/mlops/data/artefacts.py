"""The files that steps leave for each other, and what each has to hold before anything is read from it.

Only what a reader relies on is named; a file may say more. The model folder's own files are described in model_folder.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

RUN_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$"  # it becomes part of addresses and paths


class Artefact(BaseModel):
    """A mapping that a step wrote. NaN is written as null."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Lineage(Artefact):
    """lineage.json: what a model was made from, as flat text."""

    __pydantic_extra__: dict[str, str] = Field(init=False)
    run_id: str = Field(pattern=RUN_ID)
    commit: str = Field(default="unknown", pattern="^[0-9a-z]+$")


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


class Part(Artefact):
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
    intervals: dict[str, Annotated[list[float | None], Field(min_length=2, max_length=2)]]
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


class Evaluation(Artefact):
    """evaluation.json"""

    labels: list[Any]
    test: dict[str, Any]
    challenger: Measured
    champion: Measured | None = None
    slices: list[Slice]
    behaviour: list[Tried]


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


class Verdict(Artefact):
    """verdict.json"""

    status: str
    model_hash: str
    metrics: dict[str, float | None]
    standard_error: float | None = None  # of the metric that decides; a verdict of before 0.2 has none
    cold_start: bool
    criterion: Literal["superiority", "non-inferiority"]
    looks: Annotated[int, Field(ge=0)]
    checks: list[Check]
    comparison: Comparison
    rules: Rules


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
