"""Azure and the repository's host, made what infra/ and environments/ say, looked at, and taken away again.

plan: what `up` would do; exit 1 when that is something. up: does it, once you said yes; interrupted, it goes on when it
is run again. status: each thing that should be, with yes or no. check: whether infra/main.json is what Bicep makes of
infra/main.bicep. cost: what it costs by Azure's price list. rotate-keys: new keys for an endpoint, without a refused
request. down: takes all of it away.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta

from mlops import BAD_INPUT, UserError
from mlops.commands.console import NO, YES, command
from mlops.operate.infrastructure.scene import Scene, open_scene, staged
from mlops.operate.infrastructure.walk import typed
from mlops.platform import open_platform
from mlops.platform.keys import open_keys
from mlops.repo.lineage import who_runs
from mlops.settings.environments import load_manifest, seconds
from mlops.settings.infrastructure import load_infrastructure

PULL_REQUEST = "as the check of a pull request: one that changes nothing of the template is only told"


def plan(scene: Scene, arguments: argparse.Namespace) -> int:
    """1 when there is something to do."""
    from mlops.operate.infrastructure.plan import plan as show

    return NO if show(scene) else YES


def up(scene: Scene, arguments: argparse.Namespace) -> int:
    """1 when nobody said yes, or when something is not so at the end."""
    from mlops.operate.infrastructure.up import up as make

    return YES if make(scene, yes=arguments.yes) else NO


def status(scene: Scene, arguments: argparse.Namespace) -> int:
    """1 when something is not so."""
    from mlops.operate.infrastructure.plan import status as show

    return YES if show(scene) else NO


def down(scene: Scene, arguments: argparse.Namespace) -> int:
    """1 when something is left."""
    from mlops.operate.infrastructure.down import down as take_away

    said = arguments.yes or typed(f"this deletes every model, log and endpoint; type {scene.project} to go on: ")
    if said != scene.project:
        raise UserError(f"{said!r} is not this project's name; nothing was deleted: `infra down --yes {scene.project}`")
    left = take_away(scene)
    print("\n".join(f"left: {each}" for each in left) or "nothing of the project is left in Azure")
    return NO if left else YES


def check(arguments: argparse.Namespace) -> int:
    """1 when it is not what Bicep makes; nobody has to be logged in."""
    from mlops.operate.infrastructure.check import check as compare

    return YES if compare(pull_request=arguments.pull_request) else NO


def cost(arguments: argparse.Namespace) -> int:
    """Of what environments/ and infra/ say; nobody has to be logged in."""
    from mlops.operate.infrastructure.cost import cost_table, refresh

    manifests, settings = staged(), load_infrastructure()
    if arguments.refresh:
        refresh(manifests, settings)
    print(*cost_table(manifests, settings), sep="\n")
    return YES


def rotate_keys(arguments: argparse.Namespace) -> int:
    """While no rollout is under way, which would ask with an old key."""
    from mlops.operate.infrastructure.keys import rotate

    manifest = load_manifest(arguments.environment)
    keys = open_keys(arguments.environment, manifest)
    with open_platform(manifest).endpoints.lease(manifest.endpoint.name, who_runs()):
        rotate(keys, timedelta(seconds=arguments.wait))
    return YES


def waiting(text: str) -> float:
    """A duration in seconds, as environments/ has them."""
    try:
        return seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


ALONE: dict[str, Callable[[argparse.Namespace], int]] = {
    "check": check,
    "cost": cost,
    "rotate-keys": rotate_keys,
}
RUNS: dict[str, Callable[[Scene, argparse.Namespace], int]] = {"plan": plan, "up": up, "status": status, "down": down}


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    whole = argparse.ArgumentParser(
        prog="infra", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = whole.add_subparsers(dest="part", required=True, metavar="{plan,up,status,check,cost,rotate-keys,down}")
    parts.add_parser("plan", help="show what `up` would do; nothing is written")
    adding = parts.add_parser("up", help="make all of it, or what is still missing")
    adding.add_argument("--yes", action="store_true", help="do not ask")
    parts.add_parser("status", help="show each thing that should be, with yes or no; nothing is written")
    checking = parts.add_parser("check", help="compile infra/main.bicep with `az bicep build`, and compare")
    checking.add_argument("--pull-request", action="store_true", help=PULL_REQUEST)
    costing = parts.add_parser("cost", help="show what it costs: each month even when idle, by use, or nothing")
    costing.add_argument("--refresh", action="store_true", help="ask Azure's price list first; it needs no login")
    turning = parts.add_parser("rotate-keys", help="renew an endpoint's keys, given to its clients by the key vault")
    turning.add_argument("environment", help="a file of environments/, as production")
    turning.add_argument(
        "--wait", type=waiting, default="1h", help="how long clients have to read the new key, as 15m (default: 1h)"
    )
    ending = parts.add_parser("down", help="take all of it away")
    ending.add_argument("--yes", metavar="NAME", help="the project's name, so that nobody is asked to type it")
    return whole


@command
def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    if arguments.part in ALONE:
        return ALONE[arguments.part](arguments)
    scene = open_scene()
    missing = scene.missing() if arguments.part in {"plan", "up"} else scene.nobody()
    for line in missing:
        print(f"error: {line}", file=sys.stderr)
    return BAD_INPUT if missing else RUNS[arguments.part](scene, arguments)


if __name__ == "__main__":
    sys.exit(main())
