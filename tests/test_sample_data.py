"""The sample data: small enough to ship, and sound in every month."""

import shutil
from pathlib import Path

from conftest import ROOT, TEMPLATE, Project

MONTHS = [*(TEMPLATE / "data").glob("*.parquet"), *(ROOT / "demo/data").glob("*.parquet")]


def test_there_is_every_month_of_the_year_in_less_than_one_and_a_half_megabytes() -> None:
    assert sorted(path.stem for path in MONTHS) == [f"2013-{month:02}" for month in range(1, 13)]
    assert sum(path.stat().st_size for path in MONTHS) < 1_500_000


def test_every_month_passes_validation(installed: Project, tmp_path: Path) -> None:
    for path in MONTHS:
        shutil.copy(path, tmp_path)
    printed = installed.uv_run("validate_data", "--data", str(tmp_path), "--validation", str(tmp_path / "out"))
    assert "12 files, 32,735 rows: sound" in printed
