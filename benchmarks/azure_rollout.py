"""What a rollout on `platform: azureml` takes, through the stand-in of Azure; and what `plan` takes on `local`.

    uv run python benchmarks/azure_rollout.py

Generates a project, trains and registers once, and rolls two versions out with `bake: 0s`: the first to an endpoint
that is not there yet, the second blue/green. Prints seconds and the number of writes to Azure Resource Manager. Nothing
here is Azure: its own times, image builds above all, are minutes.
"""

import subprocess
import tempfile
import time
from pathlib import Path

from demo.run import generate, install, outside_this_environment, python_of
from standin import StandIn
from standin.cloud import SUBSCRIPTION, workspace_id

QUICK = {
    "platform: local": "platform: azureml",
    "steps: [10, 50, 100]": "steps: [50, 100]",
    "bake: 20s": "bake: 0s",
    "min_requests: 30": "min_requests: 5",
    "latency_ms: 100": "latency_ms: 999999",
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
    first, start = len(azure.log), time.perf_counter()
    line = [str(python_of(project).with_name(command[0])), *command[1:]]
    environment = outside_this_environment() | azure.environment
    subprocess.run(line, cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return seconds, sum(each.is_write and each.host == "management.azure.com" for each in azure.log[first:])


def plan_on_this_machine(project: Path) -> tuple[float, str]:
    """Seconds of `plan` on the local platform, as its user runs it, and whether it imported Azure's SDK."""
    environment = outside_this_environment()
    command = ["uv", "run", "--frozen", "plan", "staging"]
    start = time.perf_counter()
    subprocess.run(command, cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    told = subprocess.run([str(python_of(project)), "-c", LOADED], cwd=project, check=True, stdout=subprocess.PIPE)
    return seconds, told.stdout.decode().split()[-1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, StandIn(Path(folder) / "azure") as azure:
        project = generate(Path(folder))
        install(project)
        plan_on_this_machine(project)  # compiles what it imports
        seconds, imported = plan_on_this_machine(project)
        print(f"plan, local: {seconds:.2f} s; azure.ai.ml imported: {imported}")
        edit(project / "environments/base.yml", QUICK)
        seconds, _ = run(project, azure, "run_pipeline")
        print(f"run_pipeline, images installed meanwhile: {seconds:.0f} s")
        run(project, azure, "register")
        first = azure.cloud.get(f"{MODEL}/1")
        azure.cloud.put(f"{MODEL}/2", {"properties": first["properties"]})  # the same model, as another version
        for version, what in (("1", "first rollout"), ("2", "blue/green")):
            run(project, azure, "promote", "staging", "--version", version)
            seconds, writes = run(project, azure, "apply", "staging")
            print(f"apply, {what}: {seconds:.1f} s, {writes} writes")


if __name__ == "__main__":
    main()
