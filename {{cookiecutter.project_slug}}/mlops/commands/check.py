"""Before a pull request: lint, format, types and tests. Runs all of them; exits 1 if any finds something.

Also says which files of the machinery are not as the template made them; that is no fault.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from mlops.commands.console import NO, YES, command, timed
from mlops.repo.template import standing
from mlops.settings.project import check_table

LINT = (("ruff", "check", "."), ("ruff", "format", "--check", "."))
CHECKS = (*LINT, ("mypy",), ("pytest", "-n", "logical", "--maxprocesses", "4"))


def passes(check: Sequence[str]) -> bool:
    """Run one check, its output on the screen."""
    name = " ".join(check)
    print(f"== {name}", flush=True)
    with timed(name):
        return subprocess.run([sys.executable, "-m", *check], check=False).returncode == 0


@command
def main(argv: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog="check", description=__doc__).parse_args(argv)
    check_table()
    found = [" ".join(check) for check in CHECKS if not passes(check)]
    print(standing())
    print(f"not passed: {', '.join(found)}" if found else "all passed")
    return NO if found else YES


if __name__ == "__main__":
    sys.exit(main())
