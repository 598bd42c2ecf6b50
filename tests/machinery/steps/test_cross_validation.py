"""Small data without held-out rows: recipes are fitted without what tests them, with their own code, on either side."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import t as student
from sklearn.base import clone

from mlops.data.artefacts import Diagnosis, Evaluation, Split, Verdict
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.model_folder import load_model
from mlops.data.tables import hash_data
from mlops.report import card, training
from mlops.settings.project import load_project
from steps import diagnose, evaluate, gate, split_data, train

ESTIMATOR = """
from sklearn.linear_model import {model}
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from model.columns import Columns


def build(**parameters):
    return Pipeline([("columns", Columns()), ("model", {model}(**parameters))])
"""
COLUMNS = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Columns(TransformerMixin, BaseEstimator):
    def fit(self, rows, target=None):
        from model.weights import WIDTH

        self.width_, self.names_ = WIDTH, list(rows)
        return self

    def transform(self, rows):
        columns = [rows[name] == "south" if name == "place" else rows[name] * self.width_ for name in self.names_]
        return np.column_stack(columns).astype(float)
"""
TASKS = {  # the estimator, its parameters, the champion's, the metric, floors, labels
    "binary": ("LogisticRegression", {"C": 1.0}, {"C": 0.001}, "log_loss", {"auc": 0.6}, ["no", "yes"]),
    "multiclass": ("LogisticRegression", {"C": 1.0}, {"C": 0.001}, "log_loss", {"log_loss": 1.2}, ["a", "b", "c"]),
    "regression": ("Ridge", {"alpha": 1.0}, {"alpha": 500.0}, "rmse", {"rmse": 2}, []),
}
ROWS, FOLDS, REPEATS = 150, 3, 2
SPLIT = {"by": "random", "folds": FOLDS, "repeats": REPEATS}
EVALUATION, SCORES, VERDICT = Path("out/evaluation/evaluation.json"), Path("out/evaluation/scores.parquet"), "out/gate"


def made(labels):
    """Rows of 30 people whose answer depends on width and place."""
    chance = np.random.default_rng(4)
    rows = pd.DataFrame({"width": chance.normal(size=ROWS), "place": chance.choice(["north", "south"], ROWS)})
    rows["who"], rows["other"] = chance.permutation(np.arange(ROWS) % 30), chance.normal(size=ROWS)
    value = 2 * rows["width"] + (rows["place"] == "south") + chance.normal(scale=0.5, size=ROWS)
    if labels:
        return rows.assign(answer=np.array(labels)[np.clip(value.round().astype(int) + 1, 0, len(labels) - 1)])
    return rows.assign(answer=value)


def change(project, **sections):
    """project.yml with other values under these keys."""
    path = project / "project.yml"
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, values in sections.items():
        found[key] = {**found.get(key, {}), **values} if isinstance(values, dict) and key != "model" else values
    path.write_text(yaml.safe_dump(found), encoding="utf-8")


def as_in_another_process(monkeypatch):
    """The package `model` has not been imported."""
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)


def saved(folder, parameters, monkeypatch):
    """What `train` makes of the split rows, without a run to log it to."""
    as_in_another_process(monkeypatch)
    rows = pd.read_parquet("out/split/train.parquet")
    project = load_project().model_copy(update={"model": parameters})
    task = train.task_of(project)
    train.save(task, train.fit(rows, project), rows[project.features], {"run_id": "r1"}, Path(folder))
    as_in_another_process(monkeypatch)


def served(folder="out/model"):
    write_json(Path("out/served/served.json"), {"model_hash": hash_folder(Path(folder)), "rows": 3})


@pytest.fixture
def folded(request, project, monkeypatch):
    """A project of that task with folds, split, with a challenger and a champion of another recipe."""
    model, ours, theirs, metric, floors, labels = TASKS[request.param]
    shutil.rmtree(project / "data")
    (project / "data").mkdir()
    made(labels).to_parquet(project / "data/rows.parquet", index=False)
    (project / "model/estimator.py").write_text(ESTIMATOR.format(model=model), encoding="utf-8")
    (project / "model/columns.py").write_text(COLUMNS, encoding="utf-8")
    (project / "model/weights.py").write_text("WIDTH = 1\n", encoding="utf-8")
    (project / "tests/behaviour.yml").write_text("tests: []\n", encoding="utf-8")
    change(
        project,
        task=request.param,
        features=["width", "place"],
        model=ours,
        data={"target": "answer", "time": None, "known_only_after": [], "split": SPLIT},
        gate={"metric": metric, "floors": floors, "min_rows": 10, "max_loss": 0.01},
    )
    worst = 4 if metric == "rmse" else 2
    slices = {"columns": ["place"], "floor": worst, "min_rows": 20, "max_drop": 0.2, "waived": {}}
    change(project, gate={"slices": slices})
    facts = {"success": True, "data_hash": hash_data(project / "data"), "files": []}
    write_json(project / "out/validation/validation.json", facts)
    assert split_data.main([]) == 0
    monkeypatch.syspath_prepend(str(project))
    saved("out/model", ours, monkeypatch)
    saved("out/champion", theirs, monkeypatch)
    served()
    return request.param


def with_champion(*more):
    return evaluate.main(["--champion", "out/champion", *more])


@pytest.mark.parametrize("folded", TASKS, indirect=True)
def test_recipes_are_compared_on_rows_that_they_were_fitted_without(folded, project, capsys):
    capsys.readouterr()
    assert with_champion() == 0
    said = capsys.readouterr().out
    assert said.count(f"of {REPEATS} times\n") == REPEATS
    rows, scores = pd.read_parquet("out/split/test.parquet"), pd.read_parquet(SCORES)
    pd.testing.assert_frame_equal(rows, pd.read_parquet("out/split/train.parquet"))
    assert (len(rows), len(scores)) == (ROWS, ROWS * REPEATS)
    assert sorted(scores["fold"].unique()) == list(range(FOLDS * REPEATS))
    first, second = (
        set(map(tuple, scores["row"].groupby(scores["fold"]).agg(list)[at])) for at in (slice(0, 3), slice(3, 6))
    )
    assert not first & second, "a repeat deals anew"
    task = train.task_of(load_project())
    for name, folder in (("challenger", "out/model"), ("champion", "out/champion")):
        recipe = load_model(Path(folder))
        for fold in range(FOLDS * REPEATS):
            tested_on = scores[scores["fold"] == fold]
            learned = rows.drop(index=tested_on["row"])
            model = clone(recipe).fit(learned[["width", "place"]], learned["answer"])
            labels = [] if folded == "regression" else sorted(rows["answer"].unique())
            wanted = task.predict(model, rows.loc[tested_on["row"], ["width", "place"]], labels)
            assert np.array(tested_on[name].tolist()) == pytest.approx(wanted)
    assert gate.main([]) == 0
    content = Path(VERDICT, "verdict.json").read_bytes()
    assert gate.main(["--replay", f"{VERDICT}/verdict.json"]) == 0
    assert Path(VERDICT, "verdict.json").read_bytes() == content
    check_verdict()


def check_verdict():
    """The gain and its bounds are those of the corrected t over the folds that the evaluation shows."""
    found, verdict = read_json(EVALUATION, Evaluation), read_json(Path(VERDICT, "verdict.json"), Verdict)
    gain = np.array(found["champion"]["folds"]) - found["challenger"]["folds"]  # of an error, less is more
    error = np.sqrt((1 / len(gain) + 1 / (FOLDS - 1)) * gain.var(ddof=1))
    compared = verdict["comparison"]
    assert (compared["difference"], compared["error"]) == pytest.approx((gain.mean(), error))
    lower = gain.mean() + student.ppf(compared["alpha"], len(gain) - 1) * error
    assert compared["lower"] == pytest.approx(lower) and compared["rows"] == ROWS
    metric = next(iter(name for name in ("log_loss", "rmse") if name in verdict["metrics"]))
    assert verdict["metrics"][metric] == pytest.approx(np.mean(found["challenger"]["folds"]))
    assert found["test"] | {"folds": FOLDS, "repeats": REPEATS} == found["test"] == verdict["test"]
    assert "3 folds, 2 times, corrected t" in training.tested(verdict)
    assert sum(each["rows"] for each in found["slices"]) == ROWS, "a row is in a slice once"
    split = read_json(Path("out/split/split.json"), Split)
    sections = card.sections(
        card.Facts(load_project(), "", Path("out/model"), verdict, found, split, None, "2026-11-27")
    )
    said = {each.title: " ".join(each.sentences) for each in sections}
    assert "each tested on rows that it was fitted without (3 folds, 2 times)" in said["Metrics"]
    assert said["Limits"].startswith(f"Its recipe was tried on {ROWS} rows, ")


@pytest.mark.parametrize("folded", TASKS, indirect=True)
def test_what_is_diagnosed_was_not_learned_and_a_cold_start_has_its_opponent(folded, capsys):
    assert (evaluate.main([]), gate.main([])) == (0, 0)
    assert read_json(Path(VERDICT, "verdict.json"), Verdict)["cold_start"]
    asked = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnose, "look", lambda section, subject: noted(asked, section, subject))
        assert diagnose.main([]) == 0
    scores = pd.read_parquet(SCORES)
    first = scores["row"][scores["fold"] == 0]
    assert len(asked["mistakes"].test) == len(asked["weak_slices"].test) == ROWS, "all rows, as they were answered once"
    for name in ("importances", "ladder", "learning_curve"):
        subject = asked[name]
        assert sorted(subject.test.index) == sorted(first) and not {*subject.train.index} & {*subject.test.index}
        again = subject.task.predict(subject.model, subject.test, subject.labels)
        assert again == pytest.approx(subject.scored.predictions["challenger"]), "the model of that fold, and no other"


def noted(asked, section, subject):
    """What a section is shown, and what came of it."""
    asked[getattr(section, "__name__", "")] = subject
    return {"found": None, "why": "not looked at", "seconds": 0.0}


BINARY = pytest.mark.parametrize("folded", ["binary"], indirect=True)


@BINARY
def test_every_section_of_a_diagnosis_can_tell(folded):
    assert (evaluate.main([]), diagnose.main([])) == (0, 0)
    found = read_json(Path("out/diagnosis/diagnosis.json"), Diagnosis)
    assert [name for name, each in found.items() if name != "model_hash" and each["why"]] == []
    assert found["learning_curve"]["found"]["rows"][-1] == ROWS * (FOLDS - 1) / FOLDS


@BINARY
def test_the_same_recipe_is_never_better_whatever_it_was_trained_on(folded):
    assert evaluate.main(["--champion", "out/model"]) == 0
    assert gate.main([]) == 1
    assert read_json(Path(VERDICT, "verdict.json"), Verdict)["comparison"]["difference"] == 0
    assert gate.main(["--criterion", "non-inferiority"]) == 0, "nor is it worse: a pull request passes"


@BINARY
def test_no_group_is_on_both_sides(folded, project, capsys):
    change(project, data={"split": {"by": "group", "group": "who", "folds": FOLDS, "repeats": REPEATS}})
    capsys.readouterr()
    assert split_data.main([]) == 0
    assert capsys.readouterr().out == f"train and test: {ROWS} rows; 3 folds, 2 times\n"
    assert (with_champion(), gate.main([])) == (0, 0)
    scores, rows = pd.read_parquet(SCORES), pd.read_parquet("out/split/test.parquet")
    who = rows["who"].to_numpy()[scores["row"]]
    assert (pd.DataFrame({"who": who, "fold": scores["fold"]}).drop_duplicates().groupby("who").size() == REPEATS).all()
    compared = read_json(Path(VERDICT, "verdict.json"), Verdict)["comparison"]
    assert (compared["clusters"], compared["clusters_by"], compared["widened"]) == (30, "who", None)


@BINARY
@pytest.mark.skipif(find_spec("fairlearn") is None, reason="the group fairness is not installed")
def test_a_row_is_in_a_group_once(folded, project):
    change(project, fairness={"group_by": ["who"], "metric": "accuracy", "max_difference": 0.5, "min_rows": 5})
    assert split_data.main([]) == 0
    assert (evaluate.main([]), gate.main([])) == (0, 1), "five rows tell too little"
    groups = read_json(EVALUATION, Evaluation)["fairness"]["columns"]["who"]
    assert [each["rows"] for each in groups] == [5] * 30
    assert read_json(Path(VERDICT, "verdict.json"), Verdict)["fairness"]["columns"][0]["rows"] == ROWS


@BINARY
def test_each_model_is_fitted_with_its_own_code_and_columns(folded, project, monkeypatch):
    """What a recipe imports only when it is fitted is the folder's, and a feature that is new is the challenger's."""
    assert with_champion() == 0
    before = pd.read_parquet(SCORES)
    (project / "model/weights.py").write_text("WIDTH = 0\n", encoding="utf-8")
    change(project, features=["width", "place", "other"])
    assert split_data.main([]) == 0
    saved("out/model", {"C": 1.0}, monkeypatch)
    assert with_champion() == 0
    after = pd.read_parquet(SCORES)
    assert (after["champion"] == before["champion"]).all(), "another model's code, or a column that it never had"
    assert (after["challenger"] - before["challenger"]).abs().max() > 0.1, "without the width"


def stubborn(project, monkeypatch):
    """An estimator whose copies are others than it."""
    text = COLUMNS.replace("    def fit", "    def __init__(self, odd=None):\n        self.odd = [odd]\n\n    def fit")
    (project / "model/columns.py").write_text(text, encoding="utf-8")
    saved("out/model", {"C": 1.0}, monkeypatch)


def unfit(project, monkeypatch):
    """One that wants more rows than a fold leaves."""
    text = COLUMNS.replace("        from model", f"        assert len(rows) == {ROWS}, 'too few'\n        from model")
    (project / "model/columns.py").write_text(text, encoding="utf-8")
    saved("out/model", {"C": 1.0}, monkeypatch)


def fewer(project, monkeypatch):
    change(project, features=["place"])
    assert split_data.main([]) == 0


def held_out(project, monkeypatch):
    change(project, data={"split": {"by": "random"}})


def more_often(project, monkeypatch):
    change(project, data={"split": {**SPLIT, "repeats": REPEATS + 1}})


OTHERWISE = "out/split: made with another data.split than now; run split_data again"
REFUSED = {
    "out/model: its recipe cannot be fitted on part of the rows (RuntimeError: Cannot clone object": stubborn,
    "out/model: its recipe cannot be fitted on part of the rows (AssertionError: too few); correct it, or": unfit,
    "out/model: its recipe needs width; keep that in features, and drop it in model/": fewer,
    OTHERWISE: held_out,
    f"{OTHERWISE}\n": more_often,
}


@BINARY
@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_tested_so_is_one_line(folded, project, monkeypatch, capsys, line):
    REFUSED[line](project, monkeypatch)
    capsys.readouterr()
    assert evaluate.main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {line}") and said.count("\n") == 1
    assert not EVALUATION.exists()


@BINARY
def test_models_that_learned_from_all_rows_are_never_tested_on_them_as_if_held_out(folded, project, capsys):
    """Folds that were taken out of project.yml after the split."""
    assert evaluate.main([]) == 0
    held_out(project, None)
    for step in (evaluate, diagnose):
        assert step.main([]) == 2
        assert capsys.readouterr().err == f"error: {OTHERWISE}\n"


@BINARY
@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda scores: scores[:-1], "scores.parquet: not the predictions that evaluation.json is about"),
        (lambda scores: scores.drop(columns=["fold", "row"]), "scores.parquet differ in auc; run evaluate again"),
        (
            lambda scores: scores.assign(fold=swapped(scores["fold"])),
            "scores.parquet differ in auc; run evaluate again",
        ),
        (lambda scores: scores.replace({"fold": {0: 1, 1: 0}}), "scores.parquet differ in folds.0; run evaluate again"),
    ],
    ids=["cut", "folds taken away", "two rows in each other's fold", "two folds by each other's name"],
)
def test_a_cut_or_edited_file_has_no_verdict(folded, capsys, edit, line):
    assert evaluate.main([]) == 0
    edit(pd.read_parquet(SCORES)).to_parquet(SCORES, index=False)
    capsys.readouterr()
    assert gate.main([]) == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1 and not Path(VERDICT, "verdict.json").exists()


def swapped(folds):
    """The fold of the first row for that of the first row of another, and the other way round."""
    found = folds.copy()
    other = int(np.flatnonzero(folds[:ROWS] != folds[0])[0])
    found[0], found[other] = folds[other], folds[0]
    return found


@BINARY
def test_folds_without_what_can_be_learned_are_refused_at_the_split(folded, project, capsys):
    rows = pd.read_parquet(project / "data/rows.parquet")
    rows.assign(answer=np.where(rows["who"] == 3, "yes", "no")).to_parquet(project / "data/rows.parquet", index=False)
    facts = {"success": True, "data_hash": hash_data(project / "data"), "files": []}
    write_json(project / "out/validation/validation.json", facts)
    for split, line in (
        ({"by": "group", "group": "who", "folds": 3}, "error: train, fold "),
        ({"by": "group", "group": "place", "folds": 3}, "error: data.split.folds: they need 3 groups of rows at least"),
    ):
        change(project, data={"split": split})
        capsys.readouterr()
        assert split_data.main([]) == 2
        assert capsys.readouterr().err.startswith(line)
