"""The demo, as the README promises it: the whole story comes true and no client loses a request."""

from pathlib import Path

import pytest

from demo import run


def test_the_demo_tells_its_story_to_the_end(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = run.main(["--folder", str(tmp_path)])
    told = capfd.readouterr().out
    assert code == 0, told
    for outcome in ("INVALID DATA", "PASS", "FAIL", "rolled back from the canary", "requests, 0 failed"):
        assert outcome in told
    for page in ("out/report.html", "out/validation/data_docs/index.html", "out/monitor/drift.html"):
        assert (tmp_path / "flight-delays" / page).exists()
