"""The model card of a version: what it is for, made of, good at and not, and how to take it back; for people to keep.

Made of what a pipeline left and `register` has judged again. It holds no value of a single row: slices and groups that
are too small to be judged are counted, not named, and of behaviour it says what was asked, not which row was worst.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops.data.files import hash_file
from mlops.data.provenance import PROVENANCE_FILE
from mlops.data.sbom import SBOM_FILE
from mlops.report.pages import interval, number, render
from mlops.report.training import evidence
from mlops.settings.metrics import GROUP_METRICS
from mlops.settings.project import Project
from mlops.settings.split import dealt_in_words

FILES = ("model_card.md", "model_card.html")
NOT_MEASURED = "Not measured"
KEPT_FILES = ("requirements.txt", SBOM_FILE, PROVENANCE_FILE)  # of the model folder
ELSEWHERE = ("fairness ", "behaviour: ")  # checks whose words may name a row, or a group of one
MOST_FEATURES = 10
SHORTEST = 3  # of the smallest slices that limits name


@dataclass(frozen=True)
class Facts:
    """What the card is made of: the files of a run as they were read, and the verdict as it was made again."""

    project: Project
    purpose: str
    model: Path
    verdict: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    split: Mapping[str, Any] | None
    diagnosis: Mapping[str, Any] | None
    registered: str  # the day

    @property
    def challenger(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.evaluation["challenger"]
        return found

    @property
    def large(self) -> list[Mapping[str, Any]]:
        """The slices that are large enough to be judged."""
        least = self.project.gate.slices.min_rows
        return [each for each in self.evaluation["slices"] if each["rows"] >= least]


@dataclass(frozen=True)
class Section:
    """Sentences, and a table where there is a head; numbers stand in it as text."""

    title: str
    sentences: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return self.title.lower().replace(" ", "-")


def write_card(facts: Facts, folder: Path) -> None:
    """Both files of the card into the folder."""
    about = {"name": facts.project.name, "status": facts.verdict["status"], "hash": facts.verdict["model_hash"]}
    for name in FILES:
        render(name, about | {"sections": sections(facts)}, folder / name)


def sections(facts: Facts) -> list[Section]:
    """All of the card, in its order."""
    return [
        purpose(facts),
        verdict(facts),
        metrics(facts),
        slices(facts),
        fairness(facts),
        behaviour(facts),
        explanation(facts),
        data(facts),
        Section("Limits", list(limits(facts))),
        lineage(facts),
        roll_back(),
    ]


def purpose(facts: Facts) -> Section:
    project, estimator = facts.project, facts.challenger["lineage"].get("estimator")
    rows = [
        ["task", project.task],
        ["answers", project.data.target],
        *classes(facts),
        *([["model", estimator]] if estimator else []),
        ["decided by", project.metrics[project.metric].title],
        ["asks for", ", ".join(project.features)],
    ]
    return Section("Purpose", [facts.purpose] if facts.purpose else [], ["what", ""], rows)


def classes(facts: Facts) -> list[list[str]]:
    """Which answers there are, and whose probability a score is."""
    labels = [str(each) for each in facts.evaluation["labels"]]
    if facts.project.task == "binary":
        other, positive = labels
        counts = f"a score is its probability, and above {facts.project.gate.threshold:g} it is the answer"
        return [["positive answer", f"{facts.project.data.target} = {positive} ({counts}; else {other})"]]
    return [["one of", ", ".join(labels)]] if labels else []


def verdict(facts: Facts) -> Section:
    """The verdict with its reasons; those of behaviour and of groups are further down."""
    found, small = facts.verdict, f">= {facts.project.gate.slices.min_rows} rows"
    rows = [
        [each["name"], each["status"], each["seen"], each["wanted"]]
        for each in found["checks"]
        if not each["wanted"].startswith(small) and not each["name"].startswith(ELSEWHERE)
    ]
    against = "a trivial model, as there was no champion" if found["cold_start"] else "the champion of then"
    said = [f"{found['status']}, by {found['criterion']}, against {against}."]
    return Section("Verdict", said + evidence(found), ["check", "result", "seen", "wanted"], rows)


def metrics(facts: Facts) -> Section:
    """Of the test rows, with the champion's beside them where there was one."""
    models = [facts.challenger, *([facts.evaluation["champion"]] if facts.evaluation.get("champion") else [])]
    rows = [
        [metric.title, *(part for each in models for part in sure(each, name))]
        for name, metric in facts.project.metrics.items()
    ]
    names = ["this model", "champion"][: len(models)]
    dealt = dealt_in_words(facts.verdict["test"])
    said = [f"Of models of the same recipe, each tested on rows that it was fitted without ({dealt})."] if dealt else []
    return Section("Metrics", said, ["metric", *(part for name in names for part in (name, "95 % interval"))], rows)


def sure(model: Mapping[str, Any], metric: str) -> list[str]:
    return [number(model["metrics"].get(metric)), interval(model["intervals"].get(metric))]


def slices(facts: Facts) -> Section:
    small, primary = len(facts.evaluation["slices"]) - len(facts.large), facts.project.metric
    rows = [[each["slice"], f"{each['rows']:,}", number(each["challenger"].get(primary))] for each in facts.large]
    least = facts.project.gate.slices.min_rows
    said = [f"{small} smaller ones, of less than {least} rows, are not shown."] if small else []
    return Section("Slices", said, ["slice", "rows", facts.project.metrics[primary].title], rows)


def fairness(facts: Facts) -> Section:
    """What groups of the test rows get, those that are large enough."""
    rules, found = facts.project.fairness, facts.evaluation.get("fairness")
    if rules is None or not found:
        return Section("Fairness", [f"{NOT_MEASURED}: project.yml has no `fairness`."])
    rows = [
        [column, each["group"], f"{each['rows']:,}", number(each["value"]), interval(each["interval"])]
        for column, groups in found["columns"].items()
        for each in groups
        if each["rows"] >= rules.min_rows
    ]
    title = GROUP_METRICS[facts.project.task][rules.metric].title
    said = list(apart(facts.verdict, rules.max_difference))
    return Section("Fairness", said, ["column", "group", "rows", title, "95 % interval"], rows)


def apart(verdict: Mapping[str, Any], most: float) -> Iterator[str]:
    """What was found of each column, and what was accepted of it."""
    judged, result = verdict["fairness"], {each["name"]: each["status"] for each in verdict["checks"]}
    for each in judged["columns"]:
        column = each["column"]
        found = f"{column}: {result[f'fairness {column}']}"
        if each["least"]:
            difference, upper = number(each["difference"]), number(each["upper"])
            found += (
                f", {each['least']} and {each['most']} are {difference} apart, at most {upper}; {most:g} is allowed"
            )
        small = f" {len(each['small'])} groups are too small to judge." if each["small"] else ""
        yield f"{found}.{small}"
        if accepted := judged["rules"]["accepted"].get(column):
            yield f"{column}: accepted until {accepted['until']}: {accepted['reason']}"


def behaviour(facts: Facts) -> Section:
    rows = [
        [each["name"].removeprefix("behaviour: "), each["status"], each["wanted"]]
        for each in facts.evaluation["behaviour"]
    ]
    return Section("Behaviour", [] if rows else [f"{NOT_MEASURED}."], ["asked", "result", "wanted"], rows)


def explanation(facts: Facts) -> Section:
    """Which features the answers hang on, where a step has measured it."""
    of_this = facts.diagnosis is not None and facts.diagnosis["model_hash"] == facts.verdict["model_hash"]
    importances = facts.diagnosis.get("importances") if facts.diagnosis and of_this else None
    if not importances or not importances["found"]:
        return Section("Explanation", [f"{NOT_MEASURED} in this run."])
    found = sorted(importances["found"], key=lambda each: -each["rise"])[:MOST_FEATURES]
    rows = [[each["feature"], number(each["rise"]), interval([each["lower"], each["upper"]])] for each in found]
    return Section(
        "Explanation",
        ["What the error rises by when a feature is shuffled."],
        ["feature", "rise", "95 % interval"],
        rows,
    )


def data(facts: Facts) -> Section:
    """Which rows it is made of and was tried on."""
    split, of_model = facts.split or {}, facts.challenger["lineage"]
    rows = [[f"{part} rows", extent(split[part])] for part in ("train", "test") if part in split]
    hashes = {"data, SHA-256": of_model.get("data_hash"), "test rows, SHA-256": facts.verdict["test"].get("hash")}
    rows += [[name, value] for name, value in hashes.items() if value]
    named = [["address", facts.project.data.uri], ["rules", facts.project.data.suite]]
    return Section("Data", [], ["what", ""], named + rows)


def extent(part: Mapping[str, Any]) -> str:
    """How many rows, and of which time."""
    time = f", from {part['from'][:10]} to {part['to'][:10]}" if part.get("to") else ""
    return f"{part['rows']:,}{time}"


def limits(facts: Facts) -> Iterator[str]:
    """What the numbers above do not say."""
    found, split = facts.verdict["comparison"], facts.split or {}
    time = split.get("test", {})
    span = f" from {time['from'][:10]} to {time['to'][:10]}" if time.get("to") else ""
    what = "Its recipe" if dealt_in_words(facts.verdict["test"]) else "It"
    yield f"{what} was tried on {found['rows']:,} rows{span}, and says nothing of other times or places."
    if found["clusters"] is None:
        yield "Rows are taken for independent of each other; where they are not, intervals are too narrow."
    smallest = sorted(facts.large, key=lambda each: each["rows"])[:SHORTEST]
    if smallest:
        named = ", ".join(f"{each['slice']} ({each['rows']:,})" for each in smallest)
        yield f"The smallest slices that were judged: {named}."
    for name, reason in facts.project.gate.slices.waived.items():
        yield f"{name} is not judged where it has too few rows: {reason}."
    yield from let_pass(facts)
    unknown = [each.title.lower() for each in (fairness(facts), explanation(facts)) if not each.rows]
    if unknown:
        yield f"Not measured: {', '.join(unknown)}."
    yield "Whether what a feature does to answers is its cause, nothing here says."


def let_pass(facts: Facts) -> Iterator[str]:
    """The findings between groups that were accepted: the model has them."""
    judged = facts.verdict.get("fairness") or {"columns": []}
    for each in judged["columns"]:
        accepted = judged["rules"]["accepted"].get(each["column"])
        if accepted and not (each["upper"] is not None and each["upper"] <= judged["rules"]["max_difference"]):
            between = f"Groups by {each['column']} are not shown to fare alike"
            yield f"{between}: that is accepted until {accepted['until']} ({accepted['reason']}), not mended."


def lineage(facts: Facts) -> Section:
    """What it came from; the hash is that of the registered folder, which this card is beside and not in."""
    rows = [[key.replace("_", " "), str(value)] for key, value in facts.challenger["lineage"].items()]
    first = [["content hash", facts.verdict["model_hash"]], ["registered", facts.registered]]
    files = [facts.model / name for name in KEPT_FILES]
    hashes = [[f"{path.name}, SHA-256", hash_file(path)] for path in files if path.exists()]
    return Section("Lineage", [], ["what", ""], [*first, *rows, *hashes])


def roll_back() -> Section:
    said = [
        "Revert the commit of the promotion (git revert), by pull request: the manifest then names the version before,"
        " and deploy brings that back.",
        "Or promote another one: uv run promote ENVIRONMENT --version N.",
        "A rollout that fails rolls itself back; uv run revert ENVIRONMENT then makes the manifest say so.",
    ]
    return Section("Roll back", said)
