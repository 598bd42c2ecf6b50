"""Looks are counted by a real MLflow, once a model, whatever their verdict; the one too many is not even noted."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from tracked import log_run, tracked

from mlops import UserError
from mlops.platform.looks import MODEL, look
from mlops.platform.tracking import RUN_VARIABLE, URI_VARIABLE, local_uri

ROWS = "a" * 64


@pytest.fixture
def run_id(tmp_path, monkeypatch, tmp_path_factory):
    """A run in a database of its own, and the folder that it lies in."""
    monkeypatch.chdir(tmp_path)
    tracked(tmp_path_factory, tmp_path)
    _, run_id = log_run(tmp_path)
    monkeypatch.delenv(URI_VARIABLE, raising=False)
    return run_id


def asked(run_id, model, rows=ROWS, allowed=3):
    return look("flights", run_id, rows, model, allowed)


def test_each_model_spends_a_look_once(run_id, tmp_path):
    runs = [run_id, *(log_run(tmp_path)[1] for _ in range(3))]
    assert [asked(run, model) for run, model in zip(runs, "abcd", strict=True)] == [0, 1, 2, 3]
    assert asked(runs[0], "a") == 2, "the fourth was one too many, and is not noted"
    assert asked(runs[3], "d", allowed=4) == 3 and asked(runs[0], "a") == 3


def test_the_same_model_of_another_run_is_no_other_look(run_id, tmp_path):
    assert [asked(run, "a") for run in (run_id, log_run(tmp_path)[1])] == [0, 0]


def test_other_rows_have_looks_of_their_own(run_id, tmp_path):
    assert asked(run_id, "a") == 0
    assert asked(log_run(tmp_path)[1], "b", rows="b" * 64) == 0


def test_within_a_job_it_is_the_jobs_own_run_that_notes_it(run_id, tmp_path, monkeypatch):
    monkeypatch.setenv(URI_VARIABLE, local_uri())
    monkeypatch.setenv(RUN_VARIABLE, run_id)
    assert asked("the pipeline's", "a") == 0
    monkeypatch.setenv(RUN_VARIABLE, log_run(tmp_path)[1])
    monkeypatch.setenv(URI_VARIABLE, local_uri())
    assert asked("another pipeline's", "b") == 1


def test_within_a_job_looks_are_counted_where_the_environment_says(run_id, tmp_path, monkeypatch):
    server, other = local_uri(), log_run(tmp_path)[1]
    monkeypatch.chdir(tmp_path / ".mlops")  # there is no database of its own there
    for run, model, before in ((run_id, "a", 0), (other, "b", 1)):
        monkeypatch.setenv(URI_VARIABLE, server)
        monkeypatch.setenv(RUN_VARIABLE, run)
        assert asked("the pipeline's", model) == before


def test_a_look_that_was_noted_by_half_is_none(run_id, tmp_path):
    assert asked(run_id, "a") == 0
    MlflowClient().delete_tag(run_id, MODEL)
    assert asked(log_run(tmp_path)[1], "b") == 0


def test_what_else_is_wrong_with_a_run_is_not_called_unknown(run_id):
    MlflowClient(local_uri()).delete_run(run_id)
    with pytest.raises(MlflowException, match="active"):
        asked(run_id, "a")


def test_a_run_that_is_not_known_is_one_line(run_id):
    with pytest.raises(UserError, match=r"^run nobodys: not known here, so its looks cannot be counted; train again$"):
        asked("nobodys", "a")


def test_where_nothing_was_ever_tracked_there_is_nothing_to_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(URI_VARIABLE, raising=False)
    assert asked("r1", "a") == 0
    assert list(tmp_path.iterdir()) == []
