"""Stop all processes of the local endpoints. Their state stays: `apply` starts them again."""

import argparse
import sys
from collections.abc import Sequence

from mlops.commands.console import YES, command
from mlops.platform.local.endpoints import LocalEndpoints
from mlops.platform.local.models import LocalModels
from mlops.platform.tracking import LOCAL_FOLDER


@command
def main(argv: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog="stop", description=__doc__).parse_args(argv)
    stopped = LocalEndpoints(LOCAL_FOLDER, LocalModels(LOCAL_FOLDER)).stop()
    print("\n".join(f"stopped {each}" for each in stopped) or "nothing was running")
    return YES


if __name__ == "__main__":
    sys.exit(main())
