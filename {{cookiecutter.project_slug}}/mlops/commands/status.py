"""Show every environment: the version its manifest names, what its endpoint serves, and where it answers."""

import argparse
import sys
from collections.abc import Sequence

from mlops.commands.console import YES, command
from mlops.decide.observed import Observed
from mlops.decide.rollout import live
from mlops.platform import open_platform
from mlops.settings.environments import environments, load_manifest


def describe(observed: Observed | None) -> list[str]:
    """One line a deployment, or that there is none."""
    if observed is None:
        return ["no endpoint yet"]
    return [
        f"{slot}: {each.model}:{each.version}, {live(observed).get(slot, 0)} % of traffic, {each.state}"
        + (f" ({each.reason})" if each.reason else "")
        for slot, each in sorted(observed.deployments.items())
    ] or ["no deployment"]


@command
def main(argv: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog="status", description=__doc__).parse_args(argv)
    for environment in environments():
        manifest = load_manifest(environment)
        endpoints, name = open_platform(manifest).endpoints, manifest.endpoint.name
        observed = endpoints.observe(name)
        print(f"{environment}: wants {manifest.model.name}:{manifest.model.version or 'none yet'}")
        if observed:
            print(f"  {endpoints.url(name)}")
        print("\n".join(f"  {line}" for line in describe(observed)))
    return YES


if __name__ == "__main__":
    sys.exit(main())
