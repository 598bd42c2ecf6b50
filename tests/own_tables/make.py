"""Write one of these tables as CSV: its name and the file are the arguments. Run by a project's Python."""

import sys

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes, load_wine


def diabetes() -> pd.DataFrame:
    """442 patients, a number to tell, no time: scikit-learn's own table."""
    table = load_diabetes(as_frame=True, scaled=False).frame
    return table.assign(sex=table["sex"].map({1.0: "female", 2.0: "male"})).rename(columns={"bp": "blood pressure"})


def wines() -> pd.DataFrame:
    """178 wines of three classes: scikit-learn's own table, its classes as text."""
    table = load_wine(as_frame=True).frame
    return table.assign(target=table["target"].map({0: "Barolo", 1: "Grignolino", 2: "Barbera"}))


def orders() -> pd.DataFrame:
    """4,000 orders of four months: answers in words; nulls in text, booleans, times; a column named as one of ours."""
    chance, rows = np.random.default_rng(5), 4000
    table = pd.DataFrame({"ordered at": pd.date_range("2024-01-01", "2024-04-30 20:00", periods=rows).floor("s")})
    table["Größe (cm)"] = chance.normal(170, 10, rows).round(1)
    table["challenger"] = chance.choice(["north", "south", None], rows, p=[0.5, 0.4, 0.1])
    table["member"] = chance.choice([True, False, None], rows)
    table["seen before"] = table["ordered at"].where(chance.random(rows) < 0.8) - pd.Timedelta(days=3)
    table["items"] = chance.integers(1, 9, rows)
    value = (table["Größe (cm)"] - 170) / 10 + (table["challenger"] == "south") + 0.2 * table["items"] - 1.5
    return table.assign(paid=np.where(value + chance.logistic(0, 0.7, rows) > 0, "yes", "no"))


def birds() -> pd.DataFrame:
    """344 birds of three species, as numbers and text with nulls; of two of them nothing was measured."""
    chance, rows = np.random.default_rng(8), 344
    table = pd.DataFrame({"species": chance.choice(["Adelie", "Chinstrap", "Gentoo"], rows, p=[0.44, 0.2, 0.36])})
    kind = table["species"].map({"Adelie": 0, "Chinstrap": 1, "Gentoo": 2})
    table["island"] = np.where((kind == 2) | (chance.random(rows) < 0.2), "Biscoe", "Dream")
    table["bill_length_mm"] = (39 + 9 * (kind > 0) + chance.normal(0, 3, rows)).round(1)
    table["flipper_length_mm"] = (190 + 27 * (kind == 2) + chance.normal(0, 6, rows)).round()
    table["sex"] = chance.choice(["female", "male", None], rows, p=[0.48, 0.48, 0.04])
    table.loc[[3, 271], ["bill_length_mm", "flipper_length_mm", "sex"]] = None
    return table.assign(year=chance.integers(2007, 2010, rows))


def surveys() -> pd.DataFrame:
    """900 answers to 50 questions that hardly anybody was asked: three columns of four are null, three wholly."""
    chance, rows = np.random.default_rng(9), 900
    table = pd.DataFrame(chance.normal(5, 2, (rows, 40)).round(1), columns=[f"q{each}" for each in range(40)])
    words = [chance.choice(["never", "often", "always"], rows) for _ in range(10)]
    table = table.assign(**{f"w{each}": word for each, word in enumerate(words)})
    value = table["q0"] + 2 * (table["w0"] == "always") + chance.normal(0, 1, rows)
    table = table.where(chance.random(table.shape) < 0.25).assign(q37=None, q38=None, w9=None)
    return table.assign(q0=value.where(chance.random(rows) < 0.9).round(1), satisfaction=value.round(2))


def rentals() -> pd.DataFrame:
    """Bicycles rented by the hour, five months with gaps: whether many were, which other hours decide from April on."""
    chance = np.random.default_rng(10)
    hours = pd.date_range("2012-01-01", "2012-05-31 23:00", freq="h")
    table = pd.DataFrame({"hour": hours[chance.random(len(hours)) < 0.97]})
    table["weather"] = chance.choice(["clear", "mist", "rain", None], len(table), p=[0.6, 0.25, 0.1, 0.05])
    table["temp"] = (8 + 6 * np.sin(table["hour"].dt.hour / 4) + chance.normal(0, 4, len(table))).round(1)
    table["working day"] = table["hour"].dt.dayofweek < 5
    of_day = (table["hour"].dt.hour - 4 * (table["hour"].dt.month > 3)) % 24
    value = of_day.between(7, 18) * 3.0 + table["temp"] / 10 - 2 * (table["weather"] == "rain") - 2
    return table.assign(busy=value + chance.logistic(0, 0.6, len(table)) > 0)


TABLES = (diabetes, wines, orders, birds, surveys, rentals)

if __name__ == "__main__":
    {each.__name__: each for each in TABLES}[sys.argv[1]]().to_csv(sys.argv[2], index=False)
