"""A table of one's own in the place of the flights: all of it or nothing, and never over work that is not committed."""

import importlib
import json
import subprocess
import sys
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
import yaml
from groups import NEEDS_INTERPRETABLE
from hypothesis import given
from hypothesis import strategies as st

from mlops.commands.adopt import main
from mlops.data.adoption import facts
from mlops.data.adoption.model import model_files
from mlops.data.tables import read_data
from mlops.data.validation import Checks, read_suite
from mlops.settings.behaviour import load_behaviour
from mlops.settings.project import load_project
from steps.split_data import split

ROWS = 600
OPTIONS = ["--target", "paid", "--time", "when"]


def git(*command):
    done = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *command]
    return subprocess.run(done, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def shop(tmp_path_factory):
    """A shop's table as CSV with semicolons and decimal commas: four months, a leak, an identifier, a constant."""
    random = np.random.default_rng(3)
    price, town = random.gamma(2, 20, ROWS).round(2), random.choice(["Bern", "Genf", "Zürich"], ROWS)
    paid = random.random(ROWS) < 1 / (1 + np.exp((price - 40) / 10))
    rows = pd.DataFrame(
        {
            "order": np.arange(ROWS) + 1000,
            "when": pd.date_range("2024-01-03", periods=ROWS, freq="4h").strftime("%d.%m.%Y %H:%M"),
            "price in €": price,
            "town": np.where(random.random(ROWS) < 0.05, None, town),
            "money": "CHF",
            "received": np.where(paid, price, 0),
            "paid": paid.astype(int),
        }
    )
    path = tmp_path_factory.mktemp("own") / "My shop.csv"
    rows.to_csv(path, sep=";", decimal=",", index=False, encoding="latin-1", errors="replace")
    return path


@pytest.fixture
def committed(project):
    """The project in its first commit."""
    (project / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    git("init", "-q")
    git("add", "--all")
    git("commit", "-qm", "first")
    return project


def test_the_flights_are_replaced_and_the_other_settings_stay(committed, shop, capsys):
    before = (committed / "project.yml").read_text(encoding="utf-8")
    assert main([str(shop), *OPTIONS]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("order", "identifier", "constant", "leak", "--keep received"))
    assert sorted(path.name for path in (committed / "data").iterdir()) == [
        *(f"2024-0{month}.parquet" for month in (1, 2, 3, 4)),
        "README.md",
    ]
    assert [path.name for path in (committed / "expectations").iterdir()] == ["my-shop.json"]
    project = load_project()
    assert project.features == ["when", "price in ?", "town"]
    assert (project.data.time, project.data.target, project.data.known_only_after) == ("when", "paid", ["received"])
    after = (committed / "project.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(after)["promotion"] == yaml.safe_load(before)["promotion"]
    assert before.splitlines()[0] == after.splitlines()[0]
    ours = [committed / "project.yml", *committed.glob("model/*.py"), *committed.glob("expectations/*")]
    assert [path for path in ours if "carrier" in path.read_text(encoding="utf-8")] == []


def test_the_data_keep_the_drafted_rules(committed, shop):
    assert main([str(shop), *OPTIONS, "--key", "order"]) == 0
    checks = Checks(read_suite(committed / "expectations" / "my-shop.json"))
    for path in sorted((committed / "data").glob("*.parquet")):
        rows = pd.read_parquet(path)
        assert checks.check(path.name, rows).failures == []
        assert rows["when"].is_monotonic_increasing
    rules = json.loads((committed / "expectations" / "my-shop.json").read_text(encoding="utf-8"))["expectations"]
    assert {"expect_column_values_to_be_unique"} < {rule["type"] for rule in rules}
    assert len(read_data(committed / "data")) == ROWS


def test_a_time_that_nobody_named_is_pointed_out(committed, shop, capsys):
    assert main([str(shop), "--target", "paid"]) == 0
    said = capsys.readouterr().out
    assert "rows are split at random; --time when would split and watch them by time\n" in said
    assert f"a held-out part of {ROWS} rows tells little; `split: {{folds: 5, repeats: 10}}` under `data` in" in said
    assert load_project().data.split.folds is None, "nobody asked"
    git("add", "--all")
    git("commit", "-m", "by chance")
    assert main([str(shop), *OPTIONS]) == 0
    said = capsys.readouterr().out
    assert "split at random" not in said and "folds" not in said, "by time the newest rows are the test"
    assert "the score is the probability of " in said


def test_a_column_that_numbers_the_rows_is_pointed_out_as_a_key_until_one_is_told(committed, shop, capsys):
    assert main([str(shop), *OPTIONS]) == 0
    assert "order is another in every row; --key order would tell rows apart by it\n" in capsys.readouterr().out
    git("add", "--all")
    git("commit", "-m", "without a key")
    assert main([str(shop), *OPTIONS, "--key", "order"]) == 0
    assert "another in every row" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows.assign(order=("no " + rows["order"].astype(str)).where(rows.index != 7)),
        lambda rows: rows.assign(order=rows["order"].where(rows.index != 7, rows["order"][8])),
        lambda rows: rows.drop(columns="order"),
    ],
    ids=["a row without one", "a number twice", "no such column"],
)
def test_what_names_not_all_rows_is_no_key(committed, shop, capsys, monkeypatch, spoil):
    rows = pd.read_csv(shop, sep=";", decimal=",", encoding="latin-1")
    spoil(rows).to_csv(shop, sep=";", decimal=",", index=False)
    monkeypatch.setattr(facts, "SAMPLED_ROWS", 200)  # of 600 rows every third, of which 7 and 8 are none
    assert main([str(shop), *OPTIONS]) == 0
    assert "another in every row" not in capsys.readouterr().out


def test_what_a_model_must_do_is_drafted_for_its_columns(committed, shop):
    assert main([str(shop), *OPTIONS]) == 0
    found = load_behaviour(committed / "tests" / "behaviour.yml", load_project().features)
    (noise,) = found.tests
    assert found.between == [0, 1] and [*noise.change] == ["price in ?"]
    spread = pd.concat(map(pd.read_parquet, (committed / "data").glob("*.parquet")))["price in ?"].std()
    assert noise.change["price in ?"].noise == pytest.approx(spread / 100, rel=0.1)


def test_the_same_again_changes_nothing(committed, shop, capsys):
    assert main([str(shop), *OPTIONS]) == 0
    before = git("status", "--porcelain")
    capsys.readouterr()
    assert main([str(shop), *OPTIONS]) == 0
    assert capsys.readouterr().out.endswith("nothing has changed\n")
    assert git("status", "--porcelain") == before


UNSAVED = {
    "an edited file": "model/estimator.py",
    "a new file where one is to be written": "data/2024-01.parquet",
    "a new file that would be taken away": "expectations/mine.json",
}


@pytest.mark.parametrize("kind", UNSAVED)
def test_what_is_not_committed_is_never_overwritten(committed, shop, kind, capsys):
    mine = committed / UNSAVED[kind]
    mine.write_text("# mine\n", encoding="utf-8")
    before = git("status", "--porcelain")
    assert main([str(shop), *OPTIONS]) == 2
    assert capsys.readouterr().err == (
        f"error: {UNSAVED[kind]}: not committed, and would be lost; commit it, or take it away: git stash -u\n"
    )
    assert (mine.read_text(encoding="utf-8"), git("status", "--porcelain")) == ("# mine\n", before)


def test_an_ignored_file_beside_the_data_stays(committed, shop):
    (committed / ".gitignore").write_text("*.tmp\n__pycache__/\n", encoding="utf-8")
    (committed / "data" / "note.tmp").touch()
    assert main([str(shop), *OPTIONS]) == 0
    assert (committed / "data" / "note.tmp").exists()


def test_without_a_commit_nothing_is_written(project, shop, capsys):
    assert main([str(shop), *OPTIONS]) == 2
    assert "git cannot tell what has changed" in capsys.readouterr().err
    assert (project / "data" / "2013-01.parquet").exists()


MISTAKES = {
    "a target that is not there": (["--target", "payed"], "--target payed: no such column; there is paid"),
    "a key that is not unique": ([*OPTIONS, "--key", "town", "paid"], "--key town paid: "),
    "a slice that is not there": ([*OPTIONS, "--slices", "twon"], "--slices twon: no such column; there is town"),
    "a time that is none": (["--target", "paid", "--time", "town"], "column town: row 1: "),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_one_line_and_nothing_is_written(committed, shop, kind, capsys):
    options, says = MISTAKES[kind]
    assert main([str(shop), *options]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert git("status", "--porcelain") == ""


def test_rows_without_an_answer_are_left_out(committed, shop, tmp_path, capsys):
    rows = pd.read_csv(shop, sep=";", decimal=",", encoding="latin-1").astype({"paid": object})
    rows.loc[5:14, "paid"] = None
    rows.to_csv(tmp_path / "holes.csv", index=False)
    assert main([str(tmp_path / "holes.csv"), *OPTIONS]) == 0
    assert "left out: 10 rows without paid\n" in capsys.readouterr().out
    assert len(read_data(committed / "data")) == ROWS - 10
    assert f"{ROWS - 10} rows" in (committed / "data" / "README.md").read_text(encoding="utf-8")


def test_spaces_that_were_taken_off_are_told(committed, shop, capsys):
    text = shop.read_text(encoding="latin-1")
    shop.write_text(text.replace(";Bern;", "; Bern ;"), encoding="latin-1")
    assert main([str(shop), *OPTIONS]) == 0
    said = f"column town: spaces around {text.count(';Bern;')} values taken off; ask the model without them"
    assert said in capsys.readouterr().out.splitlines()
    assert "Bern" in set(read_data(committed / "data", ["town"])["town"])


def test_a_target_without_any_value_is_refused(committed, tmp_path, capsys):
    (tmp_path / "holes.csv").write_text("x,y\n" + "1,\n" * 99, encoding="utf-8")
    assert main([str(tmp_path / "holes.csv"), "--target", "y"]) == 2
    assert "no row has a value of the target" in capsys.readouterr().err


@pytest.fixture
def drafted_model(tmp_path, monkeypatch):
    """Makes the drafted model/ of a task importable; gives its `build`."""

    def make(task):
        folder = tmp_path / "drafted" / "model"
        folder.mkdir(parents=True)
        for name, text in model_files(task).items():
            (folder / name).write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder.parent))
        for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
            monkeypatch.delitem(sys.modules, name)
        return importlib.import_module("model.estimator").build

    return make


def test_the_drafted_features_are_numbers_whatever_the_order_of_the_columns(drafted_model):
    rows = pd.DataFrame(
        {
            "text": ["b", "a", None, "b"],
            "when": pd.to_datetime(["2024-02-29 23:59", "1969-12-31 22:00", None, "2024-01-01 00:00"]),
            "number": [0.5, np.nan, -1.0, 2.0],
            "whole": [3, -4, 5, 6],
            "yes": [True, False, True, True],
        }
    )
    build, nan = drafted_model("binary"), np.nan
    features = build()[0].fit(rows)
    wanted = [
        [1, 2024, 2, 3, 23, 0.5, 3, 1],  # a Thursday
        [0, 1969, 12, 2, 22, nan, -4, 0],  # a Wednesday
        [nan, nan, nan, nan, nan, -1, 5, 1],
        [1, 2024, 1, 0, 0, 2, 6, 1],
    ]
    np.testing.assert_array_equal(features.transform(rows[rows.columns[::-1]]), wanted)
    new = rows[:1].assign(text="new")
    np.testing.assert_array_equal(features.transform(new)[:, 0], [-1])


def test_to_a_linear_model_each_frequent_text_is_a_column_of_its_own(drafted_model):
    texts = [
        "b",
        "a",
        None,
        *(f"z{place:02}" for place in range(48)),
        *["rare", "b", "a"],
        *(f"z{n:02}" for n in range(48)),
    ]
    rows = pd.DataFrame({"text": texts, "number": np.arange(len(texts), dtype="float64")})
    build = drafted_model("binary")
    features = build(family="linear")[0].fit(rows)
    found = features.transform(pd.concat([rows[:3], rows[51:52], rows[:1].assign(text="new")]))
    assert found.shape == (5, 51), "50 texts and the number"
    columns = [row[:50].nonzero()[0].tolist() for row in found]
    assert columns == [[1], [0], [], [], []] and found[:, 50].tolist() == [0, 1, 2, 51, 0]
    assert build()[0].fit(rows).transform(rows).shape == (len(texts), 2), "trees have codes"


def test_a_linear_model_learns_what_text_tells(drafted_model):
    random, build = np.random.default_rng(0), drafted_model("binary")
    town = random.integers(0, 12, 2000)
    rows = pd.DataFrame({"width": random.normal(size=2000), "town": [f"town {number:02}" for number in town]})
    chance = 1 / (1 + np.exp(-rows["width"] - 1.5 * random.normal(size=12)[town]))
    answers, told = (random.random(2000) < chance).astype(int), {}
    for way in ("codes", "one hot"):
        model = build(family="linear").set_params(features__one_hot=way == "one hot")
        told[way] = model.fit(rows[:1000], answers[:1000]).score(rows[1000:], answers[1000:])
    assert told["one hot"] > told["codes"] + 0.04
    assert build(family="linear")[0].one_hot and not build(family="forest")[0].one_hot


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_without_a_family_it_is_boosted_trees_as_before(drafted_model, task):
    last = drafted_model(task)(max_iter=7, random_state=1)[-1]
    changed = {name: value for name, value in last.get_params().items() if value != type(last)().get_params()[name]}
    assert type(last).__name__.startswith("HistGradientBoosting") and changed == {"max_iter": 7, "random_state": 1}


def test_a_family_or_a_parameter_that_is_not_there_is_refused(drafted_model):
    build = drafted_model("binary")
    with pytest.raises(ValueError, match="no family 'tree'; there is trees, forest, linear, interpretable"):
        build(family="tree")
    for family, name in (("trees", "max_leafs"), ("forest", "forest_leafs"), ("linear", "linear_leafs")):
        with pytest.raises(TypeError, match="leafs"):
            build(family=family, **{name: 3})


@given(times=st.lists(st.none() | st.datetimes(datetime(1678, 1, 1), datetime(2262, 1, 1)), min_size=1))
def test_the_drafted_parts_of_a_time_are_those_of_pandas(times):
    drafted = {}
    exec(model_files("binary")["features.py"], drafted)
    values = pd.Series(times, dtype="datetime64[ns]")
    parts = [getattr(values.dt, part) for part in ("year", "month", "dayofweek", "hour")]
    np.testing.assert_array_equal(drafted["time_parts"](values.to_numpy()), np.column_stack(parts))


FAMILIES = {  # with parameters of their own, which are none of the others' affair
    "trees": {"max_iter": 20, "forest_n_estimators": 1},
    "forest": {"forest_n_estimators": 20, "max_iter": 1},
    "linear": {"max_iter": 1},
    "interpretable": {"interpretable_max_rounds": 200, "interpretable_outer_bags": 1, "max_iter": 1},
}
THREE = [family for family in FAMILIES if family != "interpretable"]


@pytest.mark.parametrize("family", [*THREE, pytest.param("interpretable", marks=NEEDS_INTERPRETABLE)])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_drafted_model_takes_what_it_has_not_seen(drafted_model, task, family):
    random = np.random.default_rng(1)
    number = random.normal(size=ROWS)
    rows = pd.DataFrame(
        {
            "number": np.where(np.arange(ROWS) % 9, number, np.nan),
            "whole": np.arange(ROWS),
            "yes": number > 0,
            "text": np.where(np.arange(ROWS) % 7, random.choice(["a", "b"], ROWS), None),
            "when": pd.Series(pd.date_range("2024-01-01", periods=ROWS, freq="h")).where(np.arange(ROWS) % 5 > 0),
        }
    )
    labels = {"binary": number > 0, "multiclass": np.select([number < -0.5, number > 0.5], ["low", "high"], "mid")}
    target = labels.get(task, 3 * number)
    build = drafted_model(task)
    model = build(family=family, random_state=1, **FAMILIES[family]).fit(rows, target)
    assert model.score(rows, target) > 0.8
    strange = pd.DataFrame(
        {"number": [np.nan], "whole": [-1.0], "yes": [False], "text": np.array(["new"], "object"), "when": [pd.NaT]}
    ).astype({"when": "datetime64[ns]"})
    missing = strange.assign(text=np.array([None], "object"))
    answer = model.predict if task == "regression" else model.predict_proba
    for each in (strange, missing):
        assert np.isfinite(np.asarray(answer(each), dtype=float)).all()


@pytest.mark.parametrize(
    ("when", "line"),
    [
        (pd.date_range("2024-01-01", periods=ROWS, freq="4h").where(np.arange(ROWS) != 7, "2042-01-01"), "2042-01-01"),
        (["2024-01-01 05:00"] * ROWS, "column when: the same time in all rows; leave --time out"),
    ],
    ids=["in the future", "one time"],
)
def test_what_every_later_run_would_refuse_is_refused_at_once(committed, tmp_path_factory, capsys, when, line):
    path = tmp_path_factory.mktemp("own") / "shop.csv"
    random = np.random.default_rng(3)
    columns = {"when": when, "price": random.normal(size=ROWS).round(3), "paid": random.integers(0, 2, ROWS)}
    pd.DataFrame(columns).to_csv(path, index=False)
    assert main([str(path), *OPTIONS]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"error: {path}: ") and line in said
    assert git("status", "--porcelain") == ""


@pytest.mark.parametrize("options", [["--target", "y"], ["--target", "y", "--time", "day"]], ids=["hash", "time"])
@pytest.mark.parametrize("rows", [52, 70, 95])
def test_of_a_small_table_enough_is_held_out(committed, tmp_path_factory, rows, options):
    """A fifth of them would be under twenty rows, with which nothing can be said."""
    random = np.random.default_rng(rows)
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=rows), "x": random.normal(size=rows)})
    path = tmp_path_factory.mktemp("small") / "small.csv"
    table.assign(y=table["x"] + random.normal(size=rows)).to_csv(path, index=False)
    assert main([str(path), *options]) == 0
    assert all(len(part) >= 20 for part in split(committed / "data", load_project()))


def test_where_no_share_leaves_enough_nothing_is_written(committed, tmp_path_factory, capsys):
    path = tmp_path_factory.mktemp("sorted") / "sorted.csv"
    days = pd.date_range("2024-01-01", periods=90)
    pd.DataFrame({"day": days, "x": np.arange(90) % 7, "y": np.arange(90) < 30}).to_csv(path, index=False)
    assert main([str(path), "--target", "y", "--time", "day"]) == 2
    assert "y is False in all 45 rows, whatever share is held out; a model needs more data" in capsys.readouterr().err
    assert git("status", "--porcelain") == ""
