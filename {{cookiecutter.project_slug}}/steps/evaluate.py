"""Evaluate challenger and champion on the very same test rows.

Reads the split and one or two model folders; writes evaluation.json, scores.parquet (a row a test row) and plots/*.svg.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.commands.console import command
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.model_folder import LINEAGE_FILE, load_model
from mlops.data.tables import read_file
from mlops.settings.project import PROJECT_FILE, Project, load_project

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

TIMED_ROWS = 20


def latency(model: "Pipeline", rows: "pd.DataFrame") -> dict[str, float]:
    """Milliseconds to score one row at a time: median and 95th percentile over the first rows."""
    taken = []
    for index in range(min(TIMED_ROWS, len(rows))):
        start = time.perf_counter()
        model.predict_proba(rows.iloc[[index]])
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return {"p50_ms": round(taken[len(taken) // 2], 2), "p95_ms": round(taken[int(len(taken) * 0.95)], 2)}


def evaluate(folder: Path, test: "pd.DataFrame", project: Project) -> "tuple[pd.Series, dict[str, Any]]":
    """Scores of the model on the test rows, and all that is measured of it."""
    from mlops.decide.metrics import intervals, measure

    model, rows, target = load_model(folder), test[project.features], test[project.data.target].to_numpy()
    scores = model.predict_proba(rows)[:, 1]
    return scores, {
        "model_hash": hash_folder(folder),
        "lineage": read_json(folder / LINEAGE_FILE),
        "metrics": measure(target, scores, project.gate.threshold),
        "intervals": intervals(target, scores, project.gate.threshold, project.gate.seed),
        "latency": latency(model, rows),
    }


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT_FILE, help="project.yml")
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="what split_data wrote")
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--champion", type=Path, help="the champion's model folder; none: a cold start")
    parser.add_argument("--evaluation", type=Path, default=Path("out/evaluation"), help="folder to write")
    args = parser.parse_args(argv)
    project, split = load_project(args.project), read_json(args.split / "split.json")
    test = read_file(args.split / "test.parquet")
    frame = test[project.gate.slices.columns].assign(target=test[project.data.target])
    frame["challenger"], challenger = evaluate(args.model, test, project)
    result = {"test": split["test"], "challenger": challenger}
    if args.champion:
        frame["champion"], result["champion"] = evaluate(args.champion, test, project)

    from mlops.decide.metrics import slice_rows
    from mlops.report.plots import write_plots

    result["slices"] = slice_rows(frame, project.gate.slices.columns, project.gate.threshold)
    args.evaluation.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(args.evaluation / "scores.parquet", index=False)
    write_plots(frame, result["slices"], args.evaluation / "plots")
    write_json(args.evaluation / "evaluation.json", result)
    for name in ("challenger", "champion"):
        if name in result:
            print(name, " ".join(f"{metric} {value:.4f}" for metric, value in result[name]["metrics"].items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
