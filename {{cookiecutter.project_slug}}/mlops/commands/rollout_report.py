"""Show how the last rollout of an environment went: a page and a text beside the record that `apply` wrote.

Every decision is made once more from the record. Exits 1 when one of them would be another today.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.commands.console import NO, YES, command
from mlops.operate.record import RECORD_FILE, RECORDS
from mlops.report.rollouts import write_page_of
from mlops.settings.reading import read_text


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="rollout_report", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("--records", type=Path, default=RECORDS, help="folder with the records of `apply`")
    args = parser.parse_args(argv)
    folder = args.records / args.environment
    facts = write_page_of(folder / RECORD_FILE, args.environment)
    print(read_text(folder / "rollout.md", "run this again"))
    print(f"report: {folder / 'rollout.html'}")
    return NO if facts["other"] else YES


if __name__ == "__main__":
    sys.exit(main())
