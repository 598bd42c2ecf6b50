"""Register the model of the last run, promote it to the first stage and apply that: three commands in a row.

For a terminal: in CI the pipelines do the same, with a pull request between them. Ends at the first no, with the exit
code of the command that said it.
"""

import argparse
import sys
from collections.abc import Sequence

from mlops import UserError
from mlops.commands.console import YES, command, in_ci
from mlops.settings.environments import training_stage


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    parser.parse_args(argv)
    if in_ci():
        raise UserError("release is for a terminal; in CI: register, promote and apply, each where its rights are")
    from steps import apply, promote, register

    stage = training_stage()
    for step, arguments in ((register, []), (promote, [stage]), (apply, [stage])):
        if (code := int(step.main(arguments))) != YES:
            return code
    return YES


if __name__ == "__main__":
    sys.exit(main())
