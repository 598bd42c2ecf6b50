"""A generated project whose commands are run as its user runs them."""

import json
import os
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from conftest import Project, a_users

ENDPOINT = "flight-delays-production"


@contextmanager
def asking(ask: Callable[[], Hashable]) -> Iterator[Counter[Hashable]]:
    """Ask all the while; counts what the answers were."""
    over, seen = threading.Event(), Counter()

    def go_on() -> None:
        while not over.wait(0.02):
            seen[ask()] += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def like(request: dict) -> dict:
    """The probe's request with another number in each row: `monitor` passes over the probe itself."""
    table = request["input_data"]
    at = next(place for place, value in enumerate(table["data"][0]) if isinstance(value, float))
    rows = [[*row[:at], row[at] and row[at] + 1, *row[at + 1 :]] for row in table["data"]]
    return {"input_data": {**table, "data": rows}}


class Looped(Project):
    """A project whose commands may say no."""

    @property
    def python(self) -> str:
        folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        return str(self.folder / ".venv" / folder / name)

    def variables(self) -> Mapping[str, str]:
        """The environment of its commands."""
        return a_users()

    def command(self, name: str, *arguments: str, code: int = 0) -> str:
        """What the command prints, on both streams; its exit code must be as said."""
        line = ["uv", "run", "--frozen", name, *arguments]
        done = subprocess.run(
            line, cwd=self.folder, env=self.variables(), capture_output=True, encoding="utf-8", check=False
        )
        printed = done.stdout + done.stderr
        assert done.returncode == code, f"{name}: exit code {done.returncode}\n{printed}"
        assert "\nTraceback" not in f"\n{printed}", "a log that is shown is indented"
        return printed

    def apply_until(self, milestones: Sequence[str]) -> str | None:
        """Run `apply production` and kill it, without a word, as soon as it says that it is at one of these.

        The milestone; None when it came to its end before, which it may where killing takes its time.
        """
        command = [self.python, "-u", "-m", "steps.apply", "production"]
        with subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        ) as process:
            assert process.stdout is not None
            said: list[str] = []
            for line in process.stdout:
                said.append(line)
                if milestone := next((each for each in milestones if each in line), None):
                    process.kill()
                    return milestone
        assert process.returncode == 0, "".join(said)
        return None

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        return self.run("git", *identity, *arguments)

    def edit(self, path: str, changes: dict[str, str]) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, f"{path}: {old!r}"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")

    def read(self, path: str) -> dict:
        return json.loads((self.folder / path).read_text(encoding="utf-8"))

    def served(self) -> dict[str, int]:
        """The versions at the endpoint, by slot, and that nothing of a rollout is left."""
        state = self.read(f".mlops/endpoints/{ENDPOINT}/endpoint.json")
        assert not {"candidate", "started", "live", "since"} & state["tags"].keys()
        [(slot, deployment)] = state["deployments"].items()
        assert {name: share for name, share in state["traffic"].items() if share} == {slot: 100}
        return {slot: deployment["version"]}

    @contextmanager
    def clients(self) -> Iterator[Counter[str]]:
        """Somebody who asks all the while; counts the slots that answered, and `failed`."""
        state, probe = (
            self.read(f".mlops/endpoints/{ENDPOINT}/endpoint.json"),
            self.read("out/model/probe.json"),
        )
        url, headers = f"http://127.0.0.1:{state['port']}/score", {"Authorization": f"Bearer {state['key']}"}
        body = json.dumps(like(probe["request"])).encode()

        def ask() -> str:
            question = urllib.request.Request(url, body, {**headers, "Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(question, timeout=300) as answer:
                    whole = len(json.load(answer)["scores"]) == len(probe["answer"]["scores"])
                    return answer.headers["azureml-model-deployment"] if whole else "failed: not all scores"
            except (OSError, ValueError, KeyError) as error:
                return f"failed: {error}"

        with asking(ask) as seen:
            yield seen
