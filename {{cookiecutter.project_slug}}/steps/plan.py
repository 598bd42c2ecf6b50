"""Show what `apply` would change, like a diff, and what a rollout would take at the traffic of the last hour.

Exits 0 when the endpoint is as its manifest says, and the batch endpoint where there is one; 1 when one is not.
With --pull-request: what merging this branch would change in the manifests; always 0. With --output: tell a later job.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from mlops import UserError
from mlops.ci import open_ci
from mlops.ci.pull_request import target_of
from mlops.commands.console import NO, YES, command
from mlops.decide.batch import batch_difference
from mlops.decide.difference import difference, kept
from mlops.decide.observed import Observed
from mlops.decide.outlook import outlook
from mlops.decide.rollout import label, stable_slot
from mlops.platform import Platform, observed_batch, open_platform, version_here
from mlops.repo.changes import parting
from mlops.repo.history import environments_at, manifest_at
from mlops.settings.environments import Manifest, differences, environments, load_manifest

LOOK_BACK = 3600.0  # seconds


def plan(environment: str) -> list[str]:
    """What `apply` would change, one line a change."""
    manifest = load_manifest(environment)
    platform = open_platform(manifest)
    observed = platform.endpoints.observe(manifest.endpoint.name)
    lines = [*difference(manifest, observed), *batch_difference(manifest, observed_batch(platform, manifest))]
    if lines:
        check_registered(manifest)
    told = [*lines, effort(manifest, platform, observed)] if f"+ {label(manifest.model)} at 100 %" in lines else lines
    told = [*(told or ["no difference"]), *kept(manifest, observed)]
    print("\n".join([manifest.endpoint.name, *(f"  {line}" for line in told)]))
    return lines


def effort(manifest: Manifest, platform: Platform, observed: Observed | None) -> str:
    """How many requests a rollout takes, and how long, in one line."""
    rules, stable = manifest.rollout, stable_slot(observed) if observed else None
    try:
        since = time.time() - LOOK_BACK
        served = platform.endpoints.measure(manifest.endpoint.name, since, rules.max_p95_latency_ms) if observed else {}
    except (OSError, UserError):  # what was asked cannot be told; what `apply` asks can
        served = {}
    there = served.get(stable or "")
    failing = (there.errors / there.requests if there and there.requests else 0.0) if stable else None
    traffic = rules.synthetic_rate + sum(each.requests for each in served.values()) / LOOK_BACK
    look = outlook(rules, traffic, failing)
    margin = f"{rules.max_error_rate_increase:.1%} more failures"
    if look.seconds > rules.deadline:
        mend = "wider rollout.max_error_rate_increase, a later deadline or a higher synthetic_rate"
        return f"! at {traffic:.3g} requests a second {margin} cannot be ruled out by the deadline; it takes a {mend}"
    needed = f"some {look.requests:.0f} requests on the candidate"
    return f"  {needed} rule out {margin}: about {look.seconds:.0f} s at {traffic:.3g} requests a second"


def check_registered(manifest: Manifest) -> None:
    """UserError when this machine's registry lacks the version. Azure's is asked by `apply`, which has an identity."""
    if manifest.platform == "local" and manifest.model.version is not None:
        version_here(open_platform(manifest), manifest.model.name, manifest.model.version)


def preview(environment: str, base: str) -> str:
    """What has changed in the environment's manifest since that commit, as Markdown; nothing when nothing has.

    UserError when it names a version that is not registered.
    """
    if environment not in environments():
        return f"**{environment}**: merging changes\n- {environment}: removed"
    before, after = manifest_at(base, environment), load_manifest(environment)
    lines = differences(before.model_dump() if before else {}, after.model_dump())
    if lines:
        check_registered(after)
    return "\n".join([f"**{environment}**: merging changes", *(f"- `{line}`" for line in lines)]) if lines else ""


def preview_all() -> None:
    """Every environment that the branch touches, on the screen and in the summary."""
    ci = open_ci()
    target = target_of(ci)
    base = parting(target)
    texts = [preview(each, base) for each in sorted({*environments_at(base), *environments()})]
    text = "\n\n".join(filter(None, texts)) or f"Merging into {target} changes no manifest."
    print(text)
    ci.summary("plan", text)


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="plan", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("environment", nargs="?", help="name of a file in environments/")
    what.add_argument("--pull-request", action="store_true", help="what merging this branch changes, in every manifest")
    parser.add_argument("--output", action="store_true", help="exit 0, and set the output `changes` to true or false")
    args = parser.parse_args(argv)
    if args.pull_request:
        preview_all()
        return YES
    lines = plan(args.environment)
    if args.output:
        open_ci().output("changes", "true" if lines else "false")
        return YES
    return NO if lines else YES


if __name__ == "__main__":
    sys.exit(main())
