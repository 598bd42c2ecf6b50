"""The drafted tests/behaviour.yml: what a sound model of any table does, and examples of what a person may add."""

from collections.abc import Sequence

from mlops.data.adoption.columns import Profile, Roles, Table
from mlops.data.adoption.settings import in_line
from mlops.data.adoption.tasks import TASKS
from mlops.settings.metrics import TaskName
from mlops.settings.values import scalar

NOISE = 0.01  # of a column's standard deviation
SHIFT = 0.25  # of the answers' unit: what noise may do to an answer
SHARE = 0.9  # of the rows, for which it must hold
MOST = 3  # columns

HEAD = """# What the model must do whatever its metrics say: every challenger is tried on it, and one that fails does
# not pass the gate. What can be written, and what each line means: docs/behaviour.md. Drafted; the rest is yours.
rows: 500                            # of the test, evenly from all of it
between: {between}
"""
EXAMPLES = """# What only you can know, such as (take the # away and write your own):
#  - name: more of it never lowers the answer
#    change: {column: {add: 1}}
#    never: lower
#  - name: a broken sensor
#    change: {column: {to: null}}
#    within: 0.3
#  - name: the plain case
#    row: {every_feature: its value, or null}
#    between: [0, 0.5]
"""


def draft(table: Table, found: Sequence[Profile], roles: Roles, task: TaskName) -> str:
    """The text of the file."""
    between, unit = TASKS[task].answers(table.facts[roles.target])
    names = [each.name for each in found if each.is_feature and varies(each.name, table)][:MOST]
    tests = "".join(hardly_matters(name, table.facts[name].deviation, unit) for name in names)
    return f"{HEAD.format(between=in_line(between))}\ntests:{'' if tests else ' []'}\n{tests}{EXAMPLES}"


def varies(name: str, table: Table) -> bool:
    """Whether the column holds decimals, which are measured and so never exact."""
    return table.columns[name].kind == "decimal" and table.facts[name].deviation > 0


def hardly_matters(name: str, deviation: float, unit: float) -> str:
    """That a little noise in the column does little."""
    return (
        f"  - name: {scalar(f'a little noise in {name}')}\n"
        f"    change: {{{scalar(name)}: {{noise: {short(NOISE * deviation, 1)}}}}}\n"
        f"    within: {short(SHIFT * unit, 2)}\n"
        f"    share: {SHARE}\n"
    )


def short(value: float, digits: int) -> str:
    """So many digits of a number, as YAML reads one: `2e+01` would be text."""
    return scalar(float(f"{value:.{digits}g}"))
