"""Both pages have the groups with their intervals, and what is between them; nothing without `fairness`."""

import pytest
from artefacts import evaluation, split, verdict

from mlops.data.files import write_json
from mlops.report.training import write_report
from mlops.settings.project import load_project

SECTION = """
fairness:
  group_by: [origin]
  metric: selection_rate
  max_difference: 0.1
  min_rows: 100
"""
GROUPS = [
    {"group": "JFK", "rows": 1200, "value": 0.31, "interval": [0.28, 0.34]},
    {"group": "L<GA", "rows": 12, "value": None, "interval": [None, None]},
]
COLUMN = {"column": "origin", "least": "JFK", "most": "EWR", "difference": 0.2, "lower": 0.14, "upper": 0.26}
ACCEPTED = {"origin": {"reason": "a new runway", "until": "2027-03-31"}}
FAIR = {"day": "2026-11-27", "rules": {"accepted": ACCEPTED}, "columns": [COLUMN | {"rows": 2400, "small": {}}]}


@pytest.fixture
def pages(project):
    """Both pages of a project with these lines in its project.yml."""

    def write(section, **changes):
        with (project / "project.yml").open("a", encoding="utf-8") as file:
            file.write(section)
        write_json(project / "out/split/split.json", split())
        write_json(project / "out/evaluation/evaluation.json", evaluation(**changes))
        write_json(project / "out/gate/verdict.json", verdict(**({"fairness": FAIR} if changes else {})))
        write_report(project / "out", load_project(), "none yet")
        return [(project / "out" / name).read_text(encoding="utf-8") for name in ("report.html", "report.md")]

    return write


def test_groups_have_their_rows_values_and_intervals(pages):
    html, markdown = pages(SECTION, fairness={"metric": "selection_rate", "columns": {"origin": GROUPS}})
    assert '<td>JFK<td class="number">1,200<td class="number">0.3100<td class="number">[0.2800, 0.3400]' in html
    assert 'L&lt;GA <span class="soft">(too small to judge)</span><td class="number">12<td class="number">-' in html
    between = '<td>origin<td>JFK, EWR<td class="number">0.2000<td class="number">0.1400<td class="number">0.2600'
    assert f"{between}<td>until 2027-03-31: a new runway" in html
    assert "judged on 2026-11-27" in html and "<h2>Fairness</h2>" in html
    lines = markdown.splitlines()
    assert "| group | rows | selection rate | 95 % interval |" in lines
    assert "| origin JFK | 1,200 | 0.3100 | [0.2800, 0.3400] |" in lines
    assert "| origin L&lt;GA (too small to judge) | 12 | - |  |" in lines


def test_a_project_without_groups_has_no_such_table(pages):
    for page in pages(""):
        assert "Fairness" not in page and "| group |" not in page
