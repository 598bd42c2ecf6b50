"""The first page of the Data Docs."""

from collections.abc import Sequence
from pathlib import Path

from mlops.data.validation import Checked
from mlops.report.pages import render


def write_index(folder: Path, files: Sequence[Checked]) -> None:
    """Every file and what is wrong with it. Unlike Great Expectations' own page it needs no network."""
    render("data_docs.html", {"files": [found.to_json() for found in files]}, folder / "index.html")
