"""Monitoring answers for itself: an issue is kept, and training starts once in a while, where it can help."""

import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from chat import running_chat
from hosted import PRODUCTION, SYSTEMS, GitHubService, clone_project, endpoint, issues, register, run_of, started

from conftest import MONTHS, edit
from mlops.data.columns import describe
from mlops.data.files import write_json
from mlops.data.model_folder import payload
from mlops.data.reference import DAYS_FILE, write_days, write_reference
from mlops.data.tables import hash_data
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request
from steps import monitor

NAME = "flights-production"
ALL_TESTED, MARCH_IS_NEW = "2013-03-31T23:00:00", "2013-02-28T23:00:00"  # until when the version was tested
PROMISED = "0.62"  # what a clock alone can tell of March


class Clock:
    """A model: the later in the day, the later the flight."""

    classes_ = np.array([0, 1])

    def predict_proba(self, rows):
        scores = rows["time_hour"].dt.hour.to_numpy() / 48 if "time_hour" in rows else np.full(len(rows), 0.3)
        return np.column_stack([1 - scores, scores])


def rows(count, distance=1000.0):
    """Rows whose distances lie around that value."""
    rng = np.random.default_rng(count)
    times = pd.date_range("2013-01-01", periods=count, freq="h").astype("datetime64[ns]")
    carriers = rng.choice(["B6", "UA"], count)
    return pd.DataFrame({"time_hour": times, "carrier": carriers, "distance": rng.normal(distance, 100, count)})


def collected(frame, answer=None):
    """The endpoint of production was asked these rows a minute ago, and no others."""
    asked, said = json.dumps(payload(frame)).encode(), json.dumps(answer or {}).encode()
    path = Path(".mlops/endpoints") / NAME / RECORDS_FILE
    path.unlink(missing_ok=True)
    recorder = Recorder(path)
    recorder.add(Request(time.time() - 60, "blue", 7, "live", 200, 5.0, asked, said))
    recorder.close()


def registered(without=None, days=True, **tags):
    """Version 7 was registered with these tags, its model not trained on the column that is left out; its folder."""
    folder, trained = register(7, **tags), rows(1000).drop(columns=without or [])
    write_reference(trained, folder)
    (folder / DAYS_FILE).unlink(missing_ok=True)
    if days:
        write_days(rows(1000)["time_hour"], folder)
    write_json(folder / "probe.json", {"request": payload(rows(3, 5000.0)), "answer": {"scores": [0.5] * 3}})
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


@pytest.fixture
def unknown(remote):
    """It is not known how good the version is, nor which labels it has seen."""
    registered(test_auc=PROMISED)


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


def test_too_few_rows_open_an_issue_and_do_not_train(unknown, service):
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
    registered(without="time_hour", days=False, test_auc=PROMISED)
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


def test_drift_keeps_one_issue_and_trains_once_in_the_cooldown(unknown, service, capsys):
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
def test_after_the_cooldown_drift_trains_again(unknown, service, age, trained):
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


def test_on_a_terminal_it_is_printed_and_starts_nothing(unknown, remote, capsys):
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().out
    assert f"Monitoring {NAME}\n" in said and f"{NAME}: DRIFT, INSUFFICIENT\n" in said
    assert said.endswith(
        "to start train here: uv run run_pipeline\n"
        "issue: opened in CI only; the report is above\n"
        "training: started in CI only\n"
    )


def test_drift_without_newer_labels_is_told_and_trains_nothing(service, capsys):
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == 0
    assert "not trained: the inputs have drifted, but there are no newer labels" in capsys.readouterr().out
    assert len(issues(service)) == 1 and started(service) == []


@pytest.mark.parametrize(("seen", "trained"), [("of these", []), ("of others", ["train"])])
def test_without_the_times_of_labels_the_datas_hash_tells_whether_there_are_newer_ones(service, seen, trained):
    data = hash_data(Path("data")) if seen == "of these" else "0123"
    registered(test_auc=PROMISED, data_hash=data)
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == 0
    assert started(service) == trained


def in_feet(frame):
    return frame.assign(distance=frame["distance"] / 0.3048)


def test_another_unit_is_a_fault_that_is_told_by_name_and_trains_nothing(unknown, service, capsys):
    collected(in_feet(rows(300)))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().out
    assert f"FAULT: 300 rows collected at {NAME}; distance: unit, as if from feet to metres, backwards" in said
    assert "not trained: the data are faulty at their source" in said
    ((_, text),) = issues(service)
    assert "| distance | unit | as if from feet to metres, backwards" in text and started(service) == []


def test_what_moved_is_drawn_and_what_did_not_is_not(remote):
    collected(rows(*DRIFT))
    assert monitor.main(["production"]) == 1
    page = Path("out/monitor/drift.html").read_text(encoding="utf-8")
    assert page.count("<img") == 1 and 'src="shift-1.svg" alt="distance, then and now"' in page
    assert "<svg" in Path("out/monitor/shift-1.svg").read_text(encoding="utf-8")
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == 0
    assert not list(Path("out/monitor").glob("*.svg")), "the pictures are of this report"


def test_the_requests_of_apply_itself_are_no_live_ones(remote, capsys):
    collected(pd.concat([rows(3, 5000.0)] * 100))
    assert monitor.main(["production"]) == 1
    assert capsys.readouterr().out.startswith(f"INSUFFICIENT: 0 rows collected at {NAME}")


@pytest.mark.parametrize(("shift", "status"), [(0.0, "STABLE"), (0.2, "DRIFT")])
def test_answers_that_moved_while_the_inputs_did_not_are_drift(remote, shift, status):
    asked = rows(*STABLE)
    collected(asked, {"scores": (asked["time_hour"].dt.hour / 48 + shift).tolist()})
    monitor.main(["production"])
    report = json.loads(Path("out/monitor/drift.json").read_text(encoding="utf-8"))
    drifted = [each["feature"] for each in report["features"] if each["drifted"]]
    assert (report["status"], drifted) == (status, ["scores"] if shift else [])


def test_the_same_answer_to_everything_is_a_fault(remote, capsys):
    collected(rows(*STABLE), {"scores": [0.25] * 300})
    assert monitor.main(["production"]) == 1
    assert "FAULT" in (said := capsys.readouterr().out) and "scores: constant, 0.25 in every row" in said


def test_a_version_of_before_days_were_kept_is_compared_row_by_row_and_that_is_said(remote):
    registered(days=False, test_to=ALL_TESTED, test_auc=PROMISED)
    for asked, code in ((STABLE, 0), (DRIFT, 1)):
        collected(rows(*asked))
        assert monitor.main(["production"]) == code
    report = json.loads(Path("out/monitor/drift.json").read_text(encoding="utf-8"))
    assert "no day of the training rows is known" in report["how"] and report["status"] == "DRIFT"


def test_another_season_than_those_of_training_is_told_and_is_no_drift(unknown, service, capsys):
    asked = rows(*DRIFT)
    collected(asked.assign(time_hour=asked["time_hour"] + pd.Timedelta(days=180)))
    assert monitor.main(["production", "--respond"]) == 0
    assert capsys.readouterr().out.startswith("UNSEEN: 300 rows")
    assert len(issues(service)) == 1 and started(service) == []


@pytest.fixture
def chat():
    with running_chat() as running:
        yield running


@pytest.mark.parametrize(("path", "code"), [("/well", 0), ("/gone", 2)])
def test_an_alarm_is_told_to_the_chat_and_what_the_chat_refuses_is_one_line(
    unknown, service, chat, capsys, monkeypatch, path, code
):
    edit(Path("project.yml"), "  cooldown_days: 7 ", "  webhook: {variable: CHAT, form: slack}\n  cooldown_days: 7 ")
    monkeypatch.setenv("CHAT", chat.address + path)
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == code
    ((_, told),) = chat.heard
    assert "DRIFT: 300 rows" in told["text"] and "training: http" in told["text"]
    assert capsys.readouterr().err.count("\n") == (1 if code else 0)
    assert started(service) == ["train"], "whatever becomes of the chat"


def test_the_chat_hears_nothing_while_all_is_well(service, chat, monkeypatch):
    edit(Path("project.yml"), "  cooldown_days: 7 ", "  webhook: {variable: CHAT}\n  cooldown_days: 7 ")
    monkeypatch.setenv("CHAT", chat.address + "/well")
    collected(rows(*STABLE))
    assert monitor.main(["production", "--respond"]) == 0
    assert chat.heard == []
