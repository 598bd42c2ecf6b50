"""The drafted tests/behaviour.yml: what a sound model of any table does, and examples of what only a person can know."""

from collections.abc import Iterator, Sequence

from mlops.data.adoption.columns import Profile, Roles, Table
from mlops.data.adoption.settings import in_line, scalar
from mlops.data.adoption.tasks import TASKS
from mlops.settings.metrics import TaskName

NOISE = 0.01  # of a column's standard deviation
SHIFT, LOSS = 0.25, 0.5  # of the answers' unit: what noise may do to an answer, and what a missing value may
SHARE = 0.9  # of the rows, for which it must hold
MOST = 6  # tests

HEAD = """# What the model must do whatever its metrics say: every challenger is tried on it, and one that fails does not pass the
# gate. What can be written, and what each line means: docs/behaviour.md. Drafted from the table; the rest is yours.
rows: 500                            # of the test, evenly from all of it
between: {between}
latency_ms: 100                      # one row, the median
"""
EXAMPLES = """# What only you can know, such as (take the # away and write your own):
#  - name: more of it never lowers the answer
#    change: {column: {add: 1}}
#    never: lower
#  - name: the plain case
#    row: {every_feature: its value, or null}
#    between: [0, 0.5]
"""


def draft(table: Table, found: Sequence[Profile], roles: Roles, task: TaskName) -> str:
    """The text of the file."""
    between, unit = TASKS[task].answers(table.facts[roles.target])
    tests = [each for profile in found if profile.is_feature for each in trials(profile.name, table, unit)][:MOST]
    return f"{HEAD.format(between=in_line(between))}\ntests:{'' if tests else ' []'}\n{''.join(tests)}{EXAMPLES}"


def trials(name: str, table: Table, unit: float) -> Iterator[str]:
    """What noise in a column may do, and its missing where it sometimes is."""
    facts, kind = table.facts[name], table.columns[name].kind
    if kind == "decimal" and facts.deviation > 0:
        change = f"noise: {NOISE * facts.deviation:.1g}"
        yield trial(f"a little noise in {name}", name, change, SHIFT * unit)
    if facts.nulls and kind in ("decimal", "text"):
        yield trial(f"without {name}", name, "to: null", LOSS * unit)


def trial(title: str, name: str, change: str, within: float) -> str:
    return (
        f"  - name: {scalar(title)}\n    change: {{{scalar(name)}: {{{change}}}}}\n    within: {within:.2g}\n"
        f"    share: {SHARE}\n"
    )
