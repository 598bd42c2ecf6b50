"""`tune`: the same seed finds the same winner, killed and continued or not; what it finds is written, nothing else."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from groups import NEEDS_SEARCH

from conftest import ROOT, edit
from mlops.commands import tune
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.model_sources import hash_paths
from mlops.data.search_file import Searched, Won, search_of
from mlops.data.splitting import held_out
from mlops.data.tables import hash_data
from mlops.decide.search.runs import STATE, trial_of
from mlops.settings.project import load_project
from steps import train, try_parameters

pytestmark = NEEDS_SEARCH
ESTIMATOR = """
import os
import signal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

FITS = []
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the shell that runs the tests has made of it


class Tree(DecisionTreeClassifier):
    def fit(self, rows, answers):
        FITS.append(1)
        if os.environ.get("STOP_AT") == str(len(FITS)):
            os.kill(os.getpid(), int(os.environ["STOP_BY"]))
        if self.max_depth == 7:
            raise ValueError("seven is\\nnot for me")
        return super().fit(rows, answers)


def build(max_depth=1, min_samples_leaf=1, random_state=0):
    tree = Tree(max_depth=max_depth, min_samples_leaf=min_samples_leaf, random_state=random_state)
    return Pipeline([("features", FunctionTransformer(lambda rows: rows[["width"]].to_numpy())), ("classifier", tree)])
"""
SEARCH = {
    "trials": 12,
    "folds": 3,
    "space": {"max_depth": {"low": 1, "high": 6}, "min_samples_leaf": {"low": 1, "high": 50, "log": True}},
}
ROWS = 900


@pytest.fixture
def tuned(project, monkeypatch):
    """A project with a small table, split, whose model is a stump: any deeper tree is better."""
    return prepared(project, monkeypatch)


def prepared(project, monkeypatch):
    settings = yaml.safe_load((project / "project.yml").read_text(encoding="utf-8"))
    settings |= {"features": ["width"], "model": {"max_depth": 1, "random_state": 0}, "search": SEARCH}
    settings["data"] |= {"target": "answer", "time": "day", "known_only_after": []}
    settings["gate"]["slices"] |= {"columns": ["place"]}
    text = yaml.safe_dump(settings, sort_keys=False).replace("model:\n", "model:  # mine\n")
    (project / "project.yml").write_text(text, encoding="utf-8")
    (project / "model/estimator.py").write_text(ESTIMATOR, encoding="utf-8")
    for path in (project / "data").glob("*.parquet"):
        path.unlink()
    rng, days = np.random.default_rng(5), pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) % 75, unit="D")
    rows = pd.DataFrame({"width": rng.normal(size=ROWS), "place": "north", "day": days})
    rows = rows.assign(answer=((rows["width"] % 1 > 0.5) ^ (rng.random(ROWS) < 0.1)).astype(int))
    rows.to_parquet(project / "data/rows.parquet", index=False)
    tested, split = held_out(project / "data", load_project(project / "project.yml").data), project / "out/split"
    split.mkdir(parents=True)
    rows[~tested].to_parquet(split / "train.parquet", index=False)
    sides = {"train": {"rows": int((~tested).sum())}, "test": {"rows": int(tested.sum())}}
    write_json(split / "split.json", {"data_hash": hash_data(project / "data"), **sides})
    monkeypatch.syspath_prepend(str(project))
    fresh_model(monkeypatch)
    return project


def fresh_model(monkeypatch):
    """The package `model` has not been imported."""
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)


def searching(project, **changes):
    """Other settings of the search."""
    settings = yaml.safe_load((project / "project.yml").read_text(encoding="utf-8"))
    settings["search"] = {**SEARCH, **changes}
    (project / "project.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def begin_anew(project, monkeypatch):
    """As it was before any search."""
    (project / "model/search.json").unlink(missing_ok=True)
    for path in (project / ".mlops/search").glob("*.json"):
        path.unlink()
    settings = yaml.safe_load((project / "project.yml").read_text(encoding="utf-8"))
    settings["model"] = {"max_depth": 1, "random_state": 0}
    (project / "project.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    fresh_model(monkeypatch)


def tried(found):
    """All of a search but for what it took."""
    trials = [{name: value for name, value in each.items() if name != "seconds"} for each in found["trials"]]
    return trials, found["winner"], found["model"], found["importance"]


def outcome(project):
    return read_json(project / "model/search.json", Won)


def state(project):
    """What is kept of the only search."""
    (path,) = (project / ".mlops/search").glob("*.json")
    return path


def run_alone(project, stop_at, how):
    """`tune` in a process of its own, which is sent that signal in its so manieth fit."""
    environment = {**os.environ, "STOP_AT": str(stop_at), "STOP_BY": str(int(how)), "PYTHONPATH": f"{ROOT}:{project}"}
    command = [sys.executable, "-m", "mlops.commands.tune"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_the_winner_is_written_and_nothing_else_is(tuned, capsys):
    before = (tuned / "project.yml").read_text(encoding="utf-8")
    tests = hash_folder(tuned / "out")
    assert tune.main([]) == 0
    said, found = capsys.readouterr().out, outcome(tuned)
    assert "trial 12 of 12: " in said and said.endswith("open a pull request: the gate decides\n")
    winner = found["trials"][found["winner"]]
    assert winner["value"] == max(each["value"] or 0 for each in found["trials"]) > found["default"]["value"]
    assert winner["value"] == pytest.approx(np.mean(winner["values"])) and len(winner["values"]) == 3
    assert load_project().model == found["model"] == {"max_depth": 1, "random_state": 0, **winner["params"]}
    after = (tuned / "project.yml").read_text(encoding="utf-8")
    changed = {*after.splitlines()} - {*before.splitlines()}
    assert changed == {f"  {name}: {value}" for name, value in winner["params"].items()} and "model:  # mine" in after
    assert hash_folder(tuned / "out") == tests


def test_a_model_of_that_search_says_so_and_one_with_other_parameters_does_not(tuned, capsys):
    assert tune.main([]) == 0
    assert train.main([]) == 0
    lineage = read_json(tuned / "out/model/lineage.json", Searched.__base__)
    assert lineage["search"].startswith(f"trial {outcome(tuned)['winner'] + 1} of 12, auc 0.")
    text = (tuned / "project.yml").read_text(encoding="utf-8")
    settings = yaml.safe_load(text)
    settings["data"]["split"] = {"by": "random", "folds": 3}
    del settings["search"]
    (tuned / "project.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    capsys.readouterr()
    assert train.main([]) == 2
    line = "model/search.json: tune chose these parameters by rows that data.split.folds test; hold rows out"
    assert capsys.readouterr().err == f"error: {line}\n"
    (tuned / "project.yml").write_text(text, encoding="utf-8")
    edit(tuned / "project.yml", "  random_state: 0\n", "  random_state: 1\n")
    assert search_of(load_project().model) is None
    assert train.main([]) == 0
    assert "search" not in read_json(tuned / "out/model/lineage.json", Searched.__base__)


def test_the_same_seed_finds_the_same_and_another_seed_tries_others(tuned, monkeypatch):
    assert tune.main([]) == 0
    first = tried(outcome(tuned))
    begin_anew(tuned, monkeypatch)
    assert tune.main([]) == 0
    assert tried(outcome(tuned)) == first
    begin_anew(tuned, monkeypatch)
    searching(tuned, seed=8)
    assert tune.main([]) == 0
    assert tried(outcome(tuned))[0] != first[0]


@pytest.mark.parametrize("stop_at", [2, 17])
def test_killed_in_a_trial_and_continued_it_finds_the_same(tuned, monkeypatch, stop_at):
    """The first of them in the very first model, before any trial is over."""
    assert tune.main([]) == 0
    whole = tried(outcome(tuned))
    begin_anew(tuned, monkeypatch)
    assert run_alone(tuned, stop_at, signal.SIGKILL).returncode == -signal.SIGKILL
    done = len(read_json(state(tuned), Searched)["trials"]) if stop_at > 3 else 0
    assert not (tuned / "model/search.json").exists() and (done > 0) == (stop_at > 3)
    assert tune.main([]) == 0
    assert tried(outcome(tuned)) == whole


def test_interrupted_it_says_how_to_go_on_and_does(tuned, capsys):
    done = run_alone(tuned, 12, signal.SIGINT)
    assert done.returncode == 130 and "trials are kept; `uv run tune` goes on from there\n" in done.stdout
    kept = len(read_json(state(tuned), Searched)["trials"])
    assert tune.main([]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{kept} trials of before are kept in ") and f"trial {kept} of" not in said


def test_every_trial_is_a_run_below_that_of_the_search(tuned):
    import mlflow

    assert run_alone(tuned, 12, signal.SIGKILL).returncode == -signal.SIGKILL
    assert tune.main([]) == 0
    runs = mlflow.search_runs(experiment_names=["flights"])
    (parent,) = runs[runs["tags.mlflow.runName"] == "search"]["run_id"]
    below = runs[runs["tags.mlflow.parentRunId"] == parent]
    assert sorted(below["tags.mlflow.runName"]) == sorted(["as it is", *(f"trial {n} of 12" for n in range(1, 13))])
    assert {*below["status"]} == {"FINISHED"} and below["metrics.auc"].notna().sum() > 2
    best = below[below["metrics.auc"] == below["metrics.auc"].max()]
    assert best["params.max_depth"].tolist()[0] == str(outcome(tuned)["model"]["max_depth"])


def test_a_trial_that_fails_is_recorded_and_costs_no_other(tuned, capsys):
    searching(tuned, trials=6, space={"max_depth": [6, 7]})
    assert tune.main([]) == 0
    failed = [each for each in outcome(tuned)["trials"] if each["state"] == "failed"]
    assert failed and {each["why"] for each in failed} == {"ValueError: seven is not for me"}
    assert ": failed: ValueError: seven is not for me" in capsys.readouterr().out


def test_where_every_trial_fails_it_is_one_line(tuned, capsys):
    searching(tuned, trials=3, space={"max_depth": [7]})
    assert tune.main([]) == 1
    line = "error: search: none of 1 trials has a value; the first: ValueError: seven is not for me\n"
    assert capsys.readouterr().err.endswith(line)
    assert not (tuned / "model/search.json").exists()


def test_a_model_is_not_tried_twice(tuned, capsys):
    """A parameter that makes no difference is no reason to."""
    estimator = ESTIMATOR.replace("random_state=0):", "random_state=0, noise=0):")
    estimator = estimator.replace('FunctionTransformer(lambda rows: rows[["width"]].to_numpy())', "'passthrough'")
    (tuned / "model/estimator.py").write_text(estimator, encoding="utf-8")
    searching(tuned, trials=30, space={"max_depth": [2, 3, 4], "noise": {"low": 0, "high": 1000}})
    assert tune.main([]) == 0
    depths = [each["params"]["max_depth"] for each in outcome(tuned)["trials"]]
    said = capsys.readouterr().out
    assert sorted(depths) == [2, 3, 4] and "there seems to be nothing else to try\n" in said
    assert "noise" in outcome(tuned)["trials"][0]["params"] and "noise" not in said, (
        "what makes no difference is left out"
    )
    best = load_project().model
    assert best.keys() == {"max_depth", "random_state"} and search_of(best), "of the file too"
    assert f" (max_depth {best['max_depth']}); best " in said


def test_a_metric_without_a_value_is_a_failure(tuned, capsys):
    (tuned / "model/metrics.py").write_text("def odd(target, scores):\n    return float('nan')\n", encoding="utf-8")
    edit(tuned / "project.yml", "gate:\n", "gate:\n  own_metrics: {odd: higher}\n")
    searching(tuned, trials=2, metric="odd")
    assert tune.main([]) == 1
    assert capsys.readouterr().err.endswith("the first: the metric has no value on fold 1\n")


def test_what_is_not_beaten_stays(tuned, capsys):
    edit(tuned / "project.yml", "  max_depth: 1\n", "  max_depth: 6\n")
    searching(tuned, trials=3, space={"max_depth": [1]})
    before = hash_paths(["model"]), (tuned / "project.yml").read_bytes()
    assert tune.main([]) == 0
    assert capsys.readouterr().out.endswith("no trial beats the parameters that are there; nothing changed\n")
    assert (hash_paths(["model"]), (tuned / "project.yml").read_bytes()) == before


def test_no_trial_begins_after_the_minutes(tuned, capsys):
    searching(tuned, minutes=1e-6)
    assert tune.main([]) == 0
    assert len(read_json(state(tuned), Searched)["trials"]) == 1


def test_another_space_begins_anew_and_loses_nothing(tuned, monkeypatch, capsys):
    assert run_alone(tuned, 12, signal.SIGKILL).returncode == -signal.SIGKILL
    before = state(tuned).read_bytes(), state(tuned)
    searching(tuned, space={"max_depth": {"low": 2, "high": 6}})
    assert tune.main([]) == 0
    said = capsys.readouterr().out
    assert said.startswith("a new search; 1 of other data, code or settings stay in .mlops/search\n")
    assert before[1].read_bytes() == before[0]


@pytest.mark.parametrize("what", ["optuna", "code", "rows", "model"])
def test_what_decides_a_trial_is_in_the_name_of_its_file(tuned, monkeypatch, what):
    def path():
        project = load_project()
        return tune.kept_trials(project, project.search, tuned / "out/split", "d").path

    before = path()
    (tuned / "model/search.json").write_text("{}", encoding="utf-8")
    assert path() == before, "what the search writes itself is none of it"
    if what == "optuna":
        monkeypatch.setattr("mlops.decide.search.asking.version", lambda _: "6.0.0")
    elif what == "code":
        (tuned / "model/more.py").write_text("A = 1\n", encoding="utf-8")
    elif what == "rows":
        pd.DataFrame({"a": [1]}).to_parquet(tuned / "out/split/train.parquet")
    else:
        edit(tuned / "project.yml", "  max_depth: 1\n", "  max_depth: 2\n")
    assert path() != before


def test_a_damaged_file_is_one_line(tuned, capsys):
    assert run_alone(tuned, 12, signal.SIGKILL).returncode == -signal.SIGKILL
    state(tuned).write_text('{"task": "binary"}', encoding="utf-8")
    assert tune.main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: .mlops/search/") and said.endswith(
        "missing; delete it, and the search begins anew\n"
    )


BAD = {
    "no search": (
        lambda project: edit(project / "project.yml", "\nsearch:\n", "\nserach:\n"),
        "project.yml: serach: unknown key",
    ),
    "a parameter that is not there": (
        lambda project: searching(project, space={"depth": [1]}),
        "search.space.depth: there is no such parameter; the nearest are max_depth",
    ),
    "other data": (
        lambda project: pd.DataFrame({"day": [pd.Timestamp("2024-05-01")]}).to_parquet(project / "data/new.parquet"),
        "out/split: of other data, or another data.split, than now; uv run run_pipeline makes it anew",
    ),
    "as many other rows": (
        lambda project: (
            pd.read_parquet(project / "data/rows.parquet")
            .assign(width=0.5)
            .to_parquet(project / "data/rows.parquet", index=False)
        ),
        "out/split: of other data, or another data.split, than now; uv run run_pipeline makes it anew",
    ),
    "another split": (
        lambda project: edit(project / "project.yml", "  time: day\n", "  time: day\n  split: {days: 3}\n"),
        "out/split: of other data, or another data.split, than now; uv run run_pipeline makes it anew",
    ),
    "too many folds": (
        lambda project: edit(project / "project.yml", "  folds: 3\n", "  folds: 20\n  seed: 1\n") or few_days(project),
        "search.folds: they need 21 days of rows at least, and there are",
    ),
}


def few_days(project):
    path = project / "out/split/train.parquet"
    rows = pd.read_parquet(path)
    rows[rows["day"] < "2024-01-10"].to_parquet(path, index=False)


@pytest.mark.parametrize("what", BAD)
def test_a_mistake_is_one_line_before_the_work(tuned, capsys, what):
    change, line = BAD[what]
    change(tuned)
    assert tune.main([]) == 2
    said = capsys.readouterr()
    assert line in said.err and said.err.count("\n") == 1 and said.out == ""


def test_a_project_without_a_search_says_where_to_find_one(tuned, capsys):
    settings = yaml.safe_load((tuned / "project.yml").read_text(encoding="utf-8"))
    del settings["search"]
    (tuned / "project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert tune.main([]) == 2
    assert capsys.readouterr().err == "error: project.yml: search: missing; docs/tuning.md shows one\n"


def test_without_the_packages_it_says_how_to_get_them(tuned, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert tune.main([]) == 2
    assert capsys.readouterr().err == "error: search: needs missing packages; uv sync --inexact --group search\n"


def test_a_value_that_build_refuses_is_one_line(tuned, capsys):
    estimator = ESTIMATOR.replace(
        "    tree = Tree", "    if max_depth > 5:\n        raise ValueError('too deep')\n    tree = Tree"
    )
    (tuned / "model/estimator.py").write_text(estimator, encoding="utf-8")
    assert tune.main([]) == 2
    line = "error: search.space.max_depth: build of model/estimator.py refuses 6 (too deep)\n"
    assert capsys.readouterr().err == line


def test_an_environment_on_this_machine_has_no_others_to_search_on(tuned, capsys):
    assert tune.main(["--on", "staging"]) == 2
    line = "error: --on staging: its platform is local, this machine; search here: uv run tune\n"
    assert capsys.readouterr().err == line


class Interrupted:
    """Machines elsewhere, whose search somebody does not wait for."""

    def begin(self, sweep):
        return f"{sweep.name}-2"

    def page(self, job):
        return f"https://{job}"

    def look(self, job, sweep):
        raise KeyboardInterrupt


def test_a_search_elsewhere_is_left_to_itself(tuned, capsys, monkeypatch):
    monkeypatch.setattr(tune, "sweeps_of", lambda environment: Interrupted())
    assert tune.main(["--on", "staging"]) == 130
    first, last = capsys.readouterr().out.splitlines()
    job = first.removeprefix("search ").partition(": https://")[0]
    assert first == f"search {job}: https://{job}" and job.startswith("tune-")
    assert last == f"search {job} goes on by itself; the same command finds it again"


def test_a_sweep_is_named_by_what_a_search_here_is_and_by_what_its_job_is_told(tuned):
    """Else the same command would take the job of another search for its own."""

    def name(sweep=True, **changes):
        searching(tuned, **changes)
        project = load_project()
        return tune.kept_trials(project, project.search, tuned / "out/split", "d", sweep).path.stem

    assert name(trials=5) == name(trials=5) != name(trials=5, sweep=False)
    assert len({name(trials=5), name(trials=6), name(trials=5, minutes=3), name(trials=5, seed=8)}) == 4
    edit(tuned / "pipelines/image/Dockerfile", "FROM ", "# another image\nFROM ")
    before = name(sweep=False), name()
    edit(tuned / "pipelines/image/Dockerfile", "# another image\n", "")
    assert name(sweep=False) == before[0] and name() != before[1]


def test_a_trial_elsewhere_measures_what_a_trial_here_does(tuned, monkeypatch):
    """The step that a sweep's jobs run, on the same split: the same folds, values and failures."""
    searching(tuned, trials=6, space={"max_depth": [5, 7], "min_samples_leaf": {"low": 1, "high": 3}})
    before = (tuned / "project.yml").read_text(encoding="utf-8")
    assert tune.main([]) == 0
    here = outcome(tuned)
    ways = [next(each for each in here["trials"] if each["state"] == state) for state in ("complete", "failed")]
    (tuned / "project.yml").write_text(before, encoding="utf-8")
    fresh_model(monkeypatch)
    for params in [*(each["params"] for each in ways), {}]:
        assert try_parameters.main(["--parameters", *(f"{name}={value}" for name, value in params.items())]) == 0
    *found, default = [trial_of(*run, load_project().search, asked=bool(run[0])) for run in logged()]
    assert [(each.params, each.state, each.values, each.why) for each in found] == [
        (each["params"], each["state"], each["values"], each["why"]) for each in ways
    ]
    assert default.values == here["default"]["values"] and ways[1]["why"] == "ValueError: seven is not for me"


def logged():
    """Parameters, metrics and tags of the runs that try_parameters left, the first one first."""
    import mlflow

    runs = mlflow.search_runs(experiment_names=["flights"], output_format="list", order_by=["start_time"])
    mine = [run.data for run in runs if STATE in run.data.tags]
    return [(data.params, data.metrics, data.tags) for data in mine]


def test_two_at_once_are_refused(tuned, capsys):
    from filelock import FileLock

    (tuned / ".mlops/search").mkdir(parents=True)
    with FileLock(tuned / ".mlops/search/lock"):
        assert tune.main([]) == 2
    assert capsys.readouterr().err == "error: .mlops/search: another tune is under way; wait for it or stop it\n"
