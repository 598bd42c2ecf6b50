"""What a rollout on `platform: azureml` takes, through the stand-in of Azure; and what `plan` takes on `local`.

    uv run python benchmarks/azure_rollout.py

Generates a project, trains and registers once, and rolls two versions out with `bake: 0s`: the first to an endpoint
that is not there yet, the second blue/green. Prints seconds and the number of writes to Azure Resource Manager. Nothing
here is Azure: its own times, image builds above all, are minutes. The quick mode trains nothing: tables are served.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from _project import installed_project, options, seconds
from demo.run import python_of
from standin import StandIn
from standin.cloud import SUBSCRIPTION, workspace_id
from standin.hosts import of_a_job

SHORT = {
    "platform: local": "platform: azureml",
    "steps: [10, 50, 100]": "steps: [50, 100]",
    "bake: 20s": "bake: 0s",
    "min_requests: 30": "min_requests: 5",
    "increase: 0.01": "increase: 0.1",
    "latency_ms: 100": "latency_ms: 999999",
    "max_disagreement: 2.0": "max_disagreement: 99",
}
MODEL = f"{workspace_id(SUBSCRIPTION, 'flight-delays', 'flight-delays')}/models/flight-delays/versions"
LOADED = "import sys; from steps import plan; plan.main(['staging']); print('azure.ai.ml' in sys.modules)"


def edit(path: Path, changes: dict[str, str]) -> None:
    """Replace texts in the file."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def run(project: Path, azure: StandIn, *command: str) -> tuple[float, int]:
    """Seconds of the step, which must succeed, and how many writes it sent to Azure Resource Manager."""
    first, line = len(azure.log), [str(python_of(project).with_name(command[0])), *command[1:]]
    taken = seconds(project, *line, **azure.environment, **of_a_job(project))
    return taken, sum(each.is_write and each.host == "management.azure.com" for each in azure.log[first:])


def plan_on_this_machine(project: Path) -> None:
    """Print the seconds of `plan` on the local platform, as its user runs it, and whether it imported Azure's SDK."""
    command = ("uv", "run", "--frozen", "plan", "staging")
    seconds(project, *command)  # compiles what it imports
    taken = seconds(project, *command)
    told = subprocess.run([str(python_of(project)), "-c", LOADED], cwd=project, check=True, stdout=subprocess.PIPE)
    print(f"plan, local: {taken:.2f} s; azure.ai.ml imported: {told.stdout.decode().split()[-1]}")


def train(project: Path, azure: StandIn) -> None:
    """Register the model of a pipeline job as version 1, and the same as version 2."""
    taken, _ = run(project, azure, "run_pipeline")
    print(f"run_pipeline, images installed meanwhile: {taken:.0f} s")
    run(project, azure, "register")
    first = azure.cloud.get(f"{MODEL}/1")
    azure.cloud.put(f"{MODEL}/2", {"properties": first["properties"]})


def take_tables(azure: StandIn, folder: Path, project: Path) -> None:
    """The tests' stand-ins of models, and of the containers that serve them."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "azure"))
    from light import LightServing
    from rollouts import register_models

    azure.cloud.serving = LightServing(azure.cloud)
    register_models(azure, folder, project)


def main() -> None:
    quick = options(__doc__).quick
    with tempfile.TemporaryDirectory() as folder, StandIn(Path(folder) / "azure") as azure:
        project = installed_project(Path(folder))
        plan_on_this_machine(project)
        edit(project / "environments/base.yml", SHORT)
        if quick:
            take_tables(azure, Path(folder), project)
        else:
            seconds(project, "uv", "sync", "--quiet", "--compile-bytecode")
            train(project, azure)
        for version, what in (("1", "first rollout"), ("2", "blue/green")):
            run(project, azure, "promote", "staging", "--version", version)
            taken, writes = run(project, azure, "apply", "staging")
            print(f"apply, {what}: {taken:.1f} s, {writes} writes")


if __name__ == "__main__":
    main()
