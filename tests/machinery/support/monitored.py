"""A production that has served version 7, asked what a test wants, with labels to come: what `monitor` looks at."""

import json
import time
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
from hosted import PRODUCTION, clone_project, endpoint, register

from conftest import MONTHS, edit
from mlops.data.columns import describe
from mlops.data.files import write_json
from mlops.data.model_folder import payload
from mlops.data.reference import DAYS_FILE, write_days, write_reference
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request

NAME = "flights-production"
ALL_TESTED, MARCH_IS_NEW = "2013-03-31T23:00:00", "2013-02-28T23:00:00"  # until when the version was tested
PROMISED = "0.62"  # what a clock alone can tell of March
MARCH = len(pd.read_parquet(MONTHS[2]))
STABLE, DRIFT, FEW = (300,), (300, 1200.0), (20, 1200.0)


class Clock:
    """A model: the later in the day, the later the flight."""

    classes_ = np.array([0, 1])

    def predict_proba(self, rows):
        scores = rows["time_hour"].dt.hour.to_numpy() / 48 if "time_hour" in rows else np.full(len(rows), 0.3)
        return np.column_stack([1 - scores, scores])


def rows(count, distance=1000.0):
    """Rows whose distances lie around that value."""
    rng = np.random.default_rng(count)
    times = pd.date_range("2013-01-01", periods=count, freq="h").astype("datetime64[ns]")
    carriers = rng.choice(["B6", "UA"], count)
    return pd.DataFrame({"time_hour": times, "carrier": carriers, "distance": rng.normal(distance, 100, count)})


def probe_rows(version):
    """What `apply` asks to see whether that version answers as it should."""
    return rows(3, 5000.0 + 100 * version)


def collected(frame, answer=None):
    """The endpoint of production was asked these rows a minute ago, and no others."""
    (Path(".mlops/endpoints") / NAME / RECORDS_FILE).unlink(missing_ok=True)
    collected_too(frame, answer)


def collected_too(frame, answer=None, version=7, ago=60.0):
    """It was asked these as well, so many seconds ago, and that version answered."""
    asked, said = json.dumps(payload(frame)).encode(), json.dumps(answer or {}).encode()
    recorder = Recorder(Path(".mlops/endpoints") / NAME / RECORDS_FILE)
    recorder.add(Request(time.time() - ago, "blue", version, "live", 200, 5.0, asked, said))
    recorder.close()


def registered(without=None, days=True, version=7, **tags):
    """The version was registered with these tags, its model not trained on the column that is left out; its folder."""
    folder, trained = register(version, **tags), rows(1000).drop(columns=without or [])
    write_reference(trained, folder)
    (folder / DAYS_FILE).unlink(missing_ok=True)
    if days:
        write_days(rows(1000)["time_hour"], folder)
    write_json(folder / "probe.json", {"request": payload(probe_rows(version)), "answer": {"scores": [0.5] * 3}})
    (folder / "code").mkdir(exist_ok=True)
    columns = {"columns": json.dumps(describe(trained))}
    write_json(folder / "MLmodel", {"flavors": {"sklearn": {"pickled_model": "model.pkl"}}, "metadata": columns})
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(Clock()))
    return folder


def in_production(folder, monkeypatch):
    """The current folder is a clone of the project whose production has served version 7; its remote."""
    bare = clone_project(folder, monkeypatch)
    edit(PRODUCTION, "version: null ", "version: 7 ")
    registered(test_to=ALL_TESTED, test_auc=PROMISED)
    endpoint(NAME)
    return bare


def report():
    """What drift.json says."""
    return json.loads(Path("out/monitor/drift.json").read_text(encoding="utf-8"))
