"""Check the data: reads every Parquet file and the rules in expectations/, writes validation.json and data_docs/.

All files together first (mlops/data/soundness.py), then each on its own, so that good months cannot hide a bad one.
Exits 1 when a file breaks a rule, 2 when project.yml names a column that no file has.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mlops import counted
from mlops.commands.console import NO, YES, command
from mlops.data.files import hash_folder, write_json
from mlops.data.soundness import find_faults
from mlops.data.tables import data_files, hash_data, local_folder, read_file
from mlops.data.validation import Checked, Checks, read_suite
from mlops.report.data_docs import write_index
from mlops.settings.project import PROJECT_FILE, load_project


def report(found: Checked) -> None:
    """One line for a sound file; of another, one for each broken rule."""
    for failure in found.failures:
        print(f"{found.file}: {failure.message}", flush=True)
    if not found.failures:
        print(f"{found.file}: all {found.rules} rules are kept by {counted(found.rows, 'row')}", flush=True)


def summary(files: Sequence[Checked]) -> str:
    """The last line: `3 files, 7,791 rows: sound`."""
    broken, bad = sum(len(found.failures) for found in files), sum(bool(found.failures) for found in files)
    verdict = f"{bad} not sound, rules broken: {broken}" if bad else "sound"
    rows = counted(sum(found.rows for found in files), "row")
    return f"{counted(len(files), 'file')}, {rows}: {verdict}"


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="validate_data", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--data", type=Path, help="folder of Parquet files (default: that of project.yml)")
    parser.add_argument("--validation", type=Path, default=Path("out/validation"), help="folder to write")
    args = parser.parse_args(argv)
    project = load_project(args.project)
    data, suite = args.data or local_folder(project.data.uri), Path(project.data.suite)
    verdict, pages = args.validation / "validation.json", args.validation / "data_docs"
    verdict.unlink(missing_ok=True)  # an older verdict must not pass for this one's
    shutil.rmtree(pages, ignore_errors=True)
    faults = find_faults(data, project, datetime.now(UTC))
    checks, files = Checks(read_suite(suite)), []
    for path in data_files(data):
        found = checks.check(path.name, read_file(path))
        files.append(replace(found, failures=[*faults[path.name], *found.failures]))
        report(files[-1])
    checks.write_pages(pages)
    write_index(pages, files)
    success = not any(found.failures for found in files)
    hashes = {"suite_hash": hash_folder(suite), "data_hash": hash_data(data)}
    write_json(verdict, {"success": success, **hashes, "files": [found.to_json() for found in files]})
    print(f"{summary(files)}; see {pages / 'index.html'}")
    return YES if success else NO


if __name__ == "__main__":
    sys.exit(main())
