"""Stop all processes of the local endpoints. Their state stays: `apply` starts them again."""

import argparse
import sys
from collections.abc import Sequence

from mlops.commands.console import YES, command
from mlops.platform.local import local_platform
from mlops.platform.tracking import LOCAL_FOLDER


@command
def main(argv: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog="stop", description=__doc__).parse_args(argv)
    stopped = local_platform(LOCAL_FOLDER).endpoints.stop()
    print("\n".join(f"stopped {each}" for each in stopped) or "nothing was running")
    return YES


if __name__ == "__main__":
    sys.exit(main())
