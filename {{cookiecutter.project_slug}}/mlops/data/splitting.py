"""Which rows are held out for the test.

A side by hash is a function of the row (or its group) alone, so it stays the same whatever rows come or go. For that
very reason no quota can be kept: a row would have to change sides when others come. Every class is held out in the same
share up to chance, because the hash of a key knows nothing of the target; that is how such a split is stratified.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops import UserError, counted
from mlops.data.kinds import without_zone
from mlops.data.row_hashes import Hashes, read_hashes
from mlops.data.tables import read_data
from mlops.settings.project import Data
from mlops.settings.split import Split

if TYPE_CHECKING:
    import pandas as pd

SHARE = 0.2
FEWEST_CLUSTERS = 10
LEAST_ROWS = 20  # on either side: with fewer nothing can be said, and no probe be made

Mask = NDArray[np.bool_]


def newest(times: "pd.Series", rule: Split) -> Mask:
    """Shape (rows,), True for the test: the newest calendar month, the last days, or a share of the rows.

    Rows of one time are on one side, so a share may come out larger. UserError when there is but one month.
    """
    import pandas as pd

    times = without_zone(times)
    if rule.days:
        held_out = times > times.max() - pd.Timedelta(days=rule.days)
    elif rule.share:
        held_out = times >= times.quantile(1 - rule.share, interpolation="higher")
    else:
        months = times.dt.to_period("M")
        held_out = months == months.max()
        if held_out.all():
            raise UserError(f"data: all rows are of {months.max()}; a split by time needs a month before it")
    return np.asarray(held_out, dtype=bool)


def held_out(folder: Path, data: Data) -> Mask:
    """Shape (rows,), True for the test: of all rows of the folder's files in name order."""
    if data.time and data.split_by == "time":
        return newest(read_data(folder, [data.time])[data.time], data.split)
    return lowest(read_hashes(folder, hashed_columns(data)), data.split)


def hashed_columns(data: Data) -> list[str] | None:
    """The columns whose hash decides: the group, or the key. None: all that the files have."""
    return [data.split.group] if data.split.group else data.key or None


def lowest(hashes: Hashes, rule: Split) -> Mask:
    """Shape (hashes,), True for the test. A larger share takes more rows, and keeps those of a smaller one."""
    held_out: Mask = hashes < np.uint64(int((rule.share or SHARE) * 2**64))
    return held_out


def clusters(rows: "pd.DataFrame", data: Data) -> NDArray[np.intp] | None:
    """The number of what each row came together with: its day, group, or value of data.split.cluster.

    None where nothing says so, or where that are too few to say how alike they are.
    """
    if data.cluster is None:
        return None
    column = rows[data.cluster]
    if data.cluster == data.time:
        column = without_zone(column).dt.floor("D")
    codes: NDArray[np.intp] = column.factorize(use_na_sentinel=False)[0]
    return codes if len(codes) and codes.max() + 1 >= FEWEST_CLUSTERS else None


def check_dealt(folder: Path, tested: Mapping[str, Any], rule: Split) -> None:
    """UserError when that split, whose split.json says so of its test, has other folds than project.yml now."""
    if {name: tested[name] for name in ("folds", "repeats") if name in tested} != rule.dealt:
        raise UserError(f"{folder}: made with another data.split than now; run split_data again")


def check_sides(target: "pd.Series", tested: Mask) -> None:
    """UserError as in check_side, for either."""
    check_side("train", target[~tested])
    check_side("test", target[tested])


def check_side(side: str, target: "pd.Series") -> None:
    """UserError when that side (train or test) is too small, or its target is always the same."""
    if len(target) < LEAST_ROWS:
        rows = counted(len(target), "row")
        raise UserError(f"{side}: {rows}, and {LEAST_ROWS} are the least; add data, or change data.split")
    if target.nunique() < 2:
        raise UserError(
            f"{side}: {target.name} is {target.iloc[0]} in all {len(target):,} rows; add data, or change data.split"
        )
