"""`score_batch` as it is typed: exit codes, what it says, and that bad input leaves nothing behind."""

import json
from pathlib import Path

import pytest
import yaml
from batched import answer_files, flights, write_flights
from registry import Registry
from small_model import save_model

from conftest import edit
from mlops.commands import score_batch
from mlops.platform import Platform
from mlops.platform.local.batch_output import held
from mlops.platform.local.batches import LocalBatches
from mlops.settings.environments import load_manifest

NAME, STAGING = "flights-staging-batch", Path("environments/staging.yml")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for version in (1, 2):
        save_model(folder / str(version), version)
    return folder


@pytest.fixture
def staging(project, models, monkeypatch):
    """Staging has a batch endpoint; version 1 scores by default and is what the manifest names. Its platform."""
    settings = yaml.safe_load(Path("project.yml").read_text(encoding="utf-8"))
    settings["data"]["key"] = ["flight"]
    Path("project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    edit(STAGING, "version: null ", "version: 1 ")
    with STAGING.open("a", encoding="utf-8") as file:
        file.write(f"batch: {{endpoint: {NAME}, retries: 0}}\n")
    batches = LocalBatches(project / ".mlops", Registry(models), load_manifest("staging").batch)
    made = Platform("local", None, None, None, batches=batches)
    monkeypatch.setattr(score_batch, "open_platform", lambda manifest: made)
    batches.create(NAME)
    batches.deploy(NAME, "blue", "flights", 1)
    batches.make_default(NAME, "blue")
    return batches


def test_each_file_is_answered_and_the_end_says_how_much_how_fast_and_by_what(staging, capsys):
    write_flights(Path("in"), [20, 30])
    (Path("in") / "notes.txt").touch()
    assert score_batch.main(["staging", "in", "answers"]) == 0
    said = capsys.readouterr()
    assert "passed over: notes.txt\n" in said.out and said.err == ""
    assert said.out.splitlines()[-1].startswith("answers: answers to 2 of 2 files; 50 rows scored now by flights:1 in ")
    assert said.out.splitlines()[-1].endswith("rows a second")
    assert sorted(answer_files("answers")) == ["00.parquet", "01.parquet"]


def test_again_it_finds_all_done(staging, capsys):
    write_flights(Path("in"), [20, 30])
    assert [score_batch.main(["staging", "in", "answers"]) for _ in range(2)] == [0, 0]
    assert "2 of 2 files were done before\n" in capsys.readouterr().out


def test_a_file_that_cannot_be_scored_is_named_and_the_rest_is_done(staging, capsys):
    write_flights(Path("in"), [20, 30])
    (Path("in") / "00.parquet").write_bytes(b"PAR1")
    assert score_batch.main(["staging", "in", "answers"]) == 1
    assert capsys.readouterr().err.startswith("not scored: 00.parquet: ")
    assert sorted(answer_files("answers")) == ["01.parquet"]


def test_that_another_version_is_named_meanwhile_is_said(staging, capsys):
    write_flights(Path("in"), [20])
    edit(STAGING, "version: 1 ", "version: 2 ")
    assert score_batch.main(["staging", "in", "answers"]) == 0
    assert "flights:2 is what the manifest names; `apply` lets it score by default\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["staging", "nowhere", "answers"], "nowhere: no such file or folder; give Parquet or CSV files to score"),
        (["staging", "docs", "answers"], "docs: no *.parquet and no *.csv file; give files to score"),
        (["staging", "in", "full"], "full: not empty (mine); give another folder, or empty this one"),
        (["production", "in", "answers"], "environments/production.yml: batch: missing; docs/batch.md shows one"),
        (["canary", "in", "answers"], "environments: no environment 'canary'; there is production, staging"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(staging, capsys, arguments, why):
    write_flights(Path("in"), [20])
    Path("docs").mkdir()
    Path("full").mkdir()
    Path("full/mine").touch()
    assert score_batch.main(arguments) == 2
    said = capsys.readouterr()
    assert said.err == f"error: {why}\n" and said.out == ""
    assert not Path("answers").exists() and [path.name for path in Path("full").iterdir()] == ["mine"]


def test_a_mini_batch_of_none_is_one_line(staging, capsys):
    write_flights(Path("in"), [20])
    edit(STAGING, "retries: 0", "mini_batch: 0")
    assert score_batch.main(["staging", "in", "answers"]) == 2
    assert "batch.mini_batch: Input should be greater than or equal to 1, got 0" in capsys.readouterr().err


def test_before_the_first_apply_there_is_nothing_to_score_with(staging, capsys):
    write_flights(Path("in"), [20])
    staging.delete(NAME)
    assert score_batch.main(["staging", "in", "answers"]) == 2
    assert f"there is no batch endpoint '{NAME}'; `apply` makes it" in capsys.readouterr().err


def test_while_another_run_writes_there_it_is_refused(staging, capsys):
    write_flights(Path("in"), [20])
    with held(Path("answers"), "the nightly run"):
        assert score_batch.main(["staging", "in", "answers"]) == 3
    assert "answers: the nightly run writes answers there; try again when that has ended" in capsys.readouterr().err


def test_a_key_that_repeats_is_named(staging, capsys):
    rows = flights(20)
    rows.loc[7, "flight"] = 3
    Path("in").mkdir()
    rows.to_parquet("in/00.parquet")
    assert score_batch.main(["staging", "in", "answers"]) == 2
    assert "00.parquet: row 7 has the key of row 3 of 00.parquet; flight must tell" in capsys.readouterr().err
    assert not Path("answers").exists()


def test_what_was_scored_is_written_beside_the_answers(staging):
    write_flights(Path("in"), [20])
    score_batch.main(["staging", "in", "answers"])
    told = json.loads(Path("answers/_run.json").read_text(encoding="utf-8"))
    assert (told["model"], told["version"], told["key"], [*told["input"]]) == ("flights", 1, ["flight"], ["00.parquet"])
