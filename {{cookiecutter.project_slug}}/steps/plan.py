"""Show what `apply` would change, like a diff. Exits 0 when the endpoint is as its manifest says, 1 when it is not."""

import argparse
import sys
from collections.abc import Sequence

from mlops.command import NO, YES, command
from mlops.manifest import load_manifest
from mlops.platform import open_platform
from mlops.rollout import difference


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="plan", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    args = parser.parse_args(argv)
    manifest = load_manifest(args.environment)
    lines = difference(manifest, open_platform(manifest.platform).endpoints.observe(manifest.endpoint.name))
    print("\n".join([manifest.endpoint.name, *(f"  {line}" for line in lines or ["no difference"])]))
    return NO if lines else YES


if __name__ == "__main__":
    sys.exit(main())
