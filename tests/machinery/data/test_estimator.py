"""What `build` of model/ does not know is named with what is most like it, wherever it was written."""

import sys

import pytest

from mlops import UserError
from mlops.data.adoption.model import model_files
from mlops.data.estimator import built, check_space
from mlops.settings.search import Points

PLAIN = """
class Stump:
    def __init__(self, depth):
        if depth == 7:
            raise TypeError("seven is not for me")


def build(max_depth=1, seed=0):
    return Stump(max_depth)
"""


@pytest.fixture(autouse=True)
def drafted(tmp_path, monkeypatch):
    """The current folder has the model/ that `adopt` drafts, and no other is imported."""
    (tmp_path / "model").mkdir()
    for name, text in model_files("binary").items():
        (tmp_path / "model" / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def points(*choices):
    return Points(choices=[*choices])


UNKNOWN = [
    ({"lerning_rate": 0.1}, "lerning_rate", "learning_rate"),
    ({"max_iter": 5, "famly": "linear"}, "famly", "family"),
    ({"family": "forest", "forest_max_featurs": 0.3}, "forest_max_featurs", "forest_max_features"),
    ({"family": "linear", "linear_c": 1.0}, "linear_c", "linear_C"),
    ({"learning_rate": 0.1, "family": "forest", "forest_learning_rate": 0.1}, "forest_learning_rate", "forest_"),
]


@pytest.mark.parametrize(("parameters", "name", "nearest"), UNKNOWN)
def test_a_misspelt_parameter_is_named_with_the_nearest(parameters, name, nearest):
    words = f"^project.yml: model.{name}: there is no such parameter; the nearest are {nearest}"
    with pytest.raises(UserError, match=words):
        built(parameters)
    space = {key: points(value) for key, value in parameters.items()}
    words = f"^search.space.{name}: there is no such parameter; the nearest are {nearest}"
    with pytest.raises(UserError, match=words):
        check_space({}, space)
    check_space({}, {key: value for key, value in space.items() if key != name})


def test_a_parameter_of_a_family_that_is_only_tried_is_checked_too():
    with pytest.raises(UserError, match="forest_max_featurs: there is no such parameter; the nearest are forest_max_"):
        check_space({}, {"forest_max_featurs": points(0.3), "family": points("trees", "forest")})


def test_what_is_like_no_parameter_is_told_which_there_are():
    with pytest.raises(UserError, match=r"model\.zzz: there is no such parameter; the nearest are family, "):
        built({"zzz": 1})


def test_another_error_of_the_users_code_stays_what_it_is(drafted):
    (drafted / "model/estimator.py").write_text(PLAIN, encoding="utf-8")
    with pytest.raises(TypeError, match="seven is not for me"):
        built({"max_depth": 7})
    with pytest.raises(UserError, match=r"refuses 7 \(seven is not for me\)"):
        check_space({}, {"max_depth": points(7)})
    with pytest.raises(UserError, match=r"model\.max_dept: there is no such parameter; the nearest are max_depth$"):
        built({"max_dept": 2})
