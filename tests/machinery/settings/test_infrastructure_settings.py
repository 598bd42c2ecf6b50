"""infra/parameters.yml: what may stand there, and one line for what may not."""

import pytest
import yaml
from pydantic import ValidationError

from conftest import ROOT, edit
from mlops import UserError
from mlops.settings.infrastructure import PARAMETERS, Infrastructure, Schedules, load_infrastructure

SHIPPED = ROOT / PARAMETERS


@pytest.fixture
def file(tmp_path):
    """A copy of the file that a project comes with."""
    path = tmp_path / PARAMETERS
    path.parent.mkdir()
    path.write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def test_what_is_shipped_says_each_key_and_its_default(file):
    assert load_infrastructure() == Infrastructure()
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == Infrastructure().model_dump()


def test_each_option_can_be_changed(file):
    file.write_text(
        "registry: false\ncompute: {size: Standard_D4s_v5}\nalarms: {mail: [a@b.example]}\n", encoding="utf-8"
    )
    options = load_infrastructure()
    assert (options.registry, options.compute.size, options.compute.max_nodes) == (False, "Standard_D4s_v5", 2)
    assert options.alarms.mail == ["a@b.example"] and options.budget == 100


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("registry: true ", "registry: maybe ", "registry: Input should be a valid boolean"),
        ("custom_roles:", "custom_role:", "custom_role: unknown key"),
        ("size: Standard_DS3_v2", "size: DS3", "compute.size: String should match pattern"),
        ("max_nodes: 2 ", "max_nodes: 0 ", "compute.max_nodes: Input should be greater than or equal to 1"),
        ("budget: 100", "budget: 0", "budget: Input should be greater than or equal to 1"),
        ("budget: 100", 'budget: "100"', "budget: Input should be a valid integer"),
        ("mail: []", "mail: [nobody]", "alarms.mail.0: String should match pattern"),
        ("mail: []", "mail: [a@b.example, a@b.example]", "alarms.mail: each may stand there once"),
        ("reviewers: []", "reviewers: [ada, ada]", "reviewers: each may stand there once"),
        ("reviewers: []", 'reviewers: [""]', "reviewers.0: String should match pattern"),
        ("compute:", "compute: none #", "not valid YAML"),
        ("schedules: null", "schedules: {train: daily}", "schedules.train: Input should be a time of five fields"),
        ("schedules: null", "schedules: {retrain: null}", "schedules.retrain: unknown key"),
    ],
)
def test_what_may_not_stand_there_is_one_line(file, old, new, line):
    edit(file, old, new)
    with pytest.raises(UserError) as error:
        load_infrastructure()
    assert str(error.value).replace("\\", "/").startswith("infra/parameters.yml: ")
    assert line in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "time", ["17 3 * * 1", "*/15 * * * *", "0 0 1-7 1,7 0", "0,30 8-18/2 * * 1-5", "59 23 31 12 6", " 0  5 * * * "]
)
def test_a_time_that_comes_round_may_stand_there(time):
    assert Schedules(train=time).train == " ".join(time.split())


@pytest.mark.parametrize(
    "time",
    [
        *("60 3 * * *", "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 13 *", "0 0 * * 7", "0 0 * *", "0 0 * * * *"),
        *("0 5-3 * * *", "*/0 * * * *", "0 0 * * MON", "0 0, * * *", "-1 0 * * *", "@daily", "", "0 0 * * 1-9"),
    ],
)
def test_a_time_that_never_comes_or_cannot_be_read_may_not(time):
    with pytest.raises(ValidationError, match="a time of five fields"):
        Schedules(monitor=time)
