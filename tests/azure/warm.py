"""Run by the project's Python: a process that has imported all that `apply` needs, and is forked for each run of it.

It is asked on stdin, line by line, in JSON. `{"start": <environment>, "folder": <project>, "variables": {...}, "log":
<file>}` is answered with a process id, `{"wait": <process id>}` with its exit code, negative for a signal. So runs can
be killed like any process, and cost no imports.
"""

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from mlops.operate import reconcile
from mlops.platform.azureml import lease, waiting
from steps import apply

USED = (
    "azure.ai.ml",
    "azure.identity",
    "azure.mgmt.monitor",
    "azure.monitor.querymetrics",
    "azure.storage.blob",
    "mlflow",
)
SOON = 0.02  # seconds
SHORTEST_LEASE = 15  # seconds; what Azure grants at least


def shorten() -> None:
    """The pauses of the product between two looks, and those of the SDK between two attempts. Not their number."""
    from azure.core.pipeline.transport import HttpTransport

    reconcile.SOONEST = reconcile.RETRY_AFTER = SOON
    waiting.PAUSE = lease.ASK_EVERY = SOON
    lease.LENGTH = SHORTEST_LEASE
    HttpTransport.sleep = lambda self, duration: time.sleep(min(duration, SOON))


def run(asked: dict[str, Any]) -> None:
    """Be one run of `apply`, from its first word to its exit code."""
    os.chdir(asked["folder"])
    os.environ.update(asked["variables"])
    with Path(asked["log"]).open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    try:
        code = apply.main([asked["start"]])
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    for name in USED:
        importlib.import_module(name)
    shorten()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            answer = os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                run(asked)
        print(answer, flush=True)


if __name__ == "__main__":
    main()
