"""What the pipeline costs over a bare script that does the same work.

    uv run python benchmarks/pipeline.py

Generates a project, then times in turn, each in a process of its own: the bare script, the pipeline on a folder without
any earlier result (cold), and the pipeline again with nothing changed. Once right after installation, when Python has
to compile every package that it imports, and once with compiled packages. Prints medians and ratios.
"""

import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from _project import installed_project, options, seconds
from demo.run import python_of

ROUNDS = 3
BARE = """
import pickle
from pathlib import Path
import pandas as pd
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score
from model.estimator import build

months = [pd.read_parquet(path) for path in sorted(Path("data").glob("*.parquet"))]
train, test = pd.concat(months[:-1]), months[-1]
features = {features!r}
model = build(**{parameters!r}).fit(train[features], train["late"])
scores = model.predict_proba(test[features])[:, 1]
print(roc_auc_score(test["late"], scores), log_loss(test["late"], scores), brier_score_loss(test["late"], scores))
print(accuracy_score(test["late"], scores > 0.5))
Path("bare.pkl").write_bytes(pickle.dumps(model))
"""
SETTINGS = "from mlops.settings.project import load_project as l; p = l(); print(repr((p.features, p.model)))"

FRESH = {"PYTHONDONTWRITEBYTECODE": "1"}


def forget(project: Path) -> None:
    """Take away every earlier result, and leave what is installed: the serving environment, like the project's own."""
    shutil.rmtree(project / "out", ignore_errors=True)
    results = [path for path in (project / ".mlops").glob("*") if path.name != "serving"]
    for path in results:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def measure(project: Path, settings: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, after one of each that is not counted unless it is the only one."""
    python = str(python_of(project))
    told = subprocess.run(
        [python, "-c", SETTINGS], cwd=project, check=True, capture_output=True, encoding="utf-8"
    ).stdout
    features, parameters = eval(told)  # the project's own answer
    (project / "bare.py").write_text(BARE.format(features=features, parameters=parameters), encoding="utf-8")
    bare, pipeline = [python, "bare.py"], ["uv", "run", "--frozen", "run_pipeline"]
    taken: dict[str, list[float]] = {"bare script": [], "pipeline, cold": [], "pipeline, nothing changed": []}
    for _ in range(rounds + 1):
        forget(project)
        for name, command in zip(taken, (bare, pipeline, pipeline), strict=True):
            taken[name].append(seconds(project, *command, **settings))
    return {name: each[1:] or each for name, each in taken.items()}


def main() -> None:
    quick = options(__doc__).quick
    with tempfile.TemporaryDirectory() as folder:
        project = installed_project(Path(folder))
        if not quick:
            show("right after installation", measure(project, FRESH, ROUNDS))
            seconds(project, "uv", "sync", "--quiet", "--compile-bytecode")
        show("with compiled packages", measure(project, {}, 0 if quick else ROUNDS))


def show(title: str, taken: dict[str, list[float]]) -> None:
    """One table."""
    base = statistics.median(taken["bare script"])
    print(f"\n| {title} | median s | min | max | ratio to the bare script |\n| --- | ---: | ---: | ---: | ---: |")
    for name, rounds in taken.items():
        middle = statistics.median(rounds)
        print(f"| {name} | {middle:.2f} | {min(rounds):.2f} | {max(rounds):.2f} | {middle / base:.2f} |")


if __name__ == "__main__":
    main()
