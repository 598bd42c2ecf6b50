"""From a foreign CSV to a served model: what is typed, and how long the machine takes for it.

    uv run python benchmarks/own_table.py

For a table of each task (tests/own_tables/make.py) generates and installs a project that waits for its table, then
types the lines below. Installing is not counted; the serving environment, which `run_pipeline` installs from uv's
cache, is. No file is edited.
"""

import shlex
import tempfile
from pathlib import Path

from _project import installed_project, options, seconds
from demo.run import TEMPLATE, python_of

MAKE = TEMPLATE / "tests" / "own_tables" / "make.py"
TABLES = {  # its name, and what adopt is told
    "wines": "--target target",
    "diabetes": "--target target --slices sex",
    "orders": "--target paid --time 'ordered at'",
}
TYPED = (
    "uv run adopt {table} {options}",
    "uv run run_pipeline",
    "uv run release",
)
SOMEBODY = {f"GIT_{role}_{key}": "ana@localhost" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
HASTE = [  # of no use to anybody but a quick run
    ("environments/base.yml", "bake: 20s", "bake: 1s"),
    ("environments/base.yml", "max_error_rate_increase: 0.01", "max_error_rate_increase: 0.1"),
    ("environments/base.yml", "max_p95_latency_ms: 100", "max_p95_latency_ms: 999999"),
]


def edit(project: Path, name: str, old: str, new: str) -> None:
    text = (project / name).read_text(encoding="utf-8")
    (project / name).write_text(text.replace(old, new), encoding="utf-8")


def measure(folder: Path, table: str, quick: bool) -> list[float]:
    """Seconds of each line that is typed. The endpoint must answer as the model does."""
    project = installed_project(folder, start_from="own-table")
    for change in HASTE if quick else []:
        edit(project, *change)
    path = folder / f"{table}.csv"
    seconds(project, str(python_of(project)), str(MAKE), table, str(path))
    told = {"table": shlex.quote(str(path)), "options": TABLES[table]}
    try:
        taken = [seconds(project, *shlex.split(line.format(**told)), **SOMEBODY) for line in TYPED]
        seconds(project, "uv", "run", "smoke", "staging")
    finally:
        seconds(project, "uv", "run", "stop")
    return taken


def main() -> None:
    quick = options(__doc__).quick
    tables, taken = list(TABLES)[: 1 if quick else None], []
    for table in tables:
        with tempfile.TemporaryDirectory() as folder:
            taken.append(measure(Path(folder), table, quick))
    print(f"\n| seconds | {' | '.join(tables)} |\n| --- |{' ---: |' * len(tables)}")
    rows = zip(*([*each, sum(each)] for each in taken), strict=True)
    for line, times in zip([*TYPED, "together"], rows, strict=True):
        print(f"| {line.split(' {')[0]} | {' | '.join(f'{each:.1f}' for each in times)} |")
    print(f"\ncommands: {len(TYPED)}; edits by hand: 0")


if __name__ == "__main__":
    main()
