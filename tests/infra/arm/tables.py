"""Names that Microsoft's types leave open: SKUs, sizes of machines, built-in roles."""

import re

SKUS = {
    "microsoft.containerregistry/registries": {"Basic", "Standard", "Premium"},
    "microsoft.keyvault/vaults": {"standard", "premium"},
    "microsoft.machinelearningservices/workspaces": {"Basic"},
    "microsoft.machinelearningservices/registries": {"Basic"},
    "microsoft.operationalinsights/workspaces": {"PerGB2018", "CapacityReservation", "Free", "Standalone"},
    "microsoft.storage/storageaccounts": {
        "Standard_LRS",
        "Standard_ZRS",
        "Standard_GRS",
        "Standard_RAGRS",
        "Standard_GZRS",
        "Standard_RAGZRS",
        "Premium_LRS",
        "Premium_ZRS",
    },
}

# Families that Azure ML has: D and DS of version 2, and the newer ones with s for fast discs.
VM_SIZES = re.compile(r"Standard_(?:DS?(?:1[1-5]?|[2-5])_v2|[DEF]\d+(?:[ads]{1,3})_v[2-6]|N[CDV]\d+\w*)")

ROLES = {  # learn.microsoft.com: role-based-access-control/built-in-roles
    "f6c7c914-8db3-469d-8ca1-694a8f32e121": "AzureML Data Scientist",
    "635dd51f-9968-44d3-b7fb-6d9a6bd613ae": "AzureML Metrics Writer (preview)",
    "1823dd4f-9b8c-4ab6-ab4e-7397a3684615": "AzureML Registry User",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "8311e382-0749-4cb8-b61a-304f252e45ec": "AcrPush",
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "73c42c96-874c-492b-b04d-ab87d138a893": "Log Analytics Reader",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "69566ab7-960f-475b-8e7c-b3118f30c6bd": "Storage File Data Privileged Contributor",
}

# Azure Monitor answers for metrics of many resources only who may read those of the subscription.
OF_SUBSCRIPTION = {"43d0d8ad-25c7-4714-9337-8ba259a9fe05"}
