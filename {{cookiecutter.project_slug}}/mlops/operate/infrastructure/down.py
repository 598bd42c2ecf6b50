"""What `infra down` does: everything that `up` made is ended and deleted, in the order in which it lets itself be."""

from mlops import UserError
from mlops.operate.infrastructure.scene import Scene
from mlops.platform.subscription import leftovers, workloads

FEDERATED = "/federatedidentitycredentials/"
FEDERATED_VERSION = "2023-01-31"


def down(scene: Scene) -> list[str]:
    """What is left at the end; empty when nothing is. UserError before anything is done when something is not ours."""
    azure, stack = scene.azure, scene.stack
    refuse_what_is_not_ours(scene)
    ours = stack.resources()
    for workspace in filter(workloads.is_workspace, ours):
        empty(scene, workspace)
    for each in [one for one in ours if FEDERATED in one.lower()]:
        progress(f"federated credential {each.rsplit('/', 1)[-1]}")
        azure.delete(each, FEDERATED_VERSION)
    for wanted in scene.repository.unwanted(scene.desired):
        if wanted.observe():
            progress(wanted.name)
            wanted.apply()
    if stack.show():
        progress("deployment stack and resource groups (some minutes)")
        stack.delete()
    return [*purge(scene), *leftovers.left(azure, scene.project)]


def refuse_what_is_not_ours(scene: Scene) -> None:
    """UserError naming it."""
    foreign = leftovers.foreign(scene.azure, scene.stack.groups(), scene.stack.resources())
    if foreign:
        raise UserError(
            f"{', '.join(foreign)}: not made by `infra up`; move it to another group or delete it, then run it again"
        )


def empty(scene: Scene, workspace: str) -> None:
    """End all that runs in a workspace, and delete it for good."""
    if scene.azure.get(workspace, workloads.VERSION) is None:
        return
    for each in workloads.endings(scene.azure, workspace):
        progress(each.what)
        each.end()
    progress(f"workspace {workspace.rsplit('/', 1)[-1]}")
    workloads.delete_workspace(scene.azure, workspace)


def purge(scene: Scene) -> list[str]:
    """Free the names of the deleted key vaults; those that Azure keeps to itself, with its reason."""
    kept = []
    for vault in leftovers.deleted_vaults(scene.azure, scene.project):
        progress(f"name of key vault {vault.rsplit('/', 1)[-1]}")
        try:
            leftovers.purge_vault(scene.azure, vault)
        except UserError as error:
            kept.append(f"deleted key vault {vault.rsplit('/', 1)[-1]}: {error}")
    return kept


def progress(what: str) -> None:
    """Say what goes now."""
    print(f"  ending {what}", flush=True)
