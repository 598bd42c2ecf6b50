"""Carry the local platform's state from one CI run to the next, in the branch `mlops-rehearsal-<project>`.

With `platform: local` the pipelines run whole without Azure, on runners that forget everything: `restore` comes first,
`save` last. With `platform: azureml` there is nothing to carry and both do nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.ci import open_ci
from mlops.commands.console import YES, command
from mlops.settings.environments import environments, load_manifest
from mlops.settings.project import load_project

ROOT = Path(".mlops")
NOTE = """> **A rehearsal.** With `platform: local` the registry and the endpoints live on this runner and, between
> runs, in the branch `{}`. Nothing of this touches Azure, and nobody but the pipeline calls these
> endpoints."""


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    parser.add_argument("what", choices=("restore", "save"))
    args = parser.parse_args(argv)
    if "local" not in {load_manifest(environment).platform for environment in environments()}:
        print("platform azureml: there is no local state to carry")
        return YES
    from mlops.platform.local import rehearsal

    ci, branch = open_ci(), rehearsal.branch_of(load_project().name)
    if args.what == "save":
        rehearsal.save(ROOT, branch, ci.account())
        print(f"saved to the branch {branch}")
        return YES
    source = rehearsal.restore(ROOT, branch, ci.account())
    print(f"restored from the branch {source}" if source else "no earlier state: this is the first rehearsal")
    ci.summary("rehearsal", NOTE.format(branch))
    return YES


if __name__ == "__main__":
    sys.exit(main())
