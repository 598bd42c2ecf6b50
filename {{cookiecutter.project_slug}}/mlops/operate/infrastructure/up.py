"""What `infra up` does: the plan, a yes, then each thing in its order. Interrupted, it goes on when it is run again."""

from mlops.operate.infrastructure.plan import plan
from mlops.operate.infrastructure.scene import AZURE, Scene
from mlops.operate.infrastructure.walk import differences, make, make_so, show, typed


def up(scene: Scene, *, yes: bool) -> bool:
    """Whether all is as it should be at the end, or whether nobody said yes."""
    found = plan(scene)
    if not found:
        return True
    if not yes and typed("make it so? type yes: ") != "yes":
        print("nothing was changed")
        return False
    subjects = scene.subjects()
    if AZURE in found:
        make(scene.in_azure(subjects))
    make_so(scene.at_host(scene.clients()))
    known = scene.subjects()
    if known != subjects:  # the host named some only now: identities that trust them
        make(scene.in_azure(known))
    make_so([scene.in_files(), *scene.scheduled()])
    print("looking again at all of it", flush=True)
    left = differences(scene.wanted(scene.clients()))
    show(left)
    following = "" if left else scene.next_command()
    print("still to do: run it again" if left else "; next: ".join(filter(None, ["all is as it should be", following])))
    return not left
