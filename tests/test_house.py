"""The machinery's rooms: nine at most, and none imports from one above it."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from conftest import MACHINERY, TEMPLATE

HOUSE = TEMPLATE / "mlops"
ROOMS = ("settings", "data", "repo", "decide", "platform", "report", "ci", "operate", "commands")  # from the ground up
USERS = {"model", "data", "tests"}


def module_name(path: Path) -> str:
    """`mlops.decide.gate`; a package is named by its folder."""
    parts = path.relative_to(TEMPLATE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in HOUSE.rglob("*.py")}


def imported(path: Path) -> Iterator[str]:
    """The modules that the file imports, also within functions; of a package, the part that is meant."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                part = f"{node.module}.{alias.name}"
                yield part if part in MODULES else node.module


def at_start(path: Path) -> set[str]:
    """The modules of the house that importing the file imports: not those within functions or for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = {
        f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in MODULES else node.module
        for node in tree.body
        for alias in node.names
    }
    return names & MODULES.keys()


def room(module: str) -> str:
    """`decide` of `mlops.decide.gate`; the house itself has none."""
    return module.split(".")[1] if "." in module else ""


def test_the_rooms_are_these() -> None:
    assert {path.name for path in HOUSE.iterdir() if path.name not in {"__init__.py", "__pycache__"}} == set(ROOMS)


def test_no_room_imports_from_one_above_it() -> None:
    upwards = [
        f"{name} imports {other}"
        for name, path in MODULES.items()
        for other in imported(path)
        if other.startswith("mlops.") and room(name) and ROOMS.index(room(other)) > ROOMS.index(room(name))
    ]
    assert upwards == []


def test_no_module_waits_for_itself() -> None:
    order = TopologicalSorter({name: at_start(path) - {name} for name, path in MODULES.items()})
    order.prepare()  # CycleError names the modules


def test_no_two_test_files_have_one_name() -> None:
    """All of the machinery's tests can be run at once, as `upgrade --tests` says."""
    tests = [path for path in MACHINERY.rglob("test_*.py") if not (path.parent / "__init__.py").exists()]
    assert len({path.name for path in tests}) == len(tests)


def test_the_machinery_imports_nothing_of_the_users() -> None:
    """The model comes from its folder. Only one file names `model.estimator`: the one seam."""
    ours = [*MODULES.values(), *(TEMPLATE / "steps").glob("*.py"), *(TEMPLATE / "serving").glob("*.py")]
    seams = {(path.name, other) for path in ours for other in imported(path) if other.split(".")[0] in USERS}
    assert seams == {("estimator.py", "model.estimator")}


def test_git_runs_in_one_place() -> None:
    starters = [name for name, path in MODULES.items() if '["git"' in path.read_text(encoding="utf-8")]
    assert starters == ["mlops.repo.git"]


def reads_raw(call: ast.Call) -> bool:
    """Whether it reads YAML, JSON or a text in its own way. With `errors` it shows a text, however damaged."""
    name, told = ast.unparse(call.func), {each.arg for each in call.keywords}
    parses = re.fullmatch(r"yaml\.(safe_)?(load|compose|parse)(_all)?|json\.loads?", name)
    return bool(parses) or (name.endswith(".read_text") and "errors" not in told)


def test_files_come_in_through_one_door() -> None:
    """Elsewhere a damaged one would end in a traceback."""
    steps = {f"steps.{path.stem}": path for path in (TEMPLATE / "steps").glob("*.py")}
    found = {
        name
        for name, path in {**MODULES, **steps}.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and reads_raw(node)
    }
    answers = {"mlops.platform.local.traffic", "mlops.platform.local.endpoints", "steps.try_serving"}  # of endpoints
    answers.add("mlops.platform.local.batch_process")  # what another process of ours asks of it
    assert found - answers == {"mlops.settings.reading"}


def test_the_pure_room_reads_no_disk_no_clock_and_no_network() -> None:
    impure = {"os", "time", "datetime", "subprocess", "pathlib", "requests", "tempfile", "shutil", "socket", "random"}
    found = {
        (name, other)
        for name, path in MODULES.items()
        for other in imported(path)
        if room(name) == "decide" and other.split(".")[0] in impure
    }
    assert found == set()
