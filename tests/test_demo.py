"""The demo, as the README promises it: the whole story comes true and no client loses a request."""

from pathlib import Path
from types import SimpleNamespace

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


def test_a_python_that_is_not_on_offer_gets_the_default_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "sys", SimpleNamespace(version_info=SimpleNamespace(major=3, minor=99)))
    project = run.generate(tmp_path)
    assert (project / ".python-versions").read_text(encoding="utf-8").splitlines()[-1] == "3.12"
