"""After a rollback: propose the manifest that names the version before the one that its endpoint has refused."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.ci import Proposal, open_ci
from mlops.ci.superseded import check_newest
from mlops.commands.console import YES, command
from mlops.decide.observed import Observed
from mlops.decide.rollout import label, rejection_tag
from mlops.operate.promotion import change
from mlops.platform import open_platform
from mlops.repo.history import Named, named
from mlops.settings.environments import ModelSettings, load_manifest, manifest_path


def proposal(environment: str, refused: ModelSettings, previous: int | None, reason: str) -> Proposal:
    """The change back, and why."""
    title = f"Revert {environment} to {refused.name}:{previous or 'none'}"
    body = f"`{label(refused)}` was rolled back: {reason}\n\nMerging makes the manifest say what the endpoint serves."
    branch = f"revert/{refused.name}-{environment}-{refused.version}"
    return Proposal(branch, title, body, [manifest_path(environment)])


def named_before(path: Path, model: ModelSettings, observed: Observed) -> Named:
    """What the manifest's history named last that the endpoint has not refused; no version when there was none."""
    for each in named(path):
        if rejection_tag(model.model_copy(update={"version": each.version})) not in observed.tags:
            return each
    return Named(None)


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="revert", description=__doc__)
    parser.add_argument("environment", help="name of a file in environments/")
    args = parser.parse_args(argv)
    path, manifest, ci = manifest_path(args.environment), load_manifest(args.environment), open_ci()
    check_newest(ci, args.environment)
    observed = open_platform(manifest).endpoints.observe(manifest.endpoint.name)
    reason = observed.tags.get(rejection_tag(manifest.model)) if observed else None
    if observed is None or not reason:
        print(f"{manifest.endpoint.name} has not refused {label(manifest.model)}; there is nothing to revert")
        return YES
    previous = named_before(path, manifest.model, observed)
    page = change(ci, proposal(args.environment, manifest.model, previous.version, reason), previous, commit=False)
    line = f"{path}: version {manifest.model.version} -> {previous.version or 'none'}, {page or 'committed'}"
    print(line)
    ci.summary(f"revert-{args.environment}", line)
    return YES


if __name__ == "__main__":
    sys.exit(main())
