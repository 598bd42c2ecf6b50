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


if __name__ == "__main__":
    {each.__name__: each for each in (diabetes, wines, orders)}[sys.argv[1]]().to_csv(sys.argv[2], index=False)
