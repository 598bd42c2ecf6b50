"""A rendered project, and the same installed, each made once for all tests."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import measured
import pytest
from cookiecutter.main import cookiecutter
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
MACHINERY = measured.MACHINERY
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
SUPPORTED = RUNNING in QUESTIONS["_python_versions"]  # then it is the default answer
CACHES = {"__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
TOOLS = {".git", ".venv", "node_modules", *CACHES}
NOT_OURS = {*TOOLS, ".mlops", "out"}

PARTED = ("test_end_to_end.py", "test_machinery.py")  # several processes may have the tests of one of these
LONG = (*PARTED, "test_demo.py", "test_loop_on_azure.py", "test_own_tables.py")  # begun last, these would be waited for

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

Render = Callable[..., "Project"]
NOTHING_LEFT = {"PYTHONDONTWRITEBYTECODE": "1"}
# Whatever this machine says: without bytecode each of the tests' many commands would compile anew all that it imports.
os.environ.pop(*NOTHING_LEFT, None)
# What is asked of this run is not asked of those that it starts.
os.environ.pop("PYTEST_ADDOPTS", None)
# More test processes than cores: threads that wait for each other by spinning took twice the processor time.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # in the process that has the workers, or none
        folder = TemporaryDirectory(prefix="measured-")
        config.add_cleanup(folder.cleanup)
        os.environ[measured.FOLDER] = folder.name


class ByFile(LoadFileScheduling):
    """One process has all tests of a file, for they share what is made for them; of a parted file, of one parameter."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        return f"{file}[{test.rpartition('[')[2]}" if Path(file).name in PARTED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Show what the tests of the machinery reached, where they ran; a whole run fails below the floor."""
    if not hasattr(session.config, "workerinput"):
        code, table = measured.report()
        print(table, end="")
        session.exitstatus = session.exitstatus or code


def a_users() -> dict[str, str]:
    """The variables of a user's shell, in which the environment of these tests is not active."""
    return {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}


@dataclass(frozen=True)
class Project:
    """A generated project's folder."""

    folder: Path

    def run(self, *command: str, folder: Path | None = None) -> str:
        """What the command prints, run in this folder or another. An assertion holding all of it when it fails."""
        place = folder or self.folder
        done = subprocess.run(
            command,
            cwd=place,
            env=a_users() | ({} if place == self.folder else NOTHING_LEFT),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}"
        return done.stdout

    def install(self) -> None:
        """Make the project's own environment, with the Python that runs the tests if that is supported."""
        self.run("uv", "sync", "--quiet", *(["--python", sys.executable] if SUPPORTED else []))

    def uv_run(self, *command: str, folder: Path | None = None) -> str:
        """The same in the project's own environment."""
        return self.run("uv", "run", "--frozen", "--project", str(self.folder), *command, folder=folder)


def files_below(folder: Path) -> list[Path]:
    """All files but those that tools leave behind."""
    found = (path for path in folder.rglob("*") if not NOT_OURS & set(path.relative_to(folder).parts))
    return [path for path in found if path.is_file() and path != ROOT / "uv.lock"]


def names_below(folder: Path) -> list[str]:
    """The same, relative to the folder and with forward slashes, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in files_below(folder))


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Generate a project from the defaults and some answers; the user's own cookiecutter settings play no part."""
    home = tmp_path_factory.mktemp("cookiecutter")
    settings = home / "config.yml"
    settings.write_text(json.dumps({"replay_dir": str(home), "cookiecutters_dir": str(home)}), encoding="utf-8")

    def generate(output: Path, **answers: str) -> Project:
        options = {"no_input": True, "extra_context": answers, "config_file": str(settings)}
        return Project(Path(cookiecutter(str(ROOT), output_dir=str(output), **options)))

    return generate


@pytest.fixture(scope="session")
def rendered(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The default project, in a folder with an awkward name."""
    return render(tmp_path_factory.mktemp("Flüge & Wetter "))


@pytest.fixture(scope="session")
def both(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the pipelines of both CI systems."""
    return render(tmp_path_factory.mktemp("both"), ci_system="both")


@pytest.fixture(scope="session")
def installed(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Another one of both CI systems with its environment, in which tests may leave files."""
    project = render(tmp_path_factory.mktemp("Flüge & Wetter "), ci_system="both")
    project.install()
    project.run("uv", "pip", "install", "--quiet", measured.REQUIREMENT)
    return project
