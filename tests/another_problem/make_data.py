"""Write three months of bike rentals, a row an hour and station, into the folder named by the first argument."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20
STATIONS = ("Harbour", "Old Town", "University")
SKIES = ("clear", "cloud", "rain")


def month(first: str, chance: np.random.Generator) -> pd.DataFrame:
    """The first 30 days of a calendar month, 2,160 rows. busy: more than half of the bikes are out in that hour."""
    hours = pd.date_range(first, periods=30 * 24, freq="h")
    rows = pd.DataFrame({"start": hours.repeat(len(STATIONS)), "station": STATIONS * len(hours)})
    size, hour = len(rows), rows["start"].dt.hour
    rows["holiday"] = ((rows["start"].dt.dayofweek == 6) | (rows["start"].dt.day == 1)).astype("int64")
    rows["sky"] = chance.choice(SKIES, size, p=[0.5, 0.3, 0.2])
    rows["celsius"] = (12 - 8 * np.cos(hour / 24 * 2 * np.pi) + chance.normal(0, 4, size)).round(1)
    rows["feels_like"] = rows["celsius"] - chance.gamma(2, 1.5, size).round(1) - 0.1
    rows["wind"] = chance.gamma(2, 6, size).round(1)
    rows["docks"] = rows["station"].map({"Harbour": 18, "Old Town": 24, "University": 40}).astype("int64")
    rush = hour.isin([8, 9, 17, 18]) * (1 - rows["holiday"])
    demand = 0.15 * rows["celsius"] + 2 * rush - 1.5 * (rows["sky"] == "rain") - 2.5 + chance.logistic(0, 0.7, size)
    rows["bikes_out"] = (rows["docks"] / (1 + np.exp(-demand))).round().astype("int64")
    rows["bikes_in"] = rows["docks"] - rows["bikes_out"]
    rows["capacity"] = rows["bikes_out"] + rows["bikes_in"]
    rows["busy"] = (rows["bikes_out"] > rows["docks"] / 2).astype("int64")
    rows["ride"] = [f"R{number:07d}" for number in chance.permutation(size)]
    rows["day"] = rows["start"].dt.strftime("%Y-%m-%d")
    rows["detail"] = [f'{{"docks": {docks}}}' for docks in rows["docks"]]
    rows["hours_left"] = (rows["start"].max() - rows["start"]) / pd.Timedelta(hours=1)
    for name, share in (("celsius", 0.02), ("feels_like", 0.05), ("wind", 0.1)):
        rows.loc[chance.random(size) < share, name] = np.nan
    return rows


if __name__ == "__main__":
    chance = np.random.default_rng(SEED)
    for first in ("2024-05-01", "2024-06-01", "2024-07-01"):
        month(first, chance).to_parquet(Path(sys.argv[1]) / f"{first[:7]}.parquet", index=False)
