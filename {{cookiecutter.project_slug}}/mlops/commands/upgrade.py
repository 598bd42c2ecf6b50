"""Bring this project to another version of its template: the newest, or --to one. Commits nothing.

Your own files stay as they are, settings get new keys and new names of old ones, and your edits elsewhere are merged.
Exits 1, and changes nothing, where Git cannot merge.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops import counted
from mlops.commands.console import NO, YES, command
from mlops.repo import template
from mlops.repo.changes import names


def run(record: template.Record, version: str | None, made: Path | None = None) -> int:
    """Upgrade the project in the current folder and say what to look at, and what to do next."""
    upgrade = template.prepare(record, version, made)
    if upgrade is None:
        print(f"nothing to do: this project is of version {record.version}, which is no older")
        return YES
    if upgrade.conflicts:
        print("\n".join(f"conflict: {name}" for name in upgrade.conflicts), file=sys.stderr)
        by_hand = f"git {' '.join(template.AS_IT_IS)} cherry-pick --no-commit {upgrade.moved[:12]} {upgrade.after[:12]}"
        print(f"nothing has changed; to settle it in these files: {by_hand}", file=sys.stderr)
        return NO
    template.apply(upgrade)
    changed = names("diff", "--cached", "--name-only", "--relative", "-z", "HEAD")
    print(f"template version {record.version} -> {upgrade.record.version}: {counted(len(changed), 'file')} changed")
    print("\n".join([*upgrade.notes, *(f"{name}: merged with your changes" for name in template.merged(upgrade))]))
    print(template.standing(upgrade.record))
    print(f'Next: uv sync; uv run check; git commit -m "Upgrade the template to {upgrade.record.version}"')
    print("To undo it: git reset --hard")
    return YES


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="upgrade", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--to", metavar="VERSION", help="a release such as 0.2.0, or a branch or commit of the template")
    what.add_argument("--status", action="store_true", help="only say which files of the machinery you have changed")
    tests = "only fetch the tests of the machinery, for who has changed it, into tests/machinery"
    what.add_argument("--tests", action="store_true", help=tests)
    args = parser.parse_args(argv)
    record = template.read_record()
    if args.status:
        print(template.standing(record))
        return YES
    if args.tests:
        count, folder = template.fetch_tests(record), template.TESTS.as_posix()
        print(f"{count} files; run them: uv run python -m pytest -c {folder}/pytest.ini {folder}")
        return YES
    return run(record, args.to)


if __name__ == "__main__":
    sys.exit(main())
