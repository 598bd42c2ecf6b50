"""What `infra plan` and `infra status` show. Neither writes anything."""

from mlops.operate.infrastructure.cost import cost_table
from mlops.operate.infrastructure.scene import Scene
from mlops.operate.infrastructure.walk import differences, show


def plan(scene: Scene) -> dict[str, list[str]]:
    """What `up` would do, by what it is about, and what it costs; empty when all is as it should be."""
    found = differences(scene.wanted(scene.expected_clients()))
    show(found)
    print("", *cost_table(scene.manifests, scene.settings), "", sep="\n")
    print("nothing to do" if not found else f"{sum(map(len, found.values()))} to do: uv run infra up")
    return found


def status(scene: Scene) -> bool:
    """Whether all is as it should be, with a line for each thing: yes, or no and its mend."""
    wanted = scene.wanted(scene.expected_clients())
    found = {each.name: each.observe() for each in wanted}
    for name, lines in found.items():
        print(f"{'no ' if lines else 'yes'} {name}" + "".join(f"\n      {line}" for line in lines))
    if any(found.values()):
        print("mend: uv run infra up")
    return not any(found.values())
