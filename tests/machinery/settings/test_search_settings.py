"""`search:` of project.yml: what it may say, and one line for what it may not."""

import pytest

from conftest import edit
from mlops import UserError
from mlops.settings.project import load_project

SPACE = (
    "{learning_rate: {low: 0.02, high: 0.3, log: true}, max_leaf_nodes: {low: 4, high: 40}, family: [trees, linear]}"
)


def load(project, block):
    edit(project / "project.yml", "\ngate:\n", f"\nsearch: {block}\n\ngate:\n")
    return load_project()


def test_a_project_without_it_searches_nothing(project):
    assert load_project().search is None and load_project().searched_by == "auc"


def test_it_is_read_with_its_defaults(project):
    found = load(project, f"{{space: {SPACE}}}")
    search = found.search
    assert (search.trials, search.minutes, search.seed, search.folds) == (40, None, 7, 3)
    assert found.searched_by == "auc"
    assert [each.whole for each in search.space.values()] == [False, True, False]
    assert search.space["family"].choices == ["trees", "linear"] and search.space["learning_rate"].log


def test_another_metric_of_the_task_may_decide(project):
    assert load(project, f"{{metric: log_loss, space: {SPACE}}}").searched_by == "log_loss"


def test_beside_folds_it_would_see_what_tests_its_winner(project):
    edit(project / "project.yml", "  target: late", "  split: {by: random, folds: 5}\n  target: late")
    with pytest.raises(UserError) as caught:
        load(project, f"{{space: {SPACE}}}")
    line = "search: it would learn from the rows that data.split.folds test; take one of the two out"
    assert str(caught.value) == f"project.yml: {line}"


WRONG = {
    "{}": "project.yml: search.space: missing",
    "{space: {}}": "project.yml: search.space: Dictionary should have at least 1 item",
    "{space: {depth: []}}": "project.yml: search.space.depth: no points to try; write low and high, or a list",
    "{space: {depth: 3}}": "project.yml: search.space.depth: no points to try; write low and high, or a list",
    "{space: {depth: {}}}": "project.yml: search.space.depth: no points to try; write low and high, or a list",
    "{space: {depth: {low: 1}}}": "project.yml: search.space.depth: no points to try; write low and high, or a list",
    "{space: {depth: {low: 3, high: 3}}}": "project.yml: search.space.depth: low 3 is not below high 3",
    "{space: {rate: {low: 0, high: 1, log: true}}}": "search.space.rate: log needs a low above 0, got 0",
    "{space: {rate: {low: 0, high: .inf}}}": "search.space.rate.high",
    "{space: {rate: {low: 0, higher: 1}}}": "project.yml: search.space.rate.higher: unknown key",
    "{space: {rate: {low: few, high: 1}}}": "project.yml: search.space.rate.low",
    "{space: {rate: {low: 0, high: 1, choices: [1]}}}": "search.space.rate: low and high exclude a list; take one out",
    "{space: {depth: [3, 3]}}": "search.space.depth: 3 stands in the list twice; take one out",
    "{space: {depth: [[3]]}}": "project.yml: search.space.depth.choices.0",
    f"{{trials: 0, space: {SPACE}}}": "project.yml: search.trials: Input should be greater than or equal to 1, got 0",
    f"{{minutes: 0, space: {SPACE}}}": "project.yml: search.minutes: Input should be greater than 0, got 0",
    f"{{folds: 1, space: {SPACE}}}": "project.yml: search.folds: Input should be greater than or equal to 2, got 1",
    f"{{metric: rmse, space: {SPACE}}}": "search.metric: task binary has auc, log_loss, brier, accuracy, got 'rmse'",
    f"{{tirals: 9, space: {SPACE}}}": "project.yml: search.tirals: unknown key",
}


@pytest.mark.parametrize("block", WRONG)
def test_a_mistake_is_one_line_with_the_key(project, block):
    with pytest.raises(UserError) as caught:
        load(project, block)
    assert WRONG[block] in str(caught.value) and "\n" not in str(caught.value)
