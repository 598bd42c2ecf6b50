"""The blocks of project.yml that are about the data, with values that fit its size. The keys are all in this file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.data.adoption.columns import Profile, Roles, Table
from mlops.data.adoption.tasks import TASKS, Scale
from mlops.settings.metrics import METRICS, TaskName
from mlops.settings.migration import entries
from mlops.settings.project import Project
from mlops.settings.reading import check, parse_yaml, read_text
from mlops.settings.values import scalar

SHARE = 0.2  # of the rows is held out for the test, where the newest month is not fit for it
LARGER = (0.3, 0.4, 0.5)  # are tried where that leaves too little to test on
FIT = (0.1, 0.5)  # the newest month is, if it has about that share of the rows
SMALL = 10_000  # rows
UNKNOWN_SIZES = "drafted before the sizes of its slices were known"
ENOUGH = 100  # rows that decide; more are not asked for


@dataclass(frozen=True)
class Draft:
    """What the blocks are made of. suite: the file of the rules. share: of rows to hold out; None: the usual one."""

    suite: str
    table: Table
    found: Sequence[Profile]
    roles: Roles
    task: TaskName
    share: float | None = None


def by_newest_month(table: Table) -> bool:
    """Whether the newest of three months or more has neither too few nor too many of the rows."""
    newest = table.files[-1][next(iter(table.columns))].rows
    return len(table.files) > 1 and FIT[0] * table.rows <= newest <= FIT[1] * table.rows


def tested(draft: Draft) -> tuple[int, int]:
    """How many rows are held out, and how many of the rarer answer of two are among them; else all of them."""
    table, target, month = draft.table, draft.roles.target, by_newest_month(draft.table) and not draft.share
    part = table.files[-1][target] if month else table.facts[target]
    share = 1.0 if month else draft.share or SHARE
    return int(share * part.rows), int(share * TASKS[draft.task].least(part))


def settings(path: Path, draft: Draft) -> str:
    """The text of project.yml with its blocks about the data replaced. UserError when it would not be valid."""
    features = [each.name for each in draft.found if each.is_feature]
    text = read_text(path, "put it right first")
    text = replaced(text, "task", f"task: {draft.task}\n", before="data")
    new = {
        "data": data_block(draft),
        "features": listed("features", features, "the columns that the model sees"),
        "model": model_block(draft.table),
        "gate": gate_block(draft),
        "monitoring": monitoring_block(draft.table),
    }
    for key, block in new.items():
        text = replaced(text, key, block)
    check(Project, parse_yaml(text, path), path)
    return text


def replaced(text: str, key: str, block: str, before: str = "") -> str:
    """The text with another block under that key; a new one at its end, or before that of another key."""
    there, lines = entries(text), text.splitlines(keepends=True)
    if key in there:
        return "".join(lines[: there[key].line]) + block + "".join(lines[there[key].after :])
    if before in there:
        return "".join(lines[: there[before].line]) + f"{block}\n" + "".join(lines[there[before].line :])
    return f"{text.rstrip()}\n\n{block}"


def in_line(values: Sequence[Any]) -> str:
    return f"[{', '.join(map(scalar, values))}]"


def listed(key: str, values: Sequence[str], comment: str) -> str:
    return f"{f'{key}:':<36} # {comment}\n" + "".join(f"  - {scalar(value)}\n" for value in values)


def lined(key: str, lines: Sequence[tuple[str, Any, str]], indent: int = 2) -> str:
    """A block with a line `key: value  # comment` for each; without a key, the lines alone."""
    texts = [(f"{' ' * indent}{name}: {value}".rstrip(), comment) for name, value, comment in lines]
    block = "".join(f"{text:<36} # {comment}\n" if comment else f"{text}\n" for text, comment in texts)
    return f"{key}:\n{block}" if key else block


def data_block(draft: Draft) -> str:
    leaks, roles = [each.name for each in draft.found if each.is_leak], draft.roles
    lines = [
        ("uri", "data", "Parquet files; on azureml also azureml:<asset>:<version>"),
        ("suite", scalar(draft.suite), "the rules that every file must keep"),
        ("time", scalar(roles.time), "rows are split and watched by this column"),
        ("key", in_line(roles.key), "the columns that tell one row from every other"),
        ("split", *split_line(draft)),
        ("target", scalar(roles.target), "the answer that the model learns"),
        ("known_only_after", in_line(leaks), "never features: that would be a leak"),
    ]
    unused = {
        *(["time"] if roles.time is None else []),
        *([] if roles.key else ["key"]),
        *([] if split_line(draft)[0] else ["split"]),
    }
    return lined("data", [line for line in lines if line[0] not in unused])


def split_line(draft: Draft) -> tuple[str, str]:
    """The value of data.split and what it means; both empty where the usual way does."""
    if draft.roles.time and (draft.share or not by_newest_month(draft.table)):
        return f"{{by: time, share: {draft.share or SHARE}}}", "the newest rows are held out for the test"
    return (
        (f"{{share: {draft.share}}}", "held out for the test: a smaller part is too few rows")
        if draft.share
        else ("", "")
    )


def model_block(table: Table) -> str:
    """A boosting that does not learn a small table by heart."""
    small = table.rows < SMALL
    return lined(
        "model",
        [
            ("learning_rate", 0.05 if small else 0.1, "passed to model/estimator.py as it stands"),
            ("max_iter", 100, ""),
            ("max_leaf_nodes", 8 if small else 15, ""),
            ("min_samples_leaf", within(10, table.rows // 100, 40), ""),
            ("random_state", 7, ""),
        ],
    )


def gate_block(draft: Draft) -> str:
    task, (_, rarest) = TASKS[draft.task], tested(draft)
    counts = task.scale(draft.table.facts[draft.roles.target])
    title = METRICS[draft.task][counts.metric].title
    lost = f"{title} that may be lost: in a pull request unless ruled out, live once certain"
    lines = [
        ("metric", counts.metric, "decides; gains and losses below are in its unit"),
        *([("threshold", 0.5, "a score above it counts as the second answer")] if task.has_threshold else []),
        ("floors", f"{{{counts.metric}: {counts.floor}}}", "the worst that a model may be"),
        ("alpha", 0.05, "chance of promoting a model that is no better than the champion"),
        ("looks", 20, "models a year that may ask to be better, alpha shared out; on the same rows no more"),
        ("minimum_gain", counts.gain, f"the smallest gain in {title} worth having"),
        ("max_loss", counts.loss, lost),
        ("min_rows", within(5, rarest // 2, ENOUGH), f"fewer test {task.counted}: cannot tell"),
        ("seed", 13, "of how rows are dealt into the groups that intervals are made of"),
        ("slices", "", ""),
    ]
    return lined("gate", lines) + slices_block(draft, counts, title)


def slices_block(draft: Draft, counts: Scale, title: str) -> str:
    """What is below gate.slices."""
    sliced, (rows, _) = [each.name for each in draft.found if each.is_slice], tested(draft)
    waived = f"{{{', '.join(f'{scalar(name)}: {UNKNOWN_SIZES}' for name in sliced)}}}"
    lines = [
        ("columns", in_line(sliced), "each of their values is a slice"),
        ("min_rows", within(20, rows // 10, 200), "smaller slices block, but for those waived"),
        ("floor", counts.slice_floor, f"{title} that the challenger must reach on every slice"),
        ("max_drop", counts.drop, f"{title} it may lose to the champion on a slice, beyond chance"),
        *([("waived", waived, "a slice, or all of a column, and why")] if sliced else []),
    ]
    return lined("", lines, indent=4)


def monitoring_block(table: Table) -> str:
    return lined(
        "monitoring",
        [
            ("alpha", 0.005, "chance of a false alarm in a report: of daily ones, 1.8 a year"),
            ("min_effect", 0.1, "smaller distances from training, of 1, are not worth an alarm"),
            ("min_rows", within(50, table.rows // 10, 200), "fewer collected rows: cannot tell"),
            ("cooldown_days", 7, "monitoring starts training at most this often"),
        ],
    )


def within(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))
