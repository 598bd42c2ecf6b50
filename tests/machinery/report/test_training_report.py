"""The report is made from whatever there is: a whole run, a refused one, one that stopped at the data, or none."""

import base64
import re
import shutil

import pytest
from artefacts import COMPARISON, RULES

from mlops.data.files import write_json
from mlops.report.training import write_report
from mlops.settings.project import load_project

VALIDATION = {
    "success": True,
    "data_hash": "d",
    "files": [{"file": "2013-01.parquet", "rows": 2640, "rules": 77, "failures": []}],
}
SPLIT = {
    "data_hash": "d",
    "train": {"rows": 5001, "from": "2013-01-01T05:00:00", "to": "2013-02-28T22:00:00"},
    "test": {"rows": 2790, "from": "2013-03-01T05:00:00", "to": "2013-03-31T22:00:00", "hash": "h"},
}
METRICS = {"auc": 0.6763, "log_loss": 0.5259, "brier": 0.1722, "accuracy": 0.7642}
MODEL = {
    "model_hash": "abc",
    "lineage": {"commit": "c0ffee", "run_id": "r1"},
    "metrics": METRICS,
    "intervals": {name: [value - 0.01, value + 0.01] for name, value in METRICS.items()},
    "latency": {"p50_ms": 5.0, "p95_ms": 8.0},
}
EVALUATION = {
    "labels": [0, 1],
    "test": SPLIT["test"],
    "challenger": MODEL,
    "slices": [{"slice": "carrier=HA<b>", "rows": 5, "challenger": METRICS | {"auc": None}}],
    "behaviour": [],
}
VERDICT = {
    "status": "FAIL",
    "model_hash": "abc",
    "metrics": METRICS,
    "cold_start": False,
    "looks": 0,
    "criterion": "superiority",
    "checks": [{"name": "floor auc", "status": "FAIL", "seen": "0.5", "wanted": ">= 0.58"}],
    "comparison": COMPARISON,
    "rules": RULES,
}


@pytest.fixture
def written(project):
    """Pages made from those of the steps' files that are given."""

    def write(**files):
        places = {"validation": "validation", "split": "split", "evaluation": "evaluation", "verdict": "gate"}
        shutil.rmtree(project / "out", ignore_errors=True)
        for name, content in files.items():
            write_json(project / "out" / places[name] / f"{name}.json", content)
        if "evaluation" in files:
            plots = project / "out/evaluation/plots"
            plots.mkdir()
            for name in ("roc", "calibration", "slices"):
                (plots / f"{name}.svg").write_text(f"<svg>{name}</svg>", encoding="utf-8")
        write_report(project / "out", load_project(), "flights:3")
        return [(project / "out" / name).read_text(encoding="utf-8") for name in ("report.html", "report.md")]

    return write


def test_a_whole_run_shows_verdict_metrics_slices_data_and_lineage(written):
    html, markdown = written(validation=VALIDATION, split=SPLIT, evaluation=EVALUATION, verdict=VERDICT)
    for text in ("FAIL", "0.6763", "[0.6663, 0.6863]", "carrier=HA&lt;b&gt;", "2013-01.parquet", "c0ffee", "flights:3"):
        assert text in html
    assert "| floor auc | FAIL | 0.5 | >= 0.58 |" in markdown.splitlines()
    assert "| AUC | 0.6763 | [0.6663, 0.6863] |" in markdown.splitlines()


EVIDENCE = [
    "AUC +0.0040; at least -0.0020, at most +0.0100, each with a chance of 0.95.",
    "Chance alone shows as much with p = 0.21.",
    "2,790 test rows of 31 clusters (day of time_hour).",
    "Rows of one cluster are alike: the interval is 1.5000 times as wide as that of independent rows.",
    "a gain of 0.0123 would be found four times of five;",
    "for one of 0.01 (gate.minimum_gain) it takes about 4,221 rows.",
    "Challenger and champion decide differently on 3.1% of the rows.",
]


def test_both_pages_say_in_words_how_sure_the_verdict_is(written):
    for page in written(verdict=VERDICT):
        assert [sentence for sentence in EVIDENCE if sentence not in page] == []


def test_without_a_champion_the_other_model_is_the_trivial_one(written):
    for page in written(verdict=VERDICT | {"cold_start": True}):
        assert "Challenger and trivial model decide differently" in page


def test_models_that_predict_numbers_decide_nothing(written):
    for page in written(verdict=VERDICT | {"comparison": COMPARISON | {"discordance": None}}):
        assert EVIDENCE[0] in page and "decide differently" not in page


def test_rows_of_which_nothing_says_that_they_came_together_are_called_independent(written):
    alone = COMPARISON | {"clusters": None, "clusters_by": None, "widened": None}
    for page in written(verdict=VERDICT | {"comparison": alone}):
        assert "2,790 test rows, taken for independent of each other." in page


def test_a_gain_without_a_value_is_said_to_have_none(written):
    nothing = dict.fromkeys(("difference", "lower", "upper", "p", "detectable", "widened", "rows_needed"))
    for page in written(verdict=VERDICT | {"comparison": COMPARISON | nothing}):
        assert "The gain in AUC has no value on these rows." in page


def test_a_split_without_times_names_none(written):
    by_time = "Trained on 5,001 rows up to 2013-02-28, tested on 2,790 rows from 2013-03-01"
    assert all(by_time in " ".join(page.split()) for page in written(split=SPLIT))
    timeless = {"data_hash": "d", "train": {"rows": 5001}, "test": {"rows": 2790, "hash": "h"}}
    assert all(
        "Trained on 5,001 rows, tested on 2,790 rows." in " ".join(page.split()) for page in written(split=timeless)
    )


def test_the_page_needs_no_other_file(written):
    html, _ = written(validation=VALIDATION, split=SPLIT, evaluation=EVALUATION, verdict=VERDICT)
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert [source for source in sources if not source.startswith("data:")] == [
        "validation/data_docs/2013-01.parquet.html"
    ]
    pictures = [base64.b64decode(source.split(",")[1]) for source in sources if source.startswith("data:image/svg")]
    assert pictures == [b"<svg>calibration</svg>", b"<svg>roc</svg>", b"<svg>slices</svg>"]


def test_a_run_that_stopped_at_the_data_shows_why(written):
    failure = {"message": "distance: broken by 2,756 of 2,756 rows"}
    files = [{"file": "2013-04.parquet", "rows": 2756, "rules": 77, "failures": [failure]}]
    html, markdown = written(validation=VALIDATION | {"success": False, "files": files})
    for page in (html, markdown):
        assert "INVALID DATA" in page and "distance: broken by 2,756 of 2,756 rows" in page


def test_nothing_written_yet_is_no_pass(written):
    html, markdown = written()
    assert "INCOMPLETE" in html and "INCOMPLETE" in markdown and "PASS" not in markdown
