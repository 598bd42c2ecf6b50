"""Run in a project's folder: prints how much of each meter a month takes, for two sets of options."""

import json
import sys
from collections import Counter

sys.path.insert(0, "")

from mlops.decide.infrastructure.cost import items
from mlops.decide.infrastructure.places import places
from mlops.settings.environments import load_manifest, stages
from mlops.settings.infrastructure import Infrastructure

MANIFESTS = {stage: load_manifest(stage) for stage in stages()}
SETS = {
    "one workspace": Infrastructure(registry=False),
    "everything": Infrastructure(custom_roles=True, private_network=True, trigger=True),
}


def amounts(options: Infrastructure) -> Counter[str]:
    found: Counter[str] = Counter()
    for item in items(MANIFESTS, options, [place.name for place in places(MANIFESTS, options.registry)]):
        found[item.meter] += item.monthly or 0
    return found


print(json.dumps({name: amounts(options) for name, options in SETS.items()}))
