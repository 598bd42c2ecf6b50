"""The template's own pipelines run the whole suite, everywhere, when they should, in both systems alike."""

import pytest

from ci.defects import Defect
from ci.guard import copied
from ci.own import findings
from conftest import ROOT

TESTS, AZURE_TESTS = ".github/workflows/tests.yml", "azure-pipelines/tests.yml"
BROKEN = [
    Defect("another event", "", TESTS, "  workflow_dispatch:\n", "  workflow_dispatch:\n  release:\n"),
    Defect("a machine less", "", TESTS, "macos-15, ", ""),
    Defect("a combination less", "", TESTS, "        os:", "        exclude: [{os: macos-15}]\n        os:"),
    Defect("another setting", "", AZURE_TESTS, 'REQUIRE_NODE: "1"', 'REQUIRE_NODE: "1", CI: "1"'),
    Defect("one more key", "", AZURE_TESTS, "    displayName: Test\n", "    displayName: Test\n    enabled: false\n"),
    Defect("another command", "", TESTS, "run: uv run pytest", "run: uv run pytest -x"),
    Defect("a shallow checkout", "", TESTS, ", fetch-depth: 0", ""),
]


def test_they_run_everything_on_every_machine_when_they_should():
    assert findings(ROOT) == []


@pytest.mark.parametrize("defect", BROKEN, ids=lambda defect: defect.name)
def test_one_that_does_not_is_found(tmp_path, defect):
    root = copied(ROOT, tmp_path)
    defect.make(root)
    assert len(findings(root)) == 1
