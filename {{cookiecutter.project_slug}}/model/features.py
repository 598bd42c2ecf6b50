"""From raw columns to what the estimator sees. Part of the model itself, so training and serving cannot differ."""

import pandas as pd

TEXT = ["carrier", "origin", "dest"]


def derive(flights: pd.DataFrame) -> pd.DataFrame:
    """Raw columns, one row a flight, to model columns: text columns first, then numbers.

    Clock times come as HHMM (1745 is 17:45) and leave as minutes since midnight.
    """
    numbers = flights.drop(columns=[*TEXT, "time_hour"])
    return pd.concat([flights[TEXT], numbers], axis="columns").assign(
        weekday=pd.to_datetime(flights["time_hour"]).dt.weekday,
        sched_dep_time=minutes(flights["sched_dep_time"]),
        sched_arr_time=minutes(flights["sched_arr_time"]),
    )


def minutes(clock: pd.Series) -> pd.Series:
    """HHMM to minutes since midnight."""
    return clock // 100 * 60 + clock % 100
