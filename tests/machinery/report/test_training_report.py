"""The report is made from whatever there is: a whole run, a refused one, one that stopped at the data, or none."""

import base64
import re
import shutil
from html import unescape

import pytest
from artefacts import COMPARISON, RULES

from conftest import edit
from mlops.data.files import write_json
from mlops.report.diagnosis_plots import effect_lines
from mlops.report.findings import findings
from mlops.report.pages import markdown
from mlops.report.training import too_small, write_report
from mlops.settings.metrics import METRICS as METRICS_OF
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
METRIC = METRICS_OF["binary"]["auc"]
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
        places = {name: name for name in ("validation", "split", "evaluation", "diagnosis")} | {"verdict": "gate"}
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
    "AUC better by 0.0040. The gain is -0.0020 at least and +0.0100 at most, each with a chance of 0.95.",
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


def test_of_two_that_are_one_to_the_metric_no_rows_are_said_to_show_more(written):
    same = {"difference": 0.0, "lower": 0.0, "upper": 0.0, "error": 1e-17, "detectable": 1e-17, "rows_needed": 1e-9}
    for page in written(verdict=VERDICT | {"comparison": COMPARISON | same}):
        assert "In AUC the two are one model:" in page and "would be found" not in page


def test_models_that_predict_numbers_decide_nothing(written):
    for page in written(verdict=VERDICT | {"comparison": COMPARISON | {"discordance": None}}):
        assert EVIDENCE[0] in page and "decide differently" not in page


def test_rows_of_which_nothing_says_that_they_came_together_are_called_independent(written):
    alone = COMPARISON | {"clusters": None, "clusters_by": None, "widened": None}
    for page in written(verdict=VERDICT | {"comparison": alone}):
        assert "2,790 test rows, taken for independent of each other." in page


def test_with_folds_both_pages_say_how_the_rows_were_tested(written):
    sides = {"train": {"rows": 178}, "test": {"rows": 178, "hash": "h", "folds": 5, "repeats": 10}}
    alone = COMPARISON | {"rows": 178, "clusters": None, "clusters_by": None, "widened": None}
    tested = VERDICT | {"test": sides["test"], "comparison": alone}
    for page in written(split={"data_hash": "d", **sides}, verdict=tested):
        words = " ".join(page.split())
        assert (
            "Trained on 178 rows, tested on the same by models fitted without them (5 folds, 10 times, corrected"
            in words
        )
        assert (
            "178 test rows, each tested by models that were fitted without it: 5 folds, 10 times, corrected t." in words
        )
        assert "independent" not in words
    grouped = alone | {"clusters": 31, "clusters_by": "patient"}
    for page in written(verdict=tested | {"comparison": grouped}):
        assert "178 test rows of 31 clusters (patient), each tested by" in " ".join(page.split())


def test_a_gain_without_a_value_is_said_to_have_none(written):
    nothing = dict.fromkeys(("difference", "lower", "upper", "p", "detectable", "widened", "rows_needed"))
    for page in written(verdict=VERDICT | {"comparison": COMPARISON | nothing}):
        assert "The gain in AUC has no value on these rows." in page


def test_a_split_without_times_names_none(written):
    by_time = "Trained on 5,001 rows up to 2013-02-28, tested on 2,790 rows from 2013-03-01"
    assert all(by_time in " ".join(page.split()) for page in written(split=SPLIT, verdict=VERDICT))
    timeless = {"data_hash": "d", "train": {"rows": 5001}, "test": {"rows": 2790, "hash": "h"}}
    for page in written(split=timeless, verdict=VERDICT):
        assert "Trained on 5,001 rows, tested on 2,790 rows." in " ".join(page.split())


def test_a_run_that_failed_before_the_gate_says_so_and_claims_no_training(written):
    for page in written(validation=VALIDATION, split=SPLIT):
        words = " ".join(page.split())
        assert "There is no verdict: a step failed, and what it printed says why. To train on: 5,001 rows" in words
        assert "Trained" not in words
    assert all("There is no verdict" not in page for page in written(split=SPLIT, verdict=VERDICT))


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


LOOKS = {
    "weak_slices": {"found": [{"where": "sky is <b>", "rows": 260, "loss": 0.27, "elsewhere": 0.16, "p": 0.0006}]},
    "mistakes": {"found": [{"row": 17, "said": "0.04", "was": "1", "values": {}}]},
    "ladder": {"found": {"trivial": METRICS | {"auc": 0.5}, "linear": METRICS | {"auc": 0.7}, "challenger": METRICS}},
    "learning_curve": {"found": {"rows": [1, 2], "losses": [0.3, 0.2], "gain": 0.004, "lower": 0.001}},
    "telling_alone": {"found": [{"feature": "paid", "strength": 0.99}]},
    "moved": {"found": {"auc": 0.8, "features": ["temp", "humid"]}},
    "importances": {"found": [{"feature": "carrier", "rise": 0.0056, "lower": 0.0027, "upper": 0.0086}]},
    "effects": {"why": "ValueError: none"},
}
DIAGNOSIS = {"model_hash": "abc", **LOOKS}
SAID = [
    "FAIL, floor auc: 0.5; wanted is >= 0.58.",
    "paid tells the answer all but alone (0.990 of 1): is it known in time?",
    "Most wrong where sky is <b>: mean loss 0.27 on 260 rows, 0.16 elsewhere (by chance: p = 0.0006).",
    "A plain linear model of the same features does as well: AUC 0.7, this one 0.6763.",
    "More rows would help: the second half of them took 0.004 off the mean loss.",
    "Test rows differ from training rows (told apart with AUC 0.80), most in temp, humid.",
    "The answers rest most on carrier.",
]
SHAPLEY = {
    "how": "of the trees, within 0.001",
    "base": [0.25],
    "classes": [],
    "features": [{"feature": "carrier", "size": 0.03, "points": []}],
    "rows": [{"answer": "0.31", "parts": {"carrier": 0.06}, "values": {"carrier": "UA<i>"}}],
}


def of_challenger(diagnosis):
    """What is said of it where only that is known."""
    return findings(None, diagnosis, "auc", METRIC, {})


def test_what_matters_most_is_said_first(written):
    assert findings(VERDICT, DIAGNOSIS, "auc", METRIC, {}) == SAID
    html, markdown = written(split=SPLIT, evaluation=EVALUATION, verdict=VERDICT, diagnosis=DIAGNOSIS)
    lines = [line for line in markdown.splitlines() if re.match(r"\d+\. ", line)]
    assert lines == [f"{place}. {line.replace('<', '&lt;')}" for place, line in enumerate(SAID[:3], 1)]
    shown = [unescape(line) for line in re.findall("<li>(.*)", html)]
    assert shown == [*SAID, "Too few rows to say whether it is wrong there: carrier=HA<b> (5)."] and "5 more" in html


def test_what_is_named_and_too_small_to_judge_is_said_the_largest_first(project):
    section = "fairness: {group_by: [town], metric: accuracy, max_difference: 0.1, min_rows: 50}\n"
    edit(project / "project.yml", "gate:\n", f"{section}gate:\n")
    slices = [{"slice": f"carrier={rows}", "rows": rows} for rows in (7, 200, 199, 30)]
    groups = [{"group": "Bern", "rows": 49}, {"group": "Genf", "rows": 50}]
    evaluation = {"slices": slices, "fairness": {"columns": {"town": groups}}}
    small = too_small(evaluation, load_project())
    assert small == {"carrier=7": 7, "carrier=199": 199, "carrier=30": 30, "town=Bern": 49}
    [said] = findings(None, {"weak_slices": {"found": []}}, "auc", METRIC, small)
    named = "carrier=199 (199), town=Bern (49), carrier=30 (30) and 1 more"
    assert said == f"Too few rows to say whether it is wrong there: {named}."
    assert findings(None, {"weak_slices": {"found": None}}, "auc", METRIC, small) == [], "nobody looked for weak parts"


def test_what_is_as_it_should_be_is_not_said():
    better = {"found": {"linear": {"auc": 0.67}, "challenger": {"auc": 0.68}}}
    calm = {"ladder": better, "moved": {"found": {"auc": 0.69, "features": []}}, "weak_slices": {"found": []}}
    flat = {"learning_curve": {"found": LOOKS["learning_curve"]["found"] | {"lower": -0.001}}}
    unsure = {"importances": {"found": [{"feature": "a", "rise": 0.1, "lower": -0.1, "upper": 0.3}]}}
    assert of_challenger(calm | flat | unsure) == []
    assert of_challenger({"ladder": {"found": {"challenger": {"auc": 0.68}}}}) == [], "an old one without that rung"
    assert findings(None, None, "auc", METRIC, {}) == []
    passed = VERDICT | {"checks": [VERDICT["checks"][0] | {"status": "PASS"}]}
    assert findings(passed, None, "auc", METRIC, {}) == []


def test_of_an_error_less_is_better():
    ladder = {"found": {"linear": {"rmse": 2.0}, "challenger": {"rmse": 2.1}}}
    said = findings(None, {"ladder": ladder}, "rmse", METRICS_OF["regression"]["rmse"], {})
    assert said == ["A plain linear model of the same features does as well: RMSE 2, this one 2.1."]


def test_the_page_shows_where_it_is_wrong_and_why(written):
    html, markdown = written(evaluation=EVALUATION, verdict=VERDICT, diagnosis=DIAGNOSIS)
    for text in (
        "sky is &lt;b&gt;",
        "a plain linear model of the same features",
        "Their values are not shown",
        "leak?",
    ):
        assert text in html
    assert "Cannot be told: ValueError: none" in html
    assert "| carrier | 0.0056 | [0.0027, 0.0086] |" in markdown.splitlines()
    assert "Shapley" not in html


def test_rows_are_shown_where_they_may_be(written, project):
    settings = project / "project.yml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("  rows: false", "  rows: true"), encoding="utf-8")
    seen = {"mistakes": {"found": [LOOKS["mistakes"]["found"][0] | {"values": {"dest": "SFO"}}]}}
    html, _ = written(evaluation=EVALUATION, diagnosis=DIAGNOSIS | seen | {"shapley": {"found": SHAPLEY}})
    assert "dest SFO" in html and "Their values are not shown" not in html
    assert "of the trees, within 0.001" in html and "carrier +0.0600" in html and "carrier UA&lt;i&gt;" in html


def test_slices_that_pass_are_folded_and_those_that_fail_are_not(written):
    kept, lost = ({"name": f"slice {name}", "seen": "0.6", "wanted": ">= 0.5"} for name in ("sky=a|b", "sky=c"))
    checks = [*VERDICT["checks"], kept | {"status": "PASS"}, lost | {"status": "FAIL"}]
    slices = [EVALUATION["slices"][0] | {"slice": name} for name in ("sky=a|b", "sky=c")]
    pages = written(evaluation=EVALUATION | {"slices": slices}, verdict=VERDICT | {"checks": checks})
    for page in pages:
        assert "passed: 1 slice</summary>" in page
        assert page.index("slice sky=c") < page.index("passed: 1 slice") < page.index("slice sky=a")
    assert "| slice sky=a\\|b | PASS |" in pages[1], "a value of the data ends no cell"
    assert markdown("@all [a](b) <i> #1 `x`\n|") == "@\u200ball \\[a\\](b) &lt;i> \\#1 \\`x\\` \\|"


def test_with_folds_both_pages_say_what_is_of_one_fold(written, project):
    edit(project / "project.yml", "  time: time_hour", "  split: {by: random, folds: 5}\n  time: time_hour")
    for page in written(diagnosis=DIAGNOSIS):
        assert "all else is of the rows of one fold" in " ".join(page.split())
    dealt = {"test": {"rows": 178, "hash": "h", "folds": 5, "repeats": 10}}
    said = findings(VERDICT | dealt, DIAGNOSIS, "auc", METRIC, {})
    assert "A plain linear model of the same features does as well on one fold: AUC 0.7, this one 0.6763." in said


@pytest.mark.parametrize("count", [1, 3, 4])
def test_each_effect_has_a_picture_and_none_is_empty(count):
    effect = {"feature": "distance", "values": ["1", "2"], "means": [0.1, 0.2], "classes": [], "ordered": True}
    assert [len(axes.lines) for axes in effect_lines([effect] * count).axes] == [1] * count


def test_there_is_a_line_between_values_only_where_there_is_something_between_them():
    effect = {"feature": "town", "values": ["Bern", "Ulm"], "means": [0.1, 0.2], "classes": []}
    drawn = [effect_lines([{**effect, "ordered": ordered}]).axes[0].lines[0] for ordered in (True, False)]
    assert [line.get_linestyle() for line in drawn] == ["-", "None"]
