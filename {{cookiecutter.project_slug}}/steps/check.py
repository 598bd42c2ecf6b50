"""Before a pull request: lint, format and tests. Runs all three; exits 1 if any finds something."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from mlops.command import NO, YES, command, timed

LINT = (("ruff", "check", "."), ("ruff", "format", "--check", "."))
TESTS = ("pytest", "-n", "logical", "--maxprocesses", "4")  # a process for each processor
OWN_TESTS = tuple(f"tests/test_{name}.py" for name in ("expectations", "model", "pipelines", "settings"))
OWN = ("README.md", "data", "docs", "environments", "expectations", "model", "pipelines", "project.yml")
PULL_REQUEST = f"""as the check of a pull request: of the tests only those of the project's own files, when the branch
changes nothing but {", ".join(OWN)}"""


def tests(pull_request: bool) -> Sequence[str]:
    """How to run the tests that can tell something new."""
    if not pull_request:
        return TESTS
    from mlops.changes import of_pull_request, touching
    from mlops.host import open_host

    target, changes = of_pull_request(open_host())
    own = touching(changes, OWN)
    if own != changes:
        return TESTS
    print(f"what differs from {target} is the project's own: the tests of the machinery are left out")
    return (*TESTS, *OWN_TESTS)


def passes(check: Sequence[str]) -> bool:
    """Run one check, its output on the screen."""
    name = " ".join(check)
    print(f"== {name}", flush=True)
    with timed(name):
        return subprocess.run([sys.executable, "-m", *check], check=False).returncode == 0


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="check", description=__doc__)
    parser.add_argument("--pull-request", action="store_true", help=PULL_REQUEST)
    args = parser.parse_args(argv)
    checks = (*LINT, tests(args.pull_request))
    found = [" ".join(check) for check in checks if not passes(check)]
    print(f"not passed: {', '.join(found)}" if found else "all passed")
    return NO if found else YES


if __name__ == "__main__":
    sys.exit(main())
