"""Run in a project's folder: prints what its code gives the template as parameters, for the named sets of options."""

import json
import sys
from dataclasses import replace

sys.path.insert(0, "")

from mlops.decide.infrastructure.repository import Subject
from mlops.decide.infrastructure.starting import on_azure_devops, on_github
from mlops.decide.infrastructure.template import Known, template_parameters
from mlops.settings.environments import load_manifest, stages
from mlops.settings.infrastructure import Infrastructure, load_infrastructure
from mlops.settings.project import load_project

MANIFESTS = {stage: load_manifest(stage) for stage in stages()}
NAMES = ("training", *MANIFESTS, "monitoring")
GITHUB, ENTRA = "https://token.actions.githubusercontent.com", "https://login.microsoftonline.com/tenant/v2.0"
FRESH = Known("2026-11-01")
SET_UP = Known(
    "2026-11-01",
    subjects={name: Subject(GITHUB, f"repo:owner@1/project@2:environment:{name}") for name in NAMES},
    endpoints=[each.endpoint.name for each in MANIFESTS.values()],
    budgets={"flight-delays-staging": "2026-02-01T00:00:00Z"},
    webhook="https://chat.example/secret",
    start=on_github("owner", "project"),
)
ON_DEVOPS = replace(
    SET_UP,
    subjects={name: Subject(ENTRA, f"/eid1/c/pub/t/a/{name}") for name in NAMES},
    start=on_azure_devops("organisation", "project", 7),
)
ALL = {
    "custom_roles": True,
    "private_network": True,
    "trigger": True,
    "alarms": {"mail": ["team@example.org", "b@example.org"]},
}
SCALING = {
    stage: each.model_copy(update={"endpoint": each.endpoint.model_copy(update={"max_instances": 3})})
    for stage, each in MANIFESTS.items()
}
SETS = {
    "as generated": (MANIFESTS, load_infrastructure(), FRESH),
    "one workspace": (MANIFESTS, Infrastructure(registry=False), SET_UP),
    "scaled out": (SCALING, Infrastructure(), SET_UP),
    "everything": (SCALING, Infrastructure.model_validate(ALL), SET_UP),
    "on Azure DevOps": (MANIFESTS, Infrastructure(trigger=True), ON_DEVOPS),
}
name, days = load_project().name, load_project().monitoring.cooldown_days
asked = {key: SETS[key] for key in sys.argv[1:]}
print(json.dumps({key: template_parameters(name, *of, days, known) for key, (*of, known) in asked.items()}))
