"""Fresh mistakes in the template's own pipelines."""

from ci.defects import Defect

TESTS, PROJECTS = (f".github/workflows/{name}.yml" for name in ("tests", "projects"))
AZURE_TESTS, AZURE_PROJECTS, SETUP = (
    f"azure-pipelines/{name}.yml" for name in ("tests", "projects", "templates/setup")
)
PUSH = "  push:\n    branches: [main]\n"

DEFECTS = [
    Defect("a part of the suite", "suite", TESTS, "uv run pytest", "uv run pytest tests/ci"),
    Defect("a part of the suite on Azure", "suite", AZURE_TESTS, "uv run pytest", "uv run pytest tests/ci"),
    Defect("all but what fails", "suite", TESTS, "uv run pytest", 'uv run pytest -k "not azure"'),
    Defect("Node is not required", "suite", TESTS, '      REQUIRE_NODE: "1"\n'),
    Defect("Node is not required on Azure", "suite", AZURE_TESTS, '  variables: {REQUIRE_NODE: "1"}\n'),
    Defect("Node is not required any more", "suite", TESTS, 'REQUIRE_NODE: "1"', 'REQUIRE_NODE: "0"'),
    Defect("Windows is lost", "matrix", TESTS, ", windows-2025]", "]"),
    Defect("a Python is lost", "matrix", TESTS, ', "3.13"]', "]"),
    Defect("a Python is lost on Azure", "matrix", AZURE_TESTS, '      macos_313: {image: macOS-15, python: "3.13"}\n'),
    Defect(
        "a Python is tested twice",
        "matrix",
        AZURE_TESTS,
        'linux_313: {image: ubuntu-24.04, python: "3.13"}',
        'linux_313: {image: ubuntu-24.04, python: "3.12"}',
    ),
    Defect(
        "a combination is left out",
        "matrix",
        TESTS,
        "        python:",
        '        exclude: [{os: windows-2025, python: "3.11"}]\n        python:',
    ),
    Defect("a system is lost", "matrix", PROJECTS, "[github, azure-devops, both]", "[github, both]"),
    Defect(
        "a system is lost on Azure",
        "matrix",
        AZURE_PROJECTS,
        "      windows_azure_devops: {image: windows-2025, system: azure-devops}\n",
    ),
    Defect("the same Python everywhere", "matrix", TESTS, "${{ matrix.python }}", '"3.12"'),
    Defect("the same Python everywhere on Azure", "matrix", AZURE_TESTS, "    env: {UV_PYTHON: $(python)}\n"),
    Defect("the same machine everywhere", "matrix", PROJECTS, "runs-on: ${{ matrix.os }}", "runs-on: ubuntu-24.04"),
    Defect("a result in a pipe", "swallowed", TESTS, "uv run pytest", "uv run pytest | tee log"),
    Defect("a result in a pipe on Azure", "swallowed", AZURE_TESTS, "uv run pytest", "uv run pytest | tee log"),
    Defect("a demo that may fail", "swallowed", PROJECTS, "run: uv run demo", "run: uv run demo || echo failed"),
    Defect("pull requests are not tested", "trigger", TESTS, "  pull_request:\n    branches: [main]\n"),
    Defect("pushes are not tested", "trigger", PROJECTS, PUSH),
    Defect(
        "pull requests are not tested on Azure",
        "trigger",
        AZURE_TESTS,
        "pr:\n  branches: {include: [main]}\n",
        "pr: none\n",
    ),
    Defect("documents are not tested", "trigger", TESTS, PUSH, PUSH + "    paths-ignore: [docs/**]\n"),
    Defect("every month", "clock", PROJECTS, "23 4 * * 1", "23 4 1 * *"),
    Defect(
        "no clock on Azure",
        "clock",
        AZURE_PROJECTS,
        'schedules:\n- cron: "23 4 * * 1"\n  displayName: what others release may break us\n'
        "  branches: {include: [main]}\n  always: true\n",
    ),
    Defect("no history", "checkout", TESTS, ", fetch-depth: 0", ""),
    Defect("no history on Azure", "checkout", SETUP, "fetchDepth: 0", "fetchDepth: 1"),
    Defect("half the time", "limit", TESTS, "minutes: 60", "minutes: 6"),
    Defect("not trained", "command", PROJECTS, "run: uv run run_pipeline", "run: uv run run_pipeline --help"),
    Defect("not checked on Azure", "command", AZURE_PROJECTS, "script: uv run check", "script: uv run ruff check"),
    Defect("without a demo on Azure", "command", AZURE_PROJECTS, "- job: demo\n", "- job: demo\n  condition: false\n"),
    Defect(
        "optimised",
        "variable",
        TESTS,
        '      REQUIRE_NODE: "1"\n',
        '      REQUIRE_NODE: "1"\n      PYTHONOPTIMIZE: "1"\n',
    ),
]
