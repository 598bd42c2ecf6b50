"""The batch scoring script in this process, and files for it to score."""

import importlib
import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import small_model

from conftest import ROOT

TIME = "2013-02-01T12:00:00+00:00"
MODULES = ("batch_score", "batch_rows", "score", small_model.PACKAGE)
SERVING = ROOT / "serving"


@contextmanager
def batch_script(model, output, key=(), time=TIME, serving=SERVING):
    """The project's script, with that model loaded. Neither it nor the model's code stays imported."""
    before, paths = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}, sys.path[:]
    told = {"AZUREML_MODEL_DIR": str(model), "AZUREML_BI_OUTPUT_PATH": str(output), "BATCH_TIME": time}
    try:
        with patch.dict(os.environ, {**told, "BATCH_KEYS": json.dumps(list(key))}):
            sys.path.insert(0, str(serving))
            script = importlib.import_module("batch_score")
            script.init()
            yield script
    finally:
        sys.path[:] = paths
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def flights(rows, seed=0):
    """Rows for the small model, with a key, some nulls, and a column that it does not want."""
    rng = np.random.default_rng(seed)
    distance = rng.integers(1, 40, rows) * 100.0
    distance[rng.random(rows) < 0.1] = np.nan
    start = pd.Timestamp("2013-01-01", unit="ns")
    return pd.DataFrame(
        {
            "flight": np.arange(rows) + 1_000_000 * seed,
            "distance": distance,
            "time_hour": start + pd.to_timedelta(rng.integers(0, 700, rows), unit="h"),
            "carrier": rng.choice(["B6", "UA", "DL", "AA"], rows),
            "late": rng.random(rows) < 0.2,
        }
    )


def write_flights(folder, sizes):
    """A Parquet file for each of these numbers of rows; the frames by file name."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = {f"{number:02}.parquet": flights(size, number) for number, size in enumerate(sizes)}
    for name, rows in frames.items():
        rows.to_parquet(folder / name, index=False)
    return frames


def answer_files(output):
    """The bytes of every file of answers in the folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(Path(output).glob("*.parquet"))}
