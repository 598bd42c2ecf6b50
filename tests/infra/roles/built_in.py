"""Azure's own roles that a template may assign, as learn.microsoft.com/azure/role-based-access-control lists them."""

from collections.abc import Sequence
from dataclasses import dataclass

LEARNING = "Microsoft.MachineLearningServices/workspaces"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices"


@dataclass(frozen=True)
class Role:
    """What a role allows: of Azure Resource Manager and of the services behind it, and of the data in them."""

    actions: Sequence[str] = ()
    not_actions: Sequence[str] = ()
    data_actions: Sequence[str] = ()


DATA_SCIENTIST = Role(
    [f"{LEARNING}/*/{verb}" for verb in ("read", "action", "delete", "write")],
    [
        f"{LEARNING}/delete",
        f"{LEARNING}/write",
        f"{LEARNING}/computes/*/write",
        f"{LEARNING}/computes/*/delete",
        f"{LEARNING}/computes/listKeys/action",
        f"{LEARNING}/listKeys/action",
        f"{LEARNING}/hubs/write",
        f"{LEARNING}/hubs/delete",
        f"{LEARNING}/featurestores/write",
        f"{LEARNING}/featurestores/delete",
    ],
)
BLOB_READER = Role(
    [f"{BLOBS}/containers/read", f"{BLOBS}/generateUserDelegationKey/action"], (), [f"{BLOBS}/containers/blobs/read"]
)
BLOB_CONTRIBUTOR = Role(
    [
        *(f"{BLOBS}/containers/{verb}" for verb in ("read", "write", "delete")),
        f"{BLOBS}/generateUserDelegationKey/action",
    ],
    (),
    [f"{BLOBS}/containers/blobs/{verb}" for verb in ("read", "write", "delete", "move/action", "add/action")],
)
REGISTRY_USER = Role(
    ["Microsoft.MachineLearningServices/registries/read", "Microsoft.MachineLearningServices/registries/assets/*"]
)
MONITORING_READER = Role(
    ["*/read", "Microsoft.OperationalInsights/workspaces/search/action", "Microsoft.Support/*"],
)
BUILT_IN = {
    "f6c7c914-8db3-469d-8ca1-694a8f32e121": DATA_SCIENTIST,
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": BLOB_READER,
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": BLOB_CONTRIBUTOR,
    "1823dd4f-9b8c-4ab6-ab4e-7397a3684615": REGISTRY_USER,
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": MONITORING_READER,
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": Role(["*/read"]),
    "4633458b-17de-408a-b874-0445c86b69e6": Role((), (), ["Microsoft.KeyVault/vaults/secrets/getSecret/action"]),
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": Role(["Microsoft.ContainerRegistry/registries/pull/read"]),
}
