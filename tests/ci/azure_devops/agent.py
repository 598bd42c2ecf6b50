"""A job on its machine: an empty workspace, its steps one after the other, and nothing left when it ends."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci.azure_devops.checkout import checkout
from ci.azure_devops.expressions import evaluate, parse
from ci.azure_devops.leftovers import MARK, end_marked
from ci.azure_devops.messages import Message, messages
from ci.azure_devops.pipeline import Job
from ci.azure_devops.steps import Step
from ci.azure_devops.values import truth
from ci.azure_devops.variables import Variables, of_agent
from ci.events import Command, Event, Runner

LONGEST = 3600  # seconds of a command; only there so that a hanging one ends at all
PASSED_ON = ("UV_", "PIP_", "SSL_", "REQUESTS_", "CURL_")  # how commands find packages on this machine
NO_EFFECT = ("task.logissue", "task.debug", "task.setprogress", "task.setsecret", "task.logdetail")
TOKEN_VALUE = "token-of-this-run"


@dataclass
class Trace:
    """What a run leaves for its reader."""

    commands: list[Command] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Site:
    """What the jobs of a run share. artifacts: the folder that holds those published so far."""

    remote: Path
    event: Event
    runner: Runner
    artifacts: Path
    trace: Trace


def run_job(site: Site, job: Job, name: str, variables: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
    """Whether the job succeeded, and its outputs by `step.variable`."""
    with tempfile.TemporaryDirectory() as folder:
        agent = Agent(site, job, name, variables, Path(folder))
        try:
            for step in job.steps:
                agent.take(step)
        finally:
            end_marked(agent.mark)
    return agent.succeeded, agent.outputs


class Agent:
    """One job while it runs."""

    def __init__(self, site: Site, job: Job, name: str, variables: Mapping[str, str], folder: Path) -> None:
        self.site, self.job, self.name = site, job, name
        self.workspace, self.home = folder / "work", folder / "home"
        self.sources = self.workspace / "s"
        self.temporary = folder / "temporary"
        for made in (self.home, self.temporary, self.workspace / "a", self.workspace / "b", self.sources):
            made.mkdir(parents=True)
        token = site.runner.environment.get("SYSTEM_ACCESSTOKEN", TOKEN_VALUE)
        self.variables = Variables({**variables, **of_agent(self.workspace, job.name)}, token)
        self.mark = uuid.uuid4().hex
        self.path = [*map(str, site.runner.path), os.environ["PATH"]]
        self.outputs: dict[str, str] = {}
        self.succeeded = True

    def take(self, step: Step) -> None:
        """Run the step if its condition holds."""
        if not step.enabled or not self.holds(step.condition):
            return
        run = {"script": self.script, "checkout": self.check_out, "publish": self.publish, "download": self.download}
        if step.kind == "nothing" or run[step.kind](step):
            return
        if step.may_fail:
            self.warn(f"the failure of {step.title or step.kind!r} is let pass by continueOnError")
            return
        self.succeeded = False
        self.variables.set("Agent.JobStatus", "Failed")

    def holds(self, condition: str) -> bool:
        tree = parse(condition or "succeeded()", ["variables"], status=True)
        return truth(evaluate(tree, {"variables": self.variables.values}, self.status))

    def status(self, function: str, _: Sequence[str]) -> bool:
        """What a status function says of the steps so far."""
        return {"succeeded": self.succeeded, "failed": not self.succeeded, "canceled": False}.get(function, True)

    def warn(self, text: str) -> None:
        self.site.trace.warnings.append(f"{self.name}: {text}")

    def expand(self, text: str) -> str:
        """The text with its variables."""
        return self.variables.expand(text, lambda name: self.warn(f"{name} is not defined and stays as text"))

    def script(self, step: Step) -> bool:
        """Run it with bash, which goes on after a line that fails."""
        script, folder = self.expand(step.inputs["script"]), self.expand(step.inputs.get("workingDirectory", ""))
        file = self.temporary / f"{uuid.uuid4().hex}.sh"
        output = file.with_suffix(".log")  # of this step alone: what it leaves running may go on writing
        file.write_text(script, encoding="utf-8")
        with output.open("wb") as written:  # a file: a pipe would be waited for as long as a leftover holds it
            exit_code = self.bash(file, self.sources / folder, self.environment(step), written.fileno())
        said = output.read_text(encoding="utf-8", errors="replace")
        connection = self.expand(step.inputs.get("connection", ""))
        shown = f"azureSubscription: {connection}\n{said}" if connection else said
        title = self.expand(step.title)
        self.site.trace.commands.append(Command(self.name, self.job.environment, title, script, exit_code, shown))
        obeyed = [self.obey(message, step) for message in messages(said)]  # all of them, whichever fails
        return exit_code == 0 and all(obeyed)

    def bash(self, file: Path, folder: Path, environment: Mapping[str, str], output: int) -> int:
        if not folder.is_dir():
            os.write(output, f"the working directory {folder} does not exist\n".encode())
            return 1
        command = ["bash", "--noprofile", "--norc", str(file)]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
            check=False,
        )
        return done.returncode

    def environment(self, step: Step) -> dict[str, str]:
        """The variables of the command. Of this machine only what it cannot do without."""
        machine = {key: value for key, value in os.environ.items() if key.startswith(PASSED_ON) or key == "LANG"}
        hidden = self.variables.hidden()
        given = {key: value for key, value in self.site.runner.environment.items() if key not in hidden}
        mapped = {key: self.expand(value) for key, value in step.environment.items()}
        own = {"PATH": os.pathsep.join(self.path), "HOME": str(self.home), MARK: self.mark}
        return {**machine, **own, **self.variables.environment(), **given, **mapped, **self.identity(step)}

    def identity(self, step: Step) -> dict[str, str]:
        """What AzureCLI@2 tells its script of the service connection, whose id here is its name."""
        connection = self.expand(step.inputs.get("connection", ""))
        if not connection:
            return {}
        ids = {name: self.site.runner.ids.get(f"AZURE_{name}", "") for name in ("CLIENT_ID", "TENANT_ID")}
        told = {**ids, "SERVICE_CONNECTION_ID": connection}
        return {f"AZURESUBSCRIPTION_{name}": value for name, value in told.items()}

    def obey(self, message: Message, step: Step) -> bool:
        """Do what the script said; False when that fails the step."""
        match message.name:
            case "task.setvariable":
                return self.set_variable(message, step)
            case "task.prependpath":
                self.path.insert(0, message.data)
            case "task.uploadsummary":
                return self.upload_summary(Path(message.data))
            case "task.complete":
                return message.properties.get("result", "").lower() not in ("failed", "canceled")
            case name if name not in NO_EFFECT:
                self.warn(f"the agent does not know ##vso[{name}]")
        return True

    def set_variable(self, message: Message, step: Step) -> bool:
        name = message.properties.get("variable", "")
        if message.says("isoutput"):
            if not step.name:
                self.warn(f"the output '{name}' is of a step without a name: no job can read it")
                return True
            name = f"{step.name}.{name}"
            self.outputs[name] = message.data
        self.variables.set(name, message.data, message.says("issecret"))
        return bool(message.properties.get("variable"))

    def upload_summary(self, file: Path) -> bool:
        if not file.is_absolute() or not file.is_file():
            self.warn(f"the summary {file} is not the absolute path of a file")
            return False
        self.site.trace.summaries.append(file.read_text(encoding="utf-8"))
        return True

    def check_out(self, step: Step) -> bool:
        if step.inputs.get("persistCredentials", "").lower() == "true":
            self.warn("the checkout leaves the token in the workspace (persistCredentials)")
        depth, tags = int(step.inputs.get("fetchDepth", "1")), step.inputs.get("fetchTags", "")
        checkout(self.site.remote, self.site.event.commit, self.sources, depth, tags.lower() == "true")
        return True

    def publish(self, step: Step) -> bool:
        source = self.sources / self.expand(step.inputs["publish"])
        target = self.site.artifacts / self.expand(step.inputs["artifact"])
        name = os.path.relpath(source, self.sources)
        if not source.exists() or target.exists():
            what = "its artifact exists already" if source.exists() else "it does not exist"
            self.warn(f"cannot publish {name}: {what}")
            return False
        self.site.trace.artifacts.append(name)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.mkdir()
            shutil.copy(source, target)
        return True

    def download(self, step: Step) -> bool:
        """One artifact, or all; each into a folder of its name beside the sources."""
        wanted = self.expand(step.inputs.get("artifact", ""))
        if wanted and not (self.site.artifacts / wanted).exists():
            self.warn(f"cannot download the artifact '{wanted}': it does not exist")
            return False
        for name in [wanted] if wanted else [path.name for path in self.site.artifacts.iterdir()]:
            shutil.copytree(self.site.artifacts / name, self.workspace / name, dirs_exist_ok=True)
        return True
