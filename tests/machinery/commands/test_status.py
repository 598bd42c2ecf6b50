"""The one place that says where everything stands: in a new project, a fresh clone, after a rollback, without Azure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from artefacts import LINEAGE, validation, verdict
from hosted import NOBODY, PRODUCTION, STAGING, git
from repositories import SOMEBODY
from tracked import tracked

from conftest import MONTHS, edit
from mlops.commands import status
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_files, read_json, write_json, write_text
from mlops.data.tables import hash_data
from mlops.platform.local.endpoint_state import EndpointState, Slot, write_state

DATA = "data: 3 files, 7,791 rows, newest 2013-03-31 22:00, hash "


@pytest.fixture(autouse=True)
def alone(project, monkeypatch):
    """The project in the current folder is in no repository, and no Azure subscription is named."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)


def said(capsys):
    """What the command says, by title; the lines after the first of a title are joined to it."""
    assert status.main([]) == 0
    lines: dict[str, str] = {}
    for line in capsys.readouterr().out.splitlines():
        title = line[:12].strip() or list(lines)[-1]
        lines[title] = " | ".join(filter(None, [lines.get(title), line[13:].strip()]))
    return lines


def serve(environment, port, version, **tags):
    """An endpoint with that version in blue, whose processes are gone."""
    slot = Slot(model="flights", version=version, port=1, state="ready")
    state = EndpointState(port=port, key="key", deployments={"blue": slot}, traffic={"blue": 100}, tags=tags)
    write_state(Path(f".mlops/endpoints/flights-{environment}"), state)


def promoted(path, version):
    edit(path, "version: null ", f"version: {version} ")


def test_a_new_project(capsys):
    digest = hash_files({path.name: path for path in MONTHS})[:12]
    assert said(capsys) == {
        "template": "there is no .template.json; `upgrade` writes it",
        "data": DATA + digest,
        "last run": "none yet",
        "registry": "no version yet",
        "staging": "wants no version of flights yet; no endpoint yet",
        "production": "wants no version of flights yet; no endpoint yet",
        "next": "uv run run_pipeline    # production has no model yet",
    }
    assert not Path(".mlops").exists(), "it only looks"


def test_a_project_that_waits_for_its_table(capsys):
    Path("project.yml").write_text("name: flights\ndata:\n", encoding="utf-8")
    assert said(capsys) == {
        "template": "there is no .template.json; `upgrade` writes it",
        "data": "no table yet",
        "next": "uv run adopt my-table.csv --target COLUMN    # takes your table in: docs/your-data.md",
    }


def test_data_in_one_file(capsys):
    for month in sorted(Path("data").glob("*.parquet"))[1:]:
        month.unlink()
    assert said(capsys)["data"].startswith("data: 1 file, ")


def test_data_without_a_time_column(capsys):
    edit(Path("project.yml"), "  time: time_hour ", "  ")
    assert said(capsys)["data"].startswith("data: 3 files, 7,791 rows, hash ")


def test_a_run_that_passed_a_version_and_an_endpoint_that_has_stopped(capsys, tmp_path_factory):
    tracked(tmp_path_factory, Path.cwd())
    write_json(Path("out/gate/verdict.json"), verdict(model_hash="a new one"))
    promoted(STAGING, 1)
    serve("staging", 8101, 1, **{"rejected-flights-2": "too slow", "rejected-fares-3": "another's"})
    lines = said(capsys)
    assert lines["last run"] == "PASS, see out/report.html"
    assert lines["registry"] == "flights:1 is the newest of 1"
    assert lines["staging"].startswith("wants flights:1; nothing answers now | blue: flights:1, 100 % of traffic, ")
    assert lines["staging"].endswith(" | rolled back: flights:2 (too slow)")
    assert lines["next"] == "uv run apply staging    # staging is not as its manifest says"


@pytest.mark.parametrize(("valid", "outcome"), [(None, "INCOMPLETE"), (True, "INCOMPLETE"), (False, "INVALID DATA")])
def test_a_run_that_failed_before_the_gate_is_told_and_comes_before_a_promotion(
    capsys, tmp_path_factory, valid, outcome
):
    tracked(tmp_path_factory, Path.cwd())
    write_text(Path("out/report.html"), "")
    if valid is not None:
        write_json(Path("out/validation/validation.json"), validation(success=valid))
    lines = said(capsys)
    assert lines["last run"] == f"{outcome}, see out/report.html"
    why = f"the last run came to no verdict: {outcome}; another shows what to mend"
    assert lines["next"] == f"uv run run_pipeline    # {why}"


def test_a_model_that_passed_and_is_no_version_yet(capsys, tmp_path_factory):
    tracked(tmp_path_factory, Path.cwd())
    write_json(Path("out/gate/verdict.json"), verdict(model_hash="a new one"))
    assert said(capsys)["next"].startswith("uv run register ")


def test_what_was_rolled_back_is_to_be_reverted(capsys, tmp_path_factory):
    tracked(tmp_path_factory, Path.cwd())
    promoted(STAGING, 1)
    serve("staging", 8101, 7, **{"rejected-flights-1": "too slow"})
    assert said(capsys)["next"].startswith("uv run revert staging ")


def test_a_version_that_was_taken_back_is_not_promoted_again(capsys, tmp_path_factory, monkeypatch):
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    tracked(tmp_path_factory, Path.cwd())
    git("init", "--quiet")
    assert said(capsys)["next"].startswith("uv run promote staging ")
    for version in ("1", "null"):
        edit(STAGING, f"version: {'null' if version == '1' else '1'} ", f"version: {version} ")
        git("add", "environments")
        git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", version)
    assert said(capsys)["next"].startswith("uv run run_pipeline ")


@pytest.fixture
def trained(monkeypatch):
    """A run that passed, of what is committed and of the data that are there."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    Path("uv.lock").touch()
    git("init", "--quiet")
    git("add", "--all")
    git(*SOMEBODY, "commit", "--quiet", "--message", "All")
    write_json(Path("out/gate/verdict.json"), verdict())
    changes = {"commit": git("rev-parse", "HEAD"), "data_hash": hash_data(Path("data"))}
    write_json(Path("out/model/lineage.json"), LINEAGE | changes)


CHANGES = {
    "nothing": (lambda: edit(STAGING, "version: null ", "version: 1 "), ""),
    "addresses": (lambda: Path("uv.lock").write_text("# with addresses\n", encoding="utf-8"), ""),
    "data": (lambda: next(Path("data").glob("*.parquet")).unlink(), "; the data changed since"),
    "code": (lambda: edit(Path("project.yml"), "seed: 13", "seed: 14"), "; the code changed since"),
    "both": (lambda: [CHANGES[each][0]() for each in ("data", "code")], "; the data and the code changed since"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_says_whether_the_last_run_is_about_what_is_here(capsys, trained, change):
    make, since = CHANGES[change]
    make()
    assert said(capsys)["last run"] == f"PASS, see out/report.html{since}"


def test_of_a_run_with_uncommitted_changes_the_code_is_not_known(capsys, trained):
    path = Path("out/model/lineage.json")
    write_json(path, {**read_json(path, Artefact), "dirty": "true"})
    edit(Path("project.yml"), "seed: 13", "seed: 14")
    assert said(capsys)["last run"] == "PASS, see out/report.html"


def test_of_a_run_whose_model_was_made_before_the_code_is_that_of_the_run(capsys, trained):
    edit(Path("project.yml"), "rows: false", "rows: true")
    git("add", "project.yml")
    git(*SOMEBODY, "commit", "--quiet", "--message", "Rows")
    assert said(capsys)["last run"].endswith("; the code changed since")
    write_json(Path("out/run.json"), {"commit": git("rev-parse", "HEAD"), "dirty": "false"})
    assert said(capsys)["last run"] == "PASS, see out/report.html"
    edit(Path("project.yml"), "rows: true", "rows: false")
    assert said(capsys)["last run"].endswith("; the code changed since")


def test_a_fresh_clone(capsys):
    promoted(PRODUCTION, 3)
    lines = said(capsys)
    assert lines["production"] == "wants flights:3; no endpoint yet"
    assert lines["next"] == "uv run rehearsal restore    # version 3 of production is registered on another machine"


def test_without_azure_each_environment_says_so_in_one_line(capsys):
    edit(STAGING.with_name("base.yml"), "platform: local ", "platform: azureml ")
    promoted(STAGING, 3)
    lines = said(capsys)
    where = "in CI as docs/first-run.md says, or workspace.subscription in environments/"
    why = f"AZURE_SUBSCRIPTION_ID is not set; set it, {where}"
    assert lines["registry"] == why
    assert (lines["staging"], lines["production"]) == (
        f"wants flights:3; {why}",
        f"wants no version of flights yet; {why}",
    )
    assert lines["next"] == "uv run status    # again, once staging and production can be asked"


def test_environments_come_in_stage_order_and_then_the_others(capsys):
    text = STAGING.read_text(encoding="utf-8")
    for name in ("canary", "alpha"):
        STAGING.with_name(f"{name}.yml").write_text(text.replace("staging", name), encoding="utf-8")
    edit(STAGING.with_name("base.yml"), "[staging, production]", "[staging, canary, production]")
    assert [*said(capsys)][4:-1] == ["staging", "canary", "production", "alpha"]


def test_without_data_it_says_why(capsys):
    shutil.rmtree("data")
    assert said(capsys)["data"] == "data: no such folder; give one that holds Parquet files"


def test_it_imports_nothing_that_takes_seconds(tmp_path_factory):
    tracked(tmp_path_factory, Path.cwd())
    promoted(STAGING, 1)
    code = "import sys; from mlops.commands import status; status.main([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
    assert not {"mlflow", "pandas", "scipy", "sklearn", "azure", "matplotlib"} & {*done.stdout.split()}
