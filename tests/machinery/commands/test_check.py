"""All four checks always run, in a small project of their own; any that finds something makes it red."""

import pytest
from hosted import write

from mlops.commands import check

GOOD = {
    "project.yml": "data: {}\n",
    "pyproject.toml": """
[tool.ruff.lint]
select = ["F"]
[tool.mypy]
files = ["ours.py"]
[tool.pytest.ini_options]
addopts = "--strict-markers"
""",
    "ours.py": "one: int = 1\n",
    "test_it.py": "def test_it():\n    assert 1 + 1 == 2\n",
}
RUFF, FORMAT, MYPY, PYTEST = "ruff check .", "ruff format --check .", "mypy", "pytest -n logical --maxprocesses 4"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "0")  # one small test needs neither processes of its own
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")  # nor what takes longer to load than it runs


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, []),
        ({"unused.py": "import os\n"}, [RUFF]),
        ({"spaced.py": "a=1\n"}, [FORMAT]),
        ({"ours.py": 'one: int = "1"\n'}, [MYPY]),
        ({"test_it.py": "def test_it():\n    assert 1 + 1 == 3\n"}, [PYTEST]),
        ({"unused.py": "import os\n", "test_it.py": "def test_it():\n    assert not 1\n"}, [RUFF, PYTEST]),
    ],
    ids=["sound", "lint", "format", "types", "tests", "two"],
)
def test_it_runs_all_four_and_names_those_that_found_something(capfd, files, found):
    for path, text in {**GOOD, **files}.items():
        write(path, text)
    assert check.main([]) == (1 if found else 0)
    said = capfd.readouterr().out.splitlines()
    assert [line for line in said if line.startswith("== ")] == [f"== {name}" for name in (RUFF, FORMAT, MYPY, PYTEST)]
    assert said[-1] == (f"not passed: {', '.join(found)}" if found else "all passed")
    assert any("1 passed" in line or "1 failed" in line for line in said), "the tests themselves are shown"


def test_without_a_table_there_is_nothing_to_check(capfd):
    for path, text in {**GOOD, "project.yml": "name: mine\ndata:\n"}.items():
        write(path, text)
    assert check.main([]) == 2
    line = "error: project.yml: no table yet; take yours in: uv run adopt my-table.csv --target COLUMN\n"
    assert tuple(capfd.readouterr()) == ("", line)
