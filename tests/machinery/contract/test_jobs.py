"""Training jobs: their result, and their outputs where they were asked for."""

import pytest

from contract.conftest import PIPELINE
from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json


def test_a_finished_job_leaves_its_outputs_in_place(bench):
    model = bench.model_folder("first")
    files = sum(path.is_file() for path in model.rglob("*") if path.parent.name != "__pycache__")  # of a test before
    assert (model / "MLmodel").is_file()
    assert read_json(model.parent / "count" / "count.json", Artefact) == {"files": files}


def test_a_failing_step_leaves_what_was_finished_and_nothing_of_an_old_run(bench, tmp_path):
    for output in ("model", "count"):
        (tmp_path / output).mkdir()
        (tmp_path / output / "stale.txt").touch()
    assert bench.platform.jobs.run(PIPELINE, {"most": "1"}, tmp_path) == 1
    assert (tmp_path / "model" / "MLmodel").is_file()
    assert list(tmp_path.rglob("stale.txt")) == []


def test_an_unknown_input_is_refused(bench, tmp_path):
    with pytest.raises(UserError, match="the pipeline has no input 'kid'; it has kind, most"):
        bench.platform.jobs.run(PIPELINE, {"kid": "first"}, tmp_path)
