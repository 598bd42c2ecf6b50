"""Take in a table of your own: data, rules, settings and a model to start from, in the place of what is there.

Reads CSV or Parquet, a file or a folder; says of every column what it is, how it is used and why. Changes the folder
only if all is well, and overwrites nothing that is not committed. Commits nothing: `git diff` shows it all.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import get_args

from mlops import UserError, counted
from mlops.commands.console import YES, command
from mlops.data.adoption import behaviour, files, model, rules, settings
from mlops.data.adoption.columns import Profile, Roles, Table, profiles, task_of
from mlops.data.adoption.facts import file_facts, sample, together
from mlops.data.adoption.reading import check_named, read_source
from mlops.data.adoption.tasks import TASKS
from mlops.data.soundness import find_faults
from mlops.data.splitting import check_sides, held_out
from mlops.data.tables import data_files, read_data
from mlops.repo.changes import names
from mlops.settings.behaviour import BEHAVIOUR_FILE
from mlops.settings.metrics import TaskName
from mlops.settings.project import PROJECT_FILE, load_project

REPLACED = ("data", "expectations", "model", str(BEHAVIOUR_FILE), str(PROJECT_FILE))
FEW = 1_000  # rows, of which a held-out part can show gross gains only
FOLDS = (
    "a held-out part of {rows} rows tells little; `split: {{folds: 5, repeats: 10}}` under `data` in project.yml would"
    " test on all of them, not this model but its recipe (docs/your-data.md)"
)
SHOWN = 100  # columns in the printed table; all of them are in data/README.md


def take_in(path: Path, roles: Roles, new: Path) -> tuple[Table, list[str]]:
    """Write the data files into the new folder; the table, and what is left out of it. UserError for what is wrong."""
    source = read_source(path, roles.time, new.parent)
    told = {"--target": [roles.target], "--key": roles.key, "--slices": roles.slices, "--keep": roles.keep}
    check_named(told, list(source.columns))
    if roles.time and (count := source.columns[roles.time].nulls):
        without = counted(count, "row")
        raise UserError(f"{path}: column {roles.time}: no time in {without}; fill it in, or take them out")
    data = files.write_data(files.with_target(source, roles.target), roles.time, new / "data")
    if roles.key:
        files.check_key(data, roles.key)
    facts = [file_facts(each) for each in data]
    whole = {name: together(part[name] for part in facts) for name in source.columns}
    if roles.time and whole[roles.time].distinct == 1:
        raise UserError(f"{path}: column {roles.time}: the same time in all rows; leave --time out")
    rows, dropped = whole[roles.target].rows, source.columns[roles.target].nulls
    notes = [f"not read: {each}" for each in source.passed_over] + source.changed
    notes += [f"left out: {counted(dropped, 'row')} without {roles.target}"] if dropped else []
    return Table(rows, facts, source.columns, whole, sample(data, rows, len(source.columns))), notes


def draft(path: Path, roles: Roles, new: Path) -> tuple[list[Profile], list[str]]:
    """Write all into the new folder that is to be in the project's; what each column is, and what is left out."""
    table, notes = take_in(path, roles, new)
    task = task_of(table, roles)
    found = profiles(table, roles, task)
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "table"
    suite = f"expectations/{name}.json"
    classes = roles.target if TASKS[task].has_classes else None
    drafted = settings.Draft(suite, table, found, roles, task)
    texts = {
        suite: rules.to_text(rules.draft(name, table.files, table.columns, roles.key, classes)),
        "data/README.md": model.readme(path.name, suite, table, found, roles),
        str(PROJECT_FILE): settings.settings(PROJECT_FILE, drafted),
        str(BEHAVIOUR_FILE): behaviour.draft(table, found, roles, task),
        **{f"model/{file}": content for file, content in model.model_files(task).items()},
    }
    files.written(texts, new)
    check_sound(path, new)
    hold_out_enough(path, new, drafted)
    times = [each.name for each in found if table.columns[each.name].kind == "time"]
    if roles.time is None and table.rows < FEW:
        notes.append(FOLDS.format(rows=f"{table.rows:,}"))
    if times and roles.time is None:
        notes.append(f"rows are split at random; --time {quote(times[0])} would split and watch them by time")
    return found, notes + ([] if roles.key else keys(found, table, new))


def keys(found: Sequence[Profile], table: Table, new: Path) -> list[str]:
    """The note about the first column that names each row, if one does."""
    whole = [each for each in found if each.what == "identifier" and not table.facts[each.name].nulls]
    for each in whole:
        if table.sample[each.name].is_unique:  # before all rows are asked
            with suppress(UserError):
                files.check_key(data_files(new / "data"), [each.name])
                return [f"{each.name} is another in every row; --key {quote(each.name)} would tell rows apart by it"]
    return []


def hold_out_enough(path: Path, new: Path, drafted: settings.Draft) -> None:
    """Write the settings with the first share to hold out that leaves enough on both sides. UserError: none does."""
    target = read_data(new / "data", [drafted.roles.target])[drafted.roles.target]
    for share in (drafted.share, *settings.LARGER):
        text = settings.settings(PROJECT_FILE, replace(drafted, share=share))
        files.written({str(PROJECT_FILE): text}, new)
        try:
            return check_sides(target, held_out(new / "data", load_project(new / PROJECT_FILE).data))
        except UserError as error:
            why = error
    raise UserError(f"{path}: {str(why).partition(';')[0]}, whatever share is held out; a model needs more data")


def check_sound(path: Path, new: Path) -> None:
    """UserError for the first thing that every later run would find wrong with the data as such."""
    faults = find_faults(new / "data", load_project(new / PROJECT_FILE), datetime.now(UTC))
    if found := [failure.message for failures in faults.values() for failure in failures]:
        raise UserError(f"{path}: {found[0]}; correct the table, or take these rows out")


def check_committed(touched: Sequence[str]) -> None:
    """UserError when one of the files that are to change has changes that no commit holds."""
    unsaved = names("diff", "--name-only", "--relative", "-z", "HEAD", "--", *REPLACED)
    unsaved |= names("ls-files", "--others", "-z", "--", *REPLACED)
    if lost := sorted(unsaved & {*touched}):
        raise UserError(f"{lost[0]}: not committed, and would be lost; commit it, or take it away: git stash -u")


def show(found: Sequence[Profile]) -> None:
    """Print the table of columns."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Printed

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    printed = Printed("column", "what it is", "how it is used", "why")
    for each in found[:SHOWN]:
        printed.add_row(*(escape(text) for text in (each.name, each.what, each.used, each.why)))
    console.print(printed)
    if len(found) > SHOWN:
        print(f"and {len(found) - SHOWN:,} more, all in data/README.md")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="adopt", description=__doc__)
    parser.add_argument("table", type=Path, help="a CSV or Parquet file, or a folder of them")
    parser.add_argument("--target", required=True, metavar="COLUMN", help="what the model is to tell")
    parser.add_argument("--time", metavar="COLUMN", help="the column by which rows are ordered and split")
    parser.add_argument("--task", choices=get_args(TaskName), help="what the target sets, where it is not clear")
    parser.add_argument("--key", nargs="+", default=[], metavar="COLUMN", help="columns that name a row together")
    parser.add_argument("--slices", nargs="+", default=[], metavar="COLUMN", help="columns whose values are slices")
    parser.add_argument("--keep", nargs="+", default=[], metavar="COLUMN", help="features, whatever speaks against it")
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> int:
    args = arguments(argv)
    roles = Roles(args.target, args.time, args.task, args.key, args.slices, args.keep)
    with TemporaryDirectory(prefix="adopt-") as folder:
        new = Path(folder) / "new"
        found, notes = draft(args.table, roles, new)
        there = names("ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *REPLACED)
        write, remove = files.changes(new, Path(), [name for name in there if Path(name).exists()])
        check_committed([*write, *remove])
        show(found)
        print(*notes, sep="\n", end="\n" if notes else "")
        files.carry_out(new, Path(), write, remove)
    if not write and not remove:
        print("nothing has changed")
        return YES
    done = f"{counted(len(write), 'file')} written, {len(remove)} taken away"
    print(f"{done}; `git status` shows them, `git stash -u` undoes it, to adopt once more, say")
    print('Next, to keep it: git add --all && git commit -m "My table"; then: uv run run_pipeline')
    return YES


if __name__ == "__main__":
    sys.exit(main())
