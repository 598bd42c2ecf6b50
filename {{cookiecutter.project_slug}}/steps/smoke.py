"""Ask an endpoint the sample rows of the version that its manifest names, the way its clients ask.

Exits 1 unless the answers agree with the offline scores of that version.
"""

import argparse
import sys
from collections.abc import Sequence

from mlops.commands.console import NO, YES, command
from mlops.operate.reconcile import Reconciler
from mlops.platform import open_platform, version_here
from mlops.settings.environments import load_manifest


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="smoke", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    args = parser.parse_args(argv)
    manifest = load_manifest(args.environment)
    if manifest.model.version is None:
        print(f"{manifest.endpoint.name}: the manifest names no version yet; nothing to ask")
        return YES
    platform = open_platform(manifest)
    version_here(platform, manifest.model.name, manifest.model.version)
    problem = Reconciler(platform, manifest).probe()
    print(f"{manifest.endpoint.name}: {problem or 'the answers agree with the offline scores'}")
    return NO if problem else YES


if __name__ == "__main__":
    sys.exit(main())
