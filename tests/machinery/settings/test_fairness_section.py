"""`fairness` of project.yml: every mistake is one line that names the key, and what is right is read as it is meant."""

import pytest

from mlops import UserError
from mlops.settings.project import load_project

SECTION = """
fairness:
  group_by: [origin, carrier]
  metric: accuracy
  max_difference: 0.1
  min_rows: 100
  accepted: {origin: {reason: known, until: 2027-03-31}}
"""
MISTAKES = [
    (
        "metric: accuracy",
        "metric: mae",
        "fairness.metric: task binary has accuracy, selection_rate, true_positive_rate",
    ),
    ("max_difference: 0.1", "max_difference: 1", "max_difference: in accuracy groups differ by 1 at most, got 1"),
    ("max_difference: 0.1", "max_difference: 0", "fairness.max_difference: Input should be greater than 0"),
    ("min_rows: 100", "min_rows: 1", "fairness.min_rows: Input should be greater than or equal to 2"),
    (
        "until: 2027-03-31",
        "until: some day",
        "fairness.accepted.origin.until: write a day as 2027-03-31, got 'some day'",
    ),
    ("until: 2027-03-31", "until: 2027-02-31", "project.yml: not valid YAML ("),
    ("until: 2027-03-31", "until: '2027-02-31'", "accepted.origin.until: write a day as 2027-03-31, got '2027-02-31'"),
    ("until: 2027-03-31", "until: null", "fairness.accepted.origin.until: write a day as 2027-03-31, got None"),
    (", until: 2027-03-31", "", "fairness.accepted.origin.until: missing"),
    ("reason: known", "reason: ' '", "fairness.accepted.origin.reason: String should match pattern"),
    ("accepted: {origin:", "accepted: {dest:", "fairness.accepted: dest is not in fairness.group_by"),
    ("group_by: [origin, carrier]", "group_by: []", "fairness.group_by: List should have at least 1 item"),
    ("[origin, carrier]", "[origin, origin]", "fairness.group_by: origin more than once; take one out"),
    ("[origin, carrier]", "[origin, late]", "data.target: late is named as"),
    ("min_rows: 100", "min_rows: 100\n  alpha: 0.3", "fairness.alpha: Input should be less than or equal to 0.2"),
]


def written(project, section):
    path = project / "project.yml"
    path.write_text(path.read_text(encoding="utf-8") + section, encoding="utf-8")
    return path


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_a_mistake_is_one_line(project, old, new, said):
    assert SECTION.count(old) == 1
    with pytest.raises(UserError) as error:
        load_project(written(project, SECTION.replace(old, new)))
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("until", ["2027-03-31", "'2027-03-31'", "20270331"])
def test_a_day_is_written_with_or_without_quotes(project, until):
    section = SECTION.replace("2027-03-31", until)
    assert load_project(written(project, section)).fairness.accepted["origin"].until == "2027-03-31"


def test_a_project_without_the_section_holds_no_groups_against_each_other(project):
    found = load_project(project / "project.yml")
    assert (found.fairness, found.grouped_by) == (None, [])
