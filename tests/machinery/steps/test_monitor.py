"""Monitoring answers for itself: drift or lost quality trains once in a while and keeps an issue; doubt trains none."""

import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from hosted import PRODUCTION, SYSTEMS, GitHubService, clone_project, endpoint, issues, register, run_of, started

from conftest import MONTHS, edit
from mlops.data.columns import describe
from mlops.data.files import write_json
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request
from steps import monitor

NAME = "flights-production"
ALL_TESTED, MARCH_IS_NEW = "2013-03-31T23:00:00", "2013-02-28T23:00:00"  # until when the version was tested
PROMISED = "0.62"  # what a clock alone can tell of March


class Clock:
    """A model: the later in the day, the later the flight."""

    classes_ = np.array([0, 1])

    def predict_proba(self, rows):
        scores = rows["time_hour"].dt.hour.to_numpy() / 48
        return np.column_stack([1 - scores, scores])


def rows(count, distance=1000.0):
    """Rows whose distances lie around that value."""
    rng = np.random.default_rng(count)
    times = pd.date_range("2013-01-01", periods=count, freq="h").astype("datetime64[ns]")
    carriers = rng.choice(["B6", "UA"], count)
    return pd.DataFrame({"time_hour": times, "carrier": carriers, "distance": rng.normal(distance, 100, count)})


def collected(frame):
    """The endpoint of production was asked these rows a minute ago, and no others."""
    data = frame.drop(columns="time_hour").to_dict(orient="split", index=False)
    asked = json.dumps({"input_data": data}).encode()
    path = Path(".mlops/endpoints") / NAME / RECORDS_FILE
    path.unlink(missing_ok=True)
    recorder = Recorder(path)
    recorder.add(Request(time.time() - 60, "blue", 7, "live", 200, 5.0, asked, b"{}"))
    recorder.close()


def registered(without=None, **tags):
    """Version 7 was registered with these tags, its model not trained on the column that is left out; its folder."""
    folder, trained = register(7, **tags), rows(1000).drop(columns=without or [])
    trained.to_parquet(folder / "reference.parquet")
    (folder / "code").mkdir(exist_ok=True)
    columns = {"columns": json.dumps(describe(trained))}
    write_json(folder / "MLmodel", {"flavors": {"sklearn": {"pickled_model": "model.pkl"}}, "metadata": columns})
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(Clock()))
    return folder


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """The current folder is a clone of the project whose production has served version 7; its remote."""
    bare = clone_project(tmp_path, monkeypatch)
    edit(PRODUCTION, "version: null ", "version: 7 ")
    registered(test_to=ALL_TESTED, test_auc=PROMISED)
    endpoint(NAME)
    return bare


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The clone is the checkout of a run on main."""
    with run_of(request.param, remote, monkeypatch) as running:
        yield running


STABLE, DRIFT, FEW = (300,), (300, 1200.0), (20, 1200.0)


@pytest.mark.parametrize(("asked", "code", "status"), [(STABLE, 0, "STABLE"), (DRIFT, 1, "DRIFT"), (FEW, 1, "INSUFF")])
def test_without_respond_the_exit_code_tells(remote, capsys, asked, code, status):
    collected(rows(*asked))
    assert monitor.main(["production"]) == code
    assert capsys.readouterr().out.startswith(f"{status}")
    assert json.loads(Path("out/monitor/drift.json").read_text(encoding="utf-8"))["status"].startswith(status)


def test_stable_does_nothing(service, capsys):
    collected(rows(*STABLE))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().out
    assert f"UNLABELLED: no labels in data after {ALL_TESTED}" in said and "all is well: nothing to do" in said
    assert (issues(service), started(service), service.requests) == ([], [], [])


COST = """
def cost(target, scores):
    return float((scores - target).mean() ** 2) + {more}
"""


@pytest.mark.parametrize(
    ("here", "made_with", "status"),
    [(1, COST.format(more=0), "HOLDING"), (0, COST.format(more=1), "DEGRADED"), (0, None, "INSUFFICIENT")],
)
def test_a_metric_of_ones_own_is_that_of_the_version(remote, here, made_with, status):
    edit(Path("project.yml"), "  metric: auc\n", "  own_metrics: {cost: lower}\n  metric: cost\n")
    edit(Path("project.yml"), "floors: {auc: 0.58, accuracy: 0.60}", "floors: {cost: 9}")
    Path("model/metrics.py").write_text(COST.format(more=here), encoding="utf-8")
    package = registered(test_to=MARCH_IS_NEW, test_cost="0.3") / "code/model"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    if made_with:
        (package / "metrics.py").write_text(made_with, encoding="utf-8")
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == (status != "HOLDING")
    facts = json.loads(Path("out/monitor/drift.json").read_text(encoding="utf-8"))
    assert (facts["status"], facts["quality"]["status"]) == ("STABLE", status)
    if made_with is None:
        assert "flights:7 cannot be measured: model/metrics.py: cannot be imported" in facts["quality"]["summary"]


def test_too_few_rows_open_an_issue_and_do_not_train(service):
    collected(rows(*FEW))
    assert monitor.main(["production", "--respond"]) == 0
    ((title, text),) = issues(service)
    assert title == f"Monitoring {NAME}" and f"{NAME}: INSUFFICIENT" in text and "20 rows collected" in text
    assert started(service) == []
    collected(rows(*DRIFT))
    monitor.main(["production", "--respond"])
    assert [title for title, _ in issues(service)] == [title], "one issue an endpoint, whatever it says"
    assert started(service) == ["train"]


MARCH = len(pd.read_parquet(MONTHS[2]))


@pytest.mark.parametrize(
    ("promised", "code", "status"), [(PROMISED, 0, "HOLDING"), ("0.8", 1, "DEGRADED"), (None, 1, "INSUFFICIENT")]
)
def test_labels_that_came_after_the_test_show_whether_the_version_keeps_its_promise(
    remote, capsys, promised, code, status
):
    registered(test_to=MARCH_IS_NEW, **({"test_auc": promised} if promised else {}))
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == code
    inputs, quality = capsys.readouterr().out.splitlines()
    assert inputs.startswith("STABLE: 300 rows")
    assert quality == f"{status}: {MARCH:,} labelled rows after {MARCH_IS_NEW}, the end of the test of flights:7"
    facts = json.loads(Path("out/monitor/drift.json").read_text(encoding="utf-8"))
    assert facts["status"] == "STABLE" and facts["quality"]["status"] == status
    for page in ("drift.html", "drift.md"):
        text = Path("out/monitor", page).read_text(encoding="utf-8")
        assert f"{MARCH:,} labelled rows" in text and status in text and "AUC since registration" in text


def test_a_version_that_does_not_say_until_when_it_was_tested_is_not_called_good(remote, capsys):
    registered(test_auc=PROMISED)
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == 1
    assert "INSUFFICIENT: flights:7 has no tag test_to" in capsys.readouterr().out


def test_rows_that_the_version_was_trained_on_are_not_newer_though_its_test_ends_before_them(remote, capsys):
    registered(train_to=ALL_TESTED, test_to=MARCH_IS_NEW, test_auc=PROMISED)
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == 0
    assert f"UNLABELLED: no labels in data after {ALL_TESTED}" in capsys.readouterr().out


def test_without_a_time_column_it_says_that_quality_is_not_watched_and_watches_the_inputs(remote, capsys):
    edit(Path("project.yml"), "  time: time_hour ", "  ")
    registered(without="time_hour", test_auc=PROMISED)
    for asked, code, inputs in ((STABLE, 0, "STABLE"), (DRIFT, 1, "DRIFT")):
        collected(rows(*asked))
        assert monitor.main(["production"]) == code
        found, quality = capsys.readouterr().out.splitlines()
        assert found.startswith(inputs)
        assert (
            quality == "UNLABELLED: data.time names no column, so it is not known which labels are newer than the test"
        )
    assert "names no column" in Path("out/monitor/drift.md").read_text(encoding="utf-8")


def test_a_time_column_that_is_no_feature_divides_the_labels_all_the_same(remote, capsys):
    registered(without="time_hour", test_to=ALL_TESTED, test_auc=PROMISED)
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == 0
    assert f"UNLABELLED: no labels in data after {ALL_TESTED}" in capsys.readouterr().out


def test_rows_without_a_label_wait_for_it(remote, capsys):
    march = pd.read_parquet(MONTHS[2])
    march.assign(late=march["late"].astype("float64").where(march.index % 2 == 0)).to_parquet(f"data/{MONTHS[2].name}")
    registered(test_to=MARCH_IS_NEW, test_auc=PROMISED)
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == 0
    assert f"HOLDING: {(MARCH + 1) // 2:,} labelled rows" in capsys.readouterr().out


def test_degraded_quality_trains_like_drift_and_both_share_one_issue(service):
    registered(test_to=MARCH_IS_NEW, test_auc="0.8")
    collected(rows(*STABLE))
    assert monitor.main(["production", "--respond"]) == 0
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == 0
    ((title, text),) = issues(service)
    assert title == f"Monitoring {NAME}" and f"{NAME}: DRIFT, DEGRADED" in text and "AUC since registration" in text
    assert started(service) == ["train"], "the cooldown is theirs together"


def test_drift_keeps_one_issue_and_trains_once_in_the_cooldown(service, capsys):
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().out
    assert f"issue: {service.url}" in said and f"training: {service.url}" in said
    collected(rows(350, 1300.0))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().out
    assert "not trained: train was started 2" in said and "less than 7 days ago" in said
    ((title, text),) = issues(service)
    assert (
        title == f"Monitoring {NAME}"
        and f"{NAME}: DRIFT" in text
        and "350 rows collected" in text
        and "| distance |" in text
    )
    assert started(service) == ["train"]
    summary = Path("out/summary/monitor.md").read_text(encoding="utf-8")
    assert "| distance |" in summary and "- not trained: train was started" in summary


@pytest.mark.parametrize(("age", "trained"), [(timedelta(days=7, minutes=1), 2), (timedelta(days=6, hours=23), 1)])
def test_after_the_cooldown_drift_trains_again(service, age, trained):
    collected(rows(*DRIFT))
    monitor.main(["production", "--respond"])
    (run,), key = (service.runs, "created_at") if isinstance(service, GitHubService) else (service.builds, "queueTime")
    run[key] = (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert monitor.main(["production", "--respond"]) == 0
    assert started(service) == ["train"] * trained


def test_what_the_host_refuses_is_one_line_and_2(service, capsys):
    collected(rows(*DRIFT))
    service.read_only = True
    assert monitor.main(["production", "--respond"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert started(service) == []


def test_before_the_first_promotion_there_is_nothing_to_answer(service, capsys):
    edit(PRODUCTION, "version: 7 ", "version: null ")
    assert monitor.main(["production", "--respond"]) == 0
    assert "names no version yet; there is nothing to monitor" in capsys.readouterr().out
    assert monitor.main(["production"]) == 2, "but who asks for a report is told that there is none"
    assert "names no version yet" in capsys.readouterr().err


def test_between_a_promotion_and_its_first_apply_there_is_nothing_to_answer(service, capsys):
    shutil.rmtree(Path(".mlops/endpoints") / NAME)
    assert monitor.main(["production", "--respond"]) == 0
    assert capsys.readouterr().out == f"{NAME}: there is no endpoint yet; `apply` makes it\n"
    assert (issues(service), started(service), service.requests) == ([], [], [])
    assert monitor.main(["production"]) == 2, "but who asks for a report is told that there is none"
    assert capsys.readouterr().err == f"error: {NAME}: there is no endpoint yet; `apply` makes it\n"


def test_on_a_terminal_it_is_printed_and_starts_nothing(remote, capsys):
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().out
    assert f"Monitoring {NAME}\n" in said and f"{NAME}: DRIFT, UNLABELLED\n" in said
    assert said.endswith(
        "to start train here: uv run run_pipeline\n"
        "issue: opened in CI only; the report is above\n"
        "training: started in CI only\n"
    )
