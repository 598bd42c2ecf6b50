"""The machinery: what the steps and commands are made of. Rooms from the ground up; each may use those before it only.

settings   project.yml and environments/, read and checked      report     pages and pictures for people
data       tables, their rules, the model folder                ci         GitHub, Azure DevOps or a terminal
repo       Git: what changed, commits, lineage                  operate    rollout, promotion, champion, monitoring
decide     pure decisions: gate, drift, health, rollout         commands   what is typed besides the steps
platform   where models are trained, registered and served
"""

BAD_INPUT, TAKEN = 2, 3  # exit codes; the others are in commands/console.py
LONGEST_LINE = 900  # characters


def counted(number: float, noun: str) -> str:
    """`1 row`, `2,790 rows`: so many of what the noun names."""
    shown = f"{number:g}" if isinstance(number, float) else f"{number:,}"
    return f"{shown} {noun if number == 1 else f'{noun}s'}"


class UserError(Exception):
    """A mistake its reader can correct: what is wrong, where, and how to correct it; one line, whatever it quotes."""

    exit_code = BAD_INPUT

    def __str__(self) -> str:
        line = " ".join(super().__str__().split())
        return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


class TamperedError(UserError):
    """What would be used is not what passed the gate."""


class TakenError(UserError):
    """Another run is at work on the same endpoint."""

    exit_code = TAKEN
