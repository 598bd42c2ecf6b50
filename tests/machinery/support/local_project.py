"""A project that serves from real processes. Its models and its serving environment are made once a test run."""

import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import psutil
from registry import Registry

from conftest import ROOT, shared_folder
from mlops.platform.local import hosting, processes, scoring
from mlops.platform.local.endpoints import LocalEndpoints

NAME = "flights-staging"
LIMIT = 60_000.0  # ms, which no answer takes
PAYLOAD = {
    "input_data": {
        "columns": ["time_hour", "carrier", "distance"],
        "data": [["2013-01-01T05:00:00", "B6", 700.0], ["2013-01-02T10:00:00", "UA", None]],
    }
}


def shared_python(factory):
    """The Python of the serving environment."""
    return scoring.serving_python(shared_folder(factory) / "serving", ROOT / "serving" / scoring.REQUIREMENTS)


def make_endpoints(factory, name, models):
    """Endpoints of a new project, with the models in that folder."""
    folder = factory.mktemp(name)
    shutil.copytree(ROOT / "serving", folder / "serving")
    shared_python(factory)
    return LocalEndpoints(folder / ".mlops", Registry(models), shared_folder(factory) / "serving")


@contextmanager
def script(endpoints, init="pass", run="pass"):
    """The project's scoring script is a quick one for a while: it starts in half the time."""
    path = endpoints.serving / "score.py"
    kept = path.read_text(encoding="utf-8")
    quick = f"def init():\n    {init}\n\n\ndef run(raw):\n    {run}\n" + '    return {"scores": [0.5]}\n'
    path.write_text(quick, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(kept, encoding="utf-8")


def scoring_processes(endpoints, slot):
    """The roots of all process trees that serve the slot, written down or not."""
    marker = hosting.markers(endpoints.root / NAME).get(slot, ["no such slot"])
    found = processes.find_marked([marker])
    return [process for process in found if process.parent() not in found]


def kill(process):
    """Kill the process and its workers without a warning; it first, or it would replace a worker."""
    family = [process, *process.children(recursive=True)]
    for each in family:
        each.kill()
    psutil.wait_procs(family, timeout=300)


def run_python(code, endpoints):
    """Run the code in a process of its own, with `endpoints` for the same project; its exit code and output."""
    head = (
        "import os, sys\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]\n"
        "from pathlib import Path\n"
        "from registry import Registry\n"
        "from mlops.platform.local import endpoint_state, hosting\n"
        "from mlops.platform.local import endpoints as module\n"
        f"endpoints = module.LocalEndpoints(Path({str(endpoints.root.parent)!r}), "
        f"Registry(Path({str(endpoints.models.folder)!r})), Path({str(endpoints.environments)!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + code], env=os.environ, capture_output=True, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout + done.stderr


@contextmanager
def steady_load(endpoints, clients=3):
    """Clients that ask the public route again and again; yields their answers, counted by (status, slot)."""
    answers, over = Counter(), threading.Event()

    def ask():
        while not over.wait(0.005):  # without a breath they would take the processors from what they ask
            try:
                reply = endpoints.score(NAME, PAYLOAD)
                answers[reply.status, reply.slot] += 1
            except OSError as error:
                answers[repr(error), ""] += 1

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()
