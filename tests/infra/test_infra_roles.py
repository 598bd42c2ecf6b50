"""No more than needed: what the identities of CI may not do, by the roles that the template gives them.

That they may do what they do is tried on the log of the whole loop, in tests/azure/test_loop_on_azure.py.
"""

import pytest
from roles.built_in import BLOBS, LEARNING
from roles.cast import SETS, Cast, casts
from roles.given import matches
from roles.operations import HOME, Needed

from conftest import Project

WRITE_BLOB = f"{BLOBS}/containers/blobs/write"


@pytest.fixture(scope="module")
def every(rendered: Project) -> dict[str, Cast]:
    return casts(rendered.folder)


def forbidden(cast: Cast) -> dict[str, tuple[str, Needed]]:
    """What must never be allowed, whatever the options."""
    staging, production = cast.places["staging"], cast.places["production"]
    deployment = f"{production['workspaces']}/onlineEndpoints/e/deployments/blue"
    return {
        "training deploys in production": (
            "training",
            Needed(f"{LEARNING}/onlineEndpoints/write", production["workspaces"]),
        ),
        "staging deploys in production": (
            "staging",
            Needed(f"{LEARNING}/onlineEndpoints/deployments/write", deployment),
        ),
        "staging deletes production": (
            "staging",
            Needed(f"{LEARNING}/onlineEndpoints/delete", production["workspaces"]),
        ),
        "staging writes production's files": ("staging", Needed(WRITE_BLOB, production["storageaccounts"], data=True)),
        "training writes production's files": (
            "training",
            Needed(WRITE_BLOB, production["storageaccounts"], data=True),
        ),
        "production trains in staging": ("production", Needed(f"{LEARNING}/jobs/write", staging["workspaces"])),
        "monitoring writes files": ("monitoring", Needed(WRITE_BLOB, production["storageaccounts"], data=True)),
        "monitoring reads staging": ("monitoring", Needed(f"{LEARNING}/jobs/read", staging["workspaces"])),
        "a workspace is deleted": ("production", Needed(f"{LEARNING}/delete", production["workspaces"])),
        "a workspace is changed": ("training", Needed(f"{LEARNING}/write", staging["workspaces"])),
        "a cluster is made": (
            "training",
            Needed(f"{LEARNING}/computes/write", f"{staging['workspaces']}/computes/gpu"),
        ),
        "roles are given": (
            "production",
            Needed("Microsoft.Authorization/roleAssignments/write", production["workspaces"]),
        ),
        "a storage key is asked for": (
            "training",
            Needed("Microsoft.Storage/storageAccounts/listKeys/action", staging["storageaccounts"]),
        ),
        "a secret is read": (
            "training",
            Needed("Microsoft.KeyVault/vaults/secrets/getSecret/action", staging["vaults"], data=True),
        ),
        "a registry is deleted": (
            "production",
            Needed("Microsoft.MachineLearningServices/registries/delete", cast.registry),
        ),
        "a group is deleted": (
            "production",
            Needed(
                "Microsoft.Resources/subscriptions/resourceGroups/delete",
                f"{HOME}/resourceGroups/flight-delays-staging",
            ),
        ),
        "monitoring deploys": ("monitoring", Needed(f"{LEARNING}/onlineEndpoints/write", production["workspaces"])),
    }


@pytest.mark.parametrize("name", SETS)
def test_what_nobody_may_is_refused(name: str, every: dict[str, Cast]) -> None:
    cast = every[name]
    assert {what for what, (who, need) in forbidden(cast).items() if cast.may(who, need)} == set()


def test_with_roles_of_its_own_who_trains_cannot_deploy_and_who_deploys_cannot_train(every: dict[str, Cast]) -> None:
    deploys, trains = f"{LEARNING}/onlineEndpoints/deployments/write", f"{LEARNING}/jobs/write"
    for name, apart in zip(SETS, (False, True), strict=True):
        cast, staging = every[name], every[name].places["staging"]["workspaces"]
        assert cast.may("training", Needed(trains, staging)) and cast.may("staging", Needed(deploys, staging))
        assert cast.may("training", Needed(deploys, staging)) is not apart
        assert cast.may("staging", Needed(trains, staging)) is not apart


@pytest.mark.parametrize(
    ("pattern", "operation", "expected"),
    [
        ("a/*/read", "a/b/read", True),
        ("a/*/read", "A/b/c/READ", True),
        ("a/*/read", "a/read", True),
        ("a/*/read", "a/b/write", False),
        ("a/*/read", "ab/read", False),
        ("*/read", "a/b/read", True),
        ("a/b/*", "a/b/c/d", True),
        ("a/b/*", "a/bc/d", False),
        ("a.b/c", "aXb/c", False),
    ],
)
def test_a_star_stands_for_any_text(pattern: str, operation: str, expected: bool) -> None:
    assert matches(pattern, operation) is expected
