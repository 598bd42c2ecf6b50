"""Monitoring answers for itself: an issue is kept, and training starts once in a while, where it can help."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from chat import running_chat
from hosted import PRODUCTION, SYSTEMS, GitHubService, issues, run_of, started
from monitored import (
    ALL_TESTED,
    DRIFT,
    FEW,
    MARCH_IS_NEW,
    NAME,
    PROMISED,
    STABLE,
    collected,
    registered,
    rows,
)

from conftest import edit
from mlops.data.tables import hash_data
from steps import monitor


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The clone is the checkout of a run on main."""
    with run_of(request.param, remote, monkeypatch) as running:
        yield running


@pytest.fixture
def unknown(remote):
    """It is not known how good the version is, nor which labels it has seen."""
    registered(test_auc=PROMISED)


def test_stable_does_nothing(service, capsys):
    collected(rows(*STABLE))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().out
    assert f"UNLABELLED: no labels in data after {ALL_TESTED}" in said and "all is well: nothing to do" in said
    assert (issues(service), started(service), service.requests) == ([], [], [])


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


@pytest.mark.parametrize(("address", "told"), [("/well", True), ("/gone", True), (None, False), ("https://[", False)])
def test_an_alarm_is_told_to_the_chat_and_what_the_chat_refuses_is_one_line_and_changes_nothing(
    unknown, service, chat, capsys, monkeypatch, address, told
):
    edit(Path("project.yml"), "  cooldown_days: 7 ", "  webhook: {variable: CHAT, form: slack}\n  cooldown_days: 7 ")
    monkeypatch.delenv("CHAT", raising=False)
    if address:
        monkeypatch.setenv("CHAT", chat.address + address if told else address)
    collected(rows(*DRIFT))
    assert monitor.main(["production", "--respond"]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == (address != "/well") and said.startswith("the chat was not told: "[: len(said)])
    texts = [text["text"] for _, text in chat.heard]
    assert len(texts) == told and all("DRIFT: 300 rows" in text and "training: http" in text for text in texts)
    assert started(service) == ["train"] and len(issues(service)) == 1, "whatever becomes of the chat"


def test_the_chat_hears_nothing_while_all_is_well(service, chat, monkeypatch):
    edit(Path("project.yml"), "  cooldown_days: 7 ", "  webhook: {variable: CHAT}\n  cooldown_days: 7 ")
    monkeypatch.setenv("CHAT", chat.address + "/well")
    collected(rows(*STABLE))
    assert monitor.main(["production", "--respond"]) == 0
    assert chat.heard == []
