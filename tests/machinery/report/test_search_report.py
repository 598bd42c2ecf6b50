"""The section about a search: there where the parameters are its winner's, and what it says of families."""

import base64
import re

import pytest

from mlops.data.files import write_json
from mlops.report.search import searched
from mlops.report.training import write_report
from mlops.settings.project import load_project

SPACE = {
    "learning_rate": {"low": 0.02, "high": 0.3, "log": True},
    "max_leaf_nodes": {"low": 4, "high": 40},
    "family": {"choices": ["trees", "linear", "interpretable"]},
}


def trial(rate, leaves, family, value, state="complete"):
    params = {"learning_rate": rate, "max_leaf_nodes": leaves, "family": family}
    return {"params": params, "state": state, "value": value, "values": [value or 0.5], "seconds": 2.0, "why": ""}


TRIALS = [
    trial(0.02, 4, "linear", 0.6),
    trial(0.3, 40, "trees", 0.7),
    trial(0.1, 12, "interpretable", 0.69),
    trial(0.2, 9, "trees", None, "pruned"),
    trial(0.2, 10, "trees", None, "failed"),
    trial(0.1, 30, "trees", 0.65),
]


def search(project, winner=1, higher=True, trials=TRIALS, space=SPACE):
    """model/search.json, whose winner's parameters project.yml has."""
    model = {**load_project().model, **trials[winner]["params"]}
    text = (project / "project.yml").read_text(encoding="utf-8")
    block = "".join(f"  {name}: {value}\n" for name, value in model.items())
    text = re.sub(r"\nmodel:.*\n(  .*\n)+", f"\nmodel:\n{block}", text)
    (project / "project.yml").write_text(text, encoding="utf-8")
    facts = {"task": "binary", "metric": "auc", "higher": higher, "seed": 7, "folds": 3, "space": space}
    found = {"data_hash": "d", "optuna": "5.0.0", "default": TRIALS[0], "trials": trials, "winner": winner}
    weights = {"learning_rate": 0.7, "family": 0.25, "max_leaf_nodes": 0.05}
    write_json(project / "model/search.json", {**facts, **found, "model": model, "importance": weights})


def report(project):
    write_report(project / "out", load_project(), "none")
    return [(project / "out" / name).read_text(encoding="utf-8") for name in ("report.html", "report.md")]


def test_the_section_says_what_was_tried_what_mattered_and_what_families_cost(project):
    search(project)
    page, text = report(project)
    for each in (page, text):
        assert "trial 2 of 6, auc 0.7000 on 3 folds (0.6000 before)" in each
        assert "4 complete, 1 given up, 1 failed" in each
        assert "An interpretable model costs 0.0100: so much better is the best of another family" in each
    assert "<h2>Search</h2>" in page and "| linear | 0.6000 |" in text and "learning_rate 70 %" in text
    pictures = [base64.b64decode(each).decode() for each in re.findall(r"svg\+xml;base64,([^\"]+)", page)]
    assert len(pictures) == 2 and all("<svg" in each for each in pictures)


def test_a_picture_that_is_wider_than_a_telephone_keeps_its_size_in_a_frame_that_scrolls(project):
    search(project)
    page = report(project)[0]
    found = re.findall(r'<div class="plots([^"]*)"><img src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert len(found) == 2
    for frame, picture in found:
        width = float(re.search(r'width="([\d.]+)pt"', base64.b64decode(picture).decode())[1])
        assert width > 400 and frame == " wide"
    assert re.search(r"\.wide \{ overflow-x: auto; \} \.wide img \{ min-width: \d\drem; \}", page)


def test_there_is_none_without_a_search_or_where_its_winner_was_changed(project):
    assert not any("Search" in each for each in report(project))
    search(project)
    text = (project / "project.yml").read_text(encoding="utf-8")
    (project / "project.yml").write_text(text.replace("  max_iter: 60\n", "  max_iter: 61\n"), encoding="utf-8")
    assert not any("Search" in each for each in report(project))


def test_of_an_error_less_is_better(project):
    search(project, winner=0, higher=False)
    found = searched(load_project())
    assert [*found["families"]] == ["linear", "trees", "interpretable"] and "costs 0.0900" in found["cost"]


def test_a_family_whose_trials_came_to_nothing_is_named_with_what_became_of_them(project):
    given_up, failed = (trial(0.1, 9, family, None, state) for family, state in (("a", "pruned"), ("b", "failed")))
    also = trial(0.1, 9, "a", None, "failed")
    space = SPACE | {"family": {"choices": ["trees", "linear", "interpretable", "a", "b"]}}
    search(project, trials=[*TRIALS, given_up, also, failed], space=space)
    page, text = report(project)
    assert [line for line in text.splitlines() if re.match(r"\| [ab] ", line)] == ["| a | given up |", "| b | failed |"]
    assert '<td>a<td class="number">given up' in page and "| trees | 0.7000 |" in text


def test_what_explains_itself_may_cost_nothing(project):
    search(project, trials=[*TRIALS[:2], trial(0.1, 9, "interpretable", 0.7)])
    assert searched(load_project())["cost"].startswith("The interpretable model costs nothing")


@pytest.mark.parametrize("trials", [TRIALS[:2], TRIALS[1:2]], ids=["two", "one"])
def test_a_search_without_that_family_says_nothing_of_it(project, trials):
    search(project, winner=len(trials) - 1, trials=trials)
    assert searched(load_project())["cost"] == ""


def test_a_search_of_one_family_has_no_ladder(project):
    trials = [{**each, "params": {"learning_rate": each["params"]["learning_rate"]}} for each in TRIALS]
    search(project, trials=trials, space={"learning_rate": SPACE["learning_rate"]})
    assert searched(load_project())["families"] == {}
    assert "| family |" not in report(project)[1]


def test_a_page_of_a_thousand_trials_stays_small(project):
    search(project, trials=[*TRIALS, *(trial(0.1, 9, "trees", 0.5 + place / 1e5) for place in range(1000))])
    page = report(project)[0]
    pictures = [base64.b64decode(each).decode() for each in re.findall(r"svg\+xml;base64,([^\"]+)", page)]
    assert len(page) < 500_000 and pictures[0].count('id="line2d_') < 400
