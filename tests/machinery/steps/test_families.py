"""Each family of the drafted model, for each task: trained and answered through the scoring script, nulls and all."""

import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from groups import NEEDS_INTERPRETABLE

from mlops.data.adoption.model import model_files
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json, write_json
from steps import train, try_serving

ROWS = 300
FAMILIES = ("trees", "forest", "linear", pytest.param("interpretable", marks=NEEDS_INTERPRETABLE))
SMALL = {
    "max_iter": 10,
    "forest_n_estimators": 10,
    "interpretable_max_rounds": 100,
    "interpretable_outer_bags": 1,
    "random_state": 0,
}
ANSWERS = {
    "binary": lambda value: np.where(value > 0, "yes", "no"),
    "multiclass": lambda value: np.select([value < -0.5, value > 0.5], ["low", "high"], "mid"),
    "regression": lambda value: value,
}


@pytest.fixture(params=ANSWERS)
def task(request, project, monkeypatch):
    """A project with the model that is drafted for that task; width may be null, and is not always known."""
    name = request.param
    settings = yaml.safe_load((project / "project.yml").read_text(encoding="utf-8"))
    settings |= {"task": name, "features": ["width", "place"], "model": SMALL}
    settings["data"] |= {"target": "answer", "time": "day", "known_only_after": []}
    settings["gate"] |= {"floors": {{"regression": "rmse"}.get(name, "log_loss"): 3}}
    settings["gate"].pop("metric", None)
    settings["gate"]["slices"] |= {"columns": ["place"], "floor": 0.5}
    (project / "project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    for file, text in model_files(name).items():
        (project / "model" / file).write_text(text, encoding="utf-8")
    rng, split = np.random.default_rng(4), project / "out/split"
    width = rng.normal(size=ROWS)
    rows = pd.DataFrame({"width": np.where(rng.random(ROWS) < 0.1, np.nan, width)})
    rows["place"] = np.where(rng.random(ROWS) < 0.1, None, rng.choice(["north", "south"], ROWS))
    rows["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) % 40, unit="D")
    rows["answer"] = ANSWERS[name](2 * width + rng.normal(scale=0.5, size=ROWS))
    split.mkdir(parents=True)
    rows.to_parquet(split / "train.parquet", index=False)
    side = {"rows": ROWS}
    write_json(split / "split.json", {"data_hash": "d", "train": side, "test": side})
    monkeypatch.syspath_prepend(str(project))
    for loaded in [each for each in sys.modules if each.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, loaded)
    return name


def with_family(project, family):
    settings = yaml.safe_load((project / "project.yml").read_text(encoding="utf-8"))
    settings["model"]["family"] = family
    (project / "project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_trained_and_served_alike(task, project, family, capsys, recwarn):
    with_family(project, family)
    assert (train.main([]), try_serving.main([])) == (0, 0)
    assert not [each for each in recwarn if "Missing values" in str(each.message)], "nulls are nothing to be warned of"
    assert "refuses values" not in capsys.readouterr().out, "an endpoint answers text that is new"
    asked = read_json(project / "out/model/probe.json", Artefact)["request"]["input_data"]["data"]
    assert any(row[0] is None for row in asked) and any(row[1] == "never seen in training" for row in asked)


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_a_family_whose_packages_are_not_here_is_one_line(task, project, monkeypatch, capsys):
    with_family(project, "interpretable")
    for name in [name for name in sys.modules if name.split(".")[0] == "interpret"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "interpret", None)
    assert train.main([]) == 2
    line = "error: model/: needs the package interpret, which is not here; uv sync --inexact --group interpretable\n"
    assert capsys.readouterr().err.endswith(line)
