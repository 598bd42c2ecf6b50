"""Steps as forks of a Python that has paid for the heavy imports once: the fork server of `multiprocessing`.

It imports third-party packages alone, so that every step sees the project's own code as it is at that moment. Linux
only: elsewhere forking after such imports is not safe, and steps start from nothing.
"""

import gc
import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

AVAILABLE = sys.platform == "linux"
PACKAGES = [
    "pandas",
    "pyarrow.parquet",
    "sklearn.ensemble",
    "sklearn.metrics",
    "sklearn.pipeline",
    "mlflow.sklearn",
    "mlflow.pyfunc.loaders",
    "git",
    "mlflow.store.tracking.sqlalchemy_store",
    "alembic.command",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
]


def import_ahead() -> None:
    """Start to import, beside whatever comes next."""
    multiprocessing.set_forkserver_preload(PACKAGES)
    forkserver.ensure_running()


def run(module: str, arguments: Sequence[str], log: Path, variables: Mapping[str, str]) -> int:
    """Run `python -m module arguments` as a fork with these variables, its output into the log; its exit code."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=run_here, args=(module, arguments, log, dict(variables), Path.cwd()))
    process.start()
    process.join()
    return process.exitcode or 0


def run_here(module: str, arguments: Sequence[str], log: Path, variables: Mapping[str, str], folder: Path) -> None:
    """Become what a shell in the folder would have started."""
    gc.freeze()  # never look for garbage among what was imported ahead: that would copy every page of it
    with (folder / log).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.path.insert(0, str(folder))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
