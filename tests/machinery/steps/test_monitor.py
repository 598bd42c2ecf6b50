"""What `monitor` says of the requests that were collected: in its lines, its pages, its exit code."""

from pathlib import Path

import pandas as pd
import pytest
from monitored import (
    ALL_TESTED,
    DRIFT,
    FEW,
    NAME,
    PROMISED,
    STABLE,
    collected,
    collected_too,
    probe_rows,
    registered,
    report,
    rows,
)

from steps import monitor


@pytest.mark.parametrize(("asked", "code", "status"), [(STABLE, 0, "STABLE"), (DRIFT, 1, "DRIFT"), (FEW, 1, "INSUFF")])
def test_without_respond_the_exit_code_tells(remote, capsys, asked, code, status):
    collected(rows(*asked))
    assert monitor.main(["production"]) == code
    assert capsys.readouterr().out.startswith(f"{status}")
    assert report()["status"].startswith(status)


def test_what_moved_is_drawn_and_what_did_not_is_not(remote):
    collected(rows(*DRIFT))
    assert monitor.main(["production"]) == 1
    page = Path("out/monitor/drift.html").read_text(encoding="utf-8")
    assert page.count("<img") == 1 and 'src="shift-1.svg" alt="distance, then and now"' in page
    assert "<svg" in Path("out/monitor/shift-1.svg").read_text(encoding="utf-8")
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == 0
    assert not list(Path("out/monitor").glob("*.svg")), "the pictures are of this report"


def test_what_has_a_fault_is_drawn_though_it_has_not_drifted(remote):
    asked = rows(*STABLE)
    collected(asked.assign(carrier=asked["carrier"].where(asked.index % 20 != 0, "ZZ")))
    assert monitor.main(["production"]) == 1
    assert [(each["kind"], each["features"]) for each in report()["faults"]] == [("new values", ["carrier"])]
    assert not any(each["drifted"] for each in report()["features"])
    assert [path.name for path in Path("out/monitor").glob("*.svg")] == ["shift-1.svg"]


def test_the_time_itself_is_not_watched(remote):
    asked = rows(*STABLE)
    collected(asked.assign(time_hour=asked["time_hour"] + pd.Timedelta(days=9)))
    monitor.main(["production"])
    assert {each["feature"] for each in report()["features"]} == {"carrier", "distance"}


def test_the_requests_of_apply_itself_are_no_live_ones(remote, capsys):
    collected(pd.concat([probe_rows(7)] * 100))
    assert monitor.main(["production"]) == 1
    assert capsys.readouterr().out.startswith(f"INSUFFICIENT: 0 rows collected at {NAME}")


@pytest.mark.parametrize(("shift", "status"), [(0.0, "STABLE"), (0.2, "DRIFT")])
def test_answers_that_moved_while_the_inputs_did_not_are_drift(remote, shift, status):
    asked = rows(*STABLE)
    collected(asked, {"scores": (asked["time_hour"].dt.hour / 48 + shift).tolist()})
    monitor.main(["production"])
    drifted = [each["feature"] for each in report()["features"] if each["drifted"]]
    assert (report()["status"], drifted) == (status, ["scores"] if shift else [])


def test_the_same_answer_to_everything_is_a_fault(remote, capsys):
    collected(rows(*STABLE), {"scores": [0.25] * 300})
    assert monitor.main(["production"]) == 1
    assert "FAULT" in (said := capsys.readouterr().out) and "scores: constant, 0.25 in every row" in said


def test_a_version_of_before_days_were_kept_is_compared_row_by_row_and_that_is_said(remote):
    registered(days=False, test_to=ALL_TESTED, test_auc=PROMISED)
    for asked, code in ((STABLE, 0), (DRIFT, 1)):
        collected(rows(*asked))
        assert monitor.main(["production"]) == code
    assert "no day of the training rows is known" in report()["how"] and report()["status"] == "DRIFT"


def test_nor_are_those_that_it_sent_to_a_version_of_before(remote, capsys):
    """A week has requests of two rollouts, each with the rows of its own version."""
    registered(version=6)
    collected(rows(*STABLE))
    for version, answered in ((6, 6), (6, 7), (7, 7), (5, 6)):
        collected_too(pd.concat([probe_rows(version)] * 50), version=answered)
    monitor.main(["production"])
    assert "450 rows collected" in capsys.readouterr().out, "of version 5 nobody knows any more what it was asked"


def test_versions_that_did_not_answer_or_are_not_registered_any_more_hinder_nothing(remote, capsys):
    (registered(version=4) / "probe.json").unlink()
    collected(rows(*STABLE))
    collected_too(rows(100), version=6)
    assert monitor.main(["production"]) == 0
    assert "400 rows collected" in capsys.readouterr().out


@pytest.mark.parametrize(("answered", "said"), [(0, "0"), (199, "199"), (300, "")])
def test_answers_too_few_to_be_compared_are_said_to_be_unwatched(remote, capsys, answered, said):
    asked = rows(*STABLE)
    collected(asked, {"scores": (asked["time_hour"].dt.hour / 48).tolist()[:answered]})
    assert monitor.main(["production"]) == 0
    line = f"answers are not watched: {said} of this version, " if said else ""
    assert (line in capsys.readouterr().out) and (report()["answers"].startswith(line))
    for page in ("drift.html", "drift.md"):
        assert ("not watched" in Path("out/monitor", page).read_text(encoding="utf-8")) == bool(said)
    assert ("scores" in [each["feature"] for each in report()["features"]]) == (not said)


@pytest.mark.parametrize("ago", [-7200, 3600 * 24 * 8])
def test_requests_of_before_or_of_a_clock_that_ran_ahead_are_not_in_the_report(remote, capsys, ago):
    collected(rows(*STABLE))
    collected_too(rows(100, 5000.0), ago=ago)
    assert monitor.main(["production"]) == 0
    assert capsys.readouterr().out.startswith("STABLE: 300 rows")


def test_requests_out_of_order_or_twice_change_nothing(remote):
    asked = rows(*STABLE)
    collected(asked)
    monitor.main(["production"])
    first = report()
    collected(asked[150:])
    collected_too(asked[:150], ago=7200)
    monitor.main(["production"])
    found = {each["feature"]: each["effect"] for each in first["features"]}
    assert {each["feature"]: each["effect"] for each in report()["features"]} == found
    collected_too(asked)
    assert monitor.main(["production"]) == 0


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "inf", "1e9", "soon"])
def test_what_is_no_time_to_look_back_is_one_line(remote, capsys, hours):
    with pytest.raises(SystemExit) as stopped:
        monitor.main(["production", "--hours", hours])
    assert stopped.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == f"monitor: error: argument --hours: {hours} is no number above 0 and up to 8784"
