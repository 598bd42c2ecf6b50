"""Whether groups fare alike: what is between the best and the worst of them, and what chance may hide of it.

The largest of several noisy differences is larger than any true one, so it is never judged as a number by itself. Each
pair of groups has its bounds. The upper bound of the disparity is the highest of the pairs': the pair that truly is
furthest apart is above its own with the chance alpha, whichever it is and however many there are. The lower bound is
the highest of theirs where alpha is shared out over all of them. Families (columns) share alpha out as well, so that
all upper bounds hold together.
Source: Berger 1982, "Multiparameter hypothesis testing and acceptance sampling" (intersection-union tests).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops.decide.checks import Check, Status
from mlops.decide.groups import cautious, group_rows, measure_of, metric_of, without_each
from mlops.decide.jackknife import Estimate, estimate
from mlops.decide.measures import Rows, whole
from mlops.settings.fairness import Acceptance, Fairness

if TYPE_CHECKING:
    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Task


@dataclass(frozen=True)
class Disparity:
    """What is between the groups of a column with the least and the greatest value of the metric.

    The bounds are of the true disparity. rows: of all groups that are large enough. needed: about how many would rule
    out more than max_difference if it is what it looks; None where it looks larger. small: the other groups, by
    their rows.
    """

    column: str
    least: str
    most: str
    difference: float
    lower: float
    upper: float
    rows: int
    needed: float | None
    small: Mapping[str, int]


def above(found: Estimate, alpha: float) -> float:
    """What either of two groups is above the other by at most, each with the chance 1 - alpha."""
    return max(found.quantile(1 - alpha), -found.quantile(alpha))


def below(found: Estimate, alpha: float) -> float:
    """What two groups differ by at least, in either direction with that chance."""
    return max(found.quantile(alpha), -found.quantile(1 - alpha))


def compared(task: "Task", scored: "Scored", metric: str, parts: Sequence[Rows], seed: int) -> Estimate:
    """By how much one of two groups is above the other. What clusters do to both of them is no difference."""
    (first, second), held = without_each(task, scored, metric, parts, seed)
    return cautious(replace(estimate(first - second), groups=held), metric_of(task, metric), parts)


def disparity(task: "Task", scored: "Scored", column: str, rules: Fairness, seed: int) -> Disparity:
    """Of the groups by that column. NaN where fewer than two are large enough, or one is nothing without a cluster."""
    found, alpha = group_rows(scored, column, rules.metric), rules.alpha / len(rules.group_by)
    large = {name: rows for name, rows in found.items() if len(rows) >= rules.min_rows}
    small = {name: len(rows) for name, rows in found.items() if name not in large}
    rows = sum(map(len, large.values()))
    if len(large) < 2:
        return Disparity(column, "", "", nan, nan, nan, rows, None, small)
    values = {name: whole(measure_of(task, scored, rules.metric, each), len(each)) for name, each in large.items()}
    least, most = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    pairs = [compared(task, scored, rules.metric, two, seed) for two in combinations(large.values(), 2)]
    uppers = [above(pair, alpha) for pair in pairs]
    lower = max(below(pair, alpha / 2 / len(pairs)) for pair in pairs)
    upper, seen = float(np.max(uppers)), abs(pairs[int(np.argmax(uppers))].value)
    room = rules.max_difference - seen
    needed = rows * ((upper - seen) / room) ** 2 if room > 0 else None
    return Disparity(column, least, most, values[most] - values[least], max(lower, 0.0), upper, rows, needed, small)


def status_of(found: Disparity, most: float) -> Status:
    """PASS: more than is allowed is ruled out. FAIL: it is certain. Else the rows cannot tell."""
    if found.upper <= most:
        return "PASS"
    return "FAIL" if found.lower > most else "INSUFFICIENT"


def words(found: Disparity, task: "Task", rules: Fairness) -> str:
    """What was seen of the groups, and how sure it is."""
    small = ", ".join(f"{name} ({rows})" for name, rows in found.small.items())
    passed_over = f"; too small to judge: {small}" if small else ""
    if not found.least:
        return f"no two groups of {rules.min_rows} rows or more{passed_over}"
    title, status = metric_of(task, rules.metric).title, status_of(found, rules.max_difference)
    seen = f"{title} {found.difference:.3g} apart ({found.least}, {found.most})"
    if not isfinite(found.upper):
        return f"{seen}, how sure that is cannot be told: a group is of one cluster alone, or has no value{passed_over}"
    told = {"PASS": f"at most {found.upper:.3g}", "FAIL": f"shown to be at least {found.lower:.3g}"}
    return f"{seen}, {told.get(status) or not_ruled_out(found, rules.max_difference)}{passed_over}"


def not_ruled_out(found: Disparity, most: float) -> str:
    """How much is not ruled out, and whether more rows would rule out more than is allowed."""
    rows = f"and {found.upper:.3g} not ruled out with {found.rows:,} rows"
    if found.needed is None:
        return f"{rows}; it looks larger than {most:g} already, which no number of rows can rule out if it is so"
    return f"{rows} (about {found.needed:,.0f} rows needed, if it is what it looks)"


def check(found: Disparity, task: "Task", rules: Fairness, day: str) -> Check:
    """The check of a column on that day; one with a finding passes while that is accepted."""
    status, seen = status_of(found, rules.max_difference), words(found, task, rules)
    accepted = rules.accepted.get(found.column)
    if accepted:
        status, seen = let_pass(accepted, status, seen, day)
    return Check(
        f"fairness {found.column}", status, seen, f"upper bound <= {rules.max_difference:g} (fairness.max_difference)"
    )


def let_pass(accepted: Acceptance, status: Status, seen: str, day: str) -> tuple[Status, str]:
    """What becomes of a finding that is, or was, accepted; without one there was nothing to accept."""
    if status == "PASS":
        return status, f"{seen}; accepted without need, take that out"
    if day > accepted.until:
        return "FAIL", f"{seen}; was accepted until {accepted.until}, which is over: {accepted.reason}"
    return "PASS", f"{seen}; accepted until {accepted.until}: {accepted.reason}"


def judged(
    task: "Task", scored: "Scored", rules: Fairness, seed: int, day: str
) -> tuple[Sequence[Check], dict[str, Any]]:
    """A check a column, and what the verdict keeps of it: the day, the rules, and every number that was used."""
    found = [disparity(task, scored, column, rules, seed) for column in rules.group_by]
    checks = [check(each, task, rules, day) for each in found]
    return checks, {"day": day, "rules": rules.model_dump(), "columns": [asdict(each) for each in found]}
