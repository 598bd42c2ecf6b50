"""What `monitor` says of labels that came after the served version was tested."""

from pathlib import Path

import pandas as pd
import pytest
from monitored import (
    ALL_TESTED,
    DRIFT,
    MARCH,
    MARCH_IS_NEW,
    PROMISED,
    STABLE,
    collected,
    registered,
    report,
    rows,
)

from conftest import MONTHS, edit
from steps import monitor

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
    facts = report()
    assert (facts["status"], facts["quality"]["status"]) == ("STABLE", status)
    if made_with is None:
        assert "flights:7 cannot be measured: model/metrics.py: cannot be imported" in facts["quality"]["summary"]


def test_rows_of_one_cluster_are_taken_together(remote):
    edit(Path("project.yml"), "  time: time_hour ", "  split: {cluster: flight}\n  time: time_hour ")
    registered(test_to=MARCH_IS_NEW, test_auc=PROMISED)
    collected(rows(*STABLE))
    assert monitor.main(["production"]) == 0
    assert report()["quality"]["status"] == "HOLDING"


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
    facts = report()
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
