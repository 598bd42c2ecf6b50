"""Faults of the data: what comes from a broken source and not from the world, and what no training can mend.

Each is something that no window of the training period came near to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.decide.distances import binned
from mlops.decide.drift import limit
from mlops.decide.windows import Mask, Windows

MORE_MISSING, USUAL = 0.1, 0.95  # beyond what that share of the windows tell
MORE_ZEROS = MORE_NEW = 0.05
BEYOND = 0.2  # of the range of the other values is zero below or above it: else next to them, as sight in fog
COMMON, EVERYWHERE = 0.1, 0.05  # shares of a text that cannot vanish by chance: of all rows, and of every window
BY_CHANCE = 1e-4
ONE_VALUE = 0.9  # of a window: then it is no fault that all values are one
ENOUGH = 10  # values of a window that tell their unit, or that they are all one
FAMILIAR = 0.9  # of the values are among those that training repeats
FACTORS = {
    "miles to km": 1.609344,
    "inches to mm": 25.4,
    "inches to cm": 2.54,
    "feet to metres": 0.3048,
    "pounds to kg": 0.45359237,
    "gallons to litres": 3.785411784,
    "miles an hour to metres a second": 0.44704,
    "km/h to metres a second": 1 / 3.6,
    "millibars to inches of mercury": 0.029529983,
    "seconds to minutes": 1 / 60,
    "ones to tenths": 10.0,
    "ones to hundredths": 100.0,
    "ones to thousandths": 1000.0,
}


class Conversion(NamedTuple):
    """y = factor * x + shift, for training values between low and high alone."""

    factor: float
    shift: float = 0.0
    low: float = -np.inf
    high: float = np.inf


CONVERSIONS = {
    **{name: Conversion(factor) for name, factor in FACTORS.items()},
    **{f"{name}, backwards": Conversion(1 / factor) for name, factor in FACTORS.items()},
    "°F to °C": Conversion(5 / 9, -160 / 9, -130, 140),
    "°C to °F": Conversion(9 / 5, 32, -90, 60),
    "°C to K": Conversion(1, 273.15, -90, 60),
    "K to °C": Conversion(1, -273.15, 180, 335),
}


@dataclass(frozen=True)
class Fault:
    """kind: missing, zeros, constant, vanished value, new values, unit, swapped or scattered. says: it in one line.

    left: the distance from training that is left when it is undone, where it can be.
    """

    kind: str
    features: list[str]
    says: str
    left: float | None = None


def faults(before: pd.DataFrame, now: pd.DataFrame, windows: Windows, chance: float) -> list[Fault]:
    """Those of every column. chance: of a feature's being beyond its limit by luck."""
    found: list[Fault] = []
    for name in before:
        found += missing(before[name], now[name], windows, chance)
        if before[name].notna().any() and now[name].notna().any():
            found += of_values(before[name], now[name], windows, chance)
    return found


def of_answers(before: pd.Series, now: pd.Series, windows: Windows, chance: float) -> list[Fault]:
    """Those of a model that is broken: it answers nothing, or always the same."""
    return [*missing(before, now, windows, chance), *constant(before, now, windows)]


def of_values(before: pd.Series, now: pd.Series, windows: Windows, chance: float) -> Iterator[Fault]:
    """The first that explains the values; where all are one, nothing else is worth saying."""
    if one := list(constant(before, now, windows)):
        yield from one
    elif pd.api.types.is_numeric_dtype(before):
        yield from list(unit(before, now, windows, chance)) or zeros(before, now, windows)
    else:
        yield from vanished(before, now, windows)
        yield from new(before, now, windows)


def shares(windows: Windows, is_so: Mask) -> NDArray[np.float64]:
    """Shape (windows,): the share of each window's rows of which it is so."""
    inside = windows.inside.astype(np.float32)
    found: NDArray[np.float64] = inside @ is_so.astype(np.float32) / inside.sum(axis=1)  # none is empty
    return found


def missing(before: pd.Series, now: pd.Series, windows: Windows, chance: float) -> Iterator[Fault]:
    """More than one more window has by chance, but for the worst: that a source was broken for a while excuses nothing.

    What is missing now and then, as air pressure in bad weather, is missing far more on some days than on others.
    """
    share, usual = now.isna().mean(), np.sort(shares(windows, before.isna().to_numpy()))
    most = limit(usual[: int(USUAL * len(usual))], windows.apart, chance)
    if share >= most + MORE_MISSING:
        yield Fault("missing", [str(before.name)], f"{share:.1%} missing, of which training allows {most:.1%}")


def constant(before: pd.Series, now: pd.Series, windows: Windows) -> Iterator[Fault]:
    if now.nunique() > 1 or now.notna().sum() < ENOUGH:
        return
    bins = binned(before, now)
    counts = bins.counts(windows.inside)[:, :-1]
    counts = counts[counts.sum(axis=1) >= ENOUGH]  # a window of one value that is there says nothing
    if len(counts) and (counts.max(axis=1) / counts.sum(axis=1)).max() < ONE_VALUE:
        yield Fault("constant", [str(before.name)], f"{now.dropna().iloc[0]!s:.30} in every row")


def zeros(before: pd.Series, now: pd.Series, windows: Windows) -> Iterator[Fault]:
    """Where zero lies well beyond all but the rarest of the other values."""
    low, high = before[before != 0].quantile([0.01, 0.99])
    near = BEYOND * (high - low)
    share, most = (now == 0).mean(), shares(windows, (before == 0).to_numpy()).max()
    if share >= most + MORE_ZEROS and not low - near <= 0 <= high + near:
        yield Fault("zeros", [str(before.name)], f"0 in {share:.1%} of the rows, and in {most:.1%} at most in training")


def unit(before: pd.Series, now: pd.Series, windows: Windows, chance: float) -> Iterator[Fault]:
    """Values that a conversion brings back; zero is zero in most units.

    Where training repeats its values they must be others: a warmer month is far away, too, and has those of before.
    Else they must be far from those of training, in a season that it knows.
    """
    then, values = before.where(before != 0), now.where(now != 0)
    bins = binned(then, values)
    inside = bins.counts(windows.inside)
    enough = inside[:, :-1].sum(axis=1) >= ENOUGH
    if enough.sum() < 2 or values.notna().sum() < ENOUGH:
        return
    among = bins.distances(inside[enough], bins.counts(windows.rest)[enough])
    known, far = repeated(then), windows.seen and apart(then, values, windows) > limit(among, windows.apart, chance)
    strange = familiar(values, known) < FAMILIAR / 2
    if not (strange if known else far):
        return
    back = {name: undone(values, each) for name, each in CONVERSIONS.items() if fits(each, then)}
    if strange:
        back = {name: each for name, each in back.items() if far or familiar(each, known) >= FAMILIAR}
    left = {name: apart(then, each, windows) for name, each in back.items()}
    likely = min(left, key=lambda name: left[name], default="")
    if likely and left[likely] <= among.max():
        medians = f"median {then[windows.now_rest].median():.4g} -> {values.median():.4g}"
        yield Fault("unit", [str(before.name)], f"as if from {likely}: {medians}, zeros left out", left[likely])


def undone(values: pd.Series, conversion: Conversion) -> pd.Series:
    """Rounded to six digits, so that what was 550 is 550 again."""
    return digits((values - conversion.shift) / conversion.factor).astype("float64")


def fits(conversion: Conversion, then: pd.Series) -> bool:
    return bool(then.min() >= conversion.low and then.max() <= conversion.high)


def repeated(then: pd.Series) -> set[str]:
    """The values of training, to six digits, where nearly all of them come more than once; else none."""
    counts = digits(then).value_counts()
    return set(counts.index) if counts[counts > 1].sum() >= FAMILIAR * counts.sum() else set()


def familiar(values: pd.Series, known: set[str]) -> float:
    """The share of the values that are among those; 1 where there are none to compare with."""
    return float(digits(values).isin(known).mean()) if known else 1.0


def digits(values: pd.Series) -> pd.Series:
    """The values that are there, rounded: what was converted there and back is the same again."""
    return values.dropna().map("{:.6g}".format)


def apart(before: pd.Series, now: pd.Series, windows: Windows) -> float:
    """The distance of all live values from the training rows of their season."""
    bins = binned(before, now)
    return float(bins.distances(bins.counts_now(), bins.counts(windows.now_rest)))


def vanished(before: pd.Series, now: pd.Series, windows: Windows) -> Iterator[Fault]:
    """A text that no window was without, and that so many rows cannot lack by chance."""
    usual = before[windows.now_rest].value_counts(normalize=True)
    for value in usual.index[usual >= COMMON]:
        least = shares(windows, (before == value).to_numpy()).min()
        if least >= EVERYWHERE and (1 - least) ** len(now) < BY_CHANCE and not (now == value).any():
            yield Fault("vanished value", [str(before.name)], f"{value!s:.30} is gone: {usual[value]:.1%} in training")


def new(before: pd.Series, now: pd.Series, windows: Windows) -> Iterator[Fault]:
    """Texts that training never had, more than any window had that the rest of its season lacks."""
    unknown = now[now.notna() & ~now.isin(before.unique())]
    share = len(unknown) / len(now)
    if share < MORE_NEW or share < most_new(before, windows) + MORE_NEW:
        return
    commonest = unknown.value_counts().index[0]
    yield Fault(
        "new values", [str(before.name)], f"never seen in training: {share:.1%} of the rows, as {commonest!s:.30}"
    )


def most_new(before: pd.Series, windows: Windows) -> float:
    """The largest share of a window's rows whose text the rest of its season lacks."""
    codes, names = pd.factorize(before)
    codes = np.where(codes < 0, len(names), codes)  # missing is no new value
    lacking = []
    for inside, rest in zip(windows.inside, windows.rest, strict=True):
        known = np.bincount(codes[rest], minlength=len(names) + 1) > 0
        known[-1] = True
        lacking.append(np.mean(~known[codes[inside]]) if inside.any() else 0.0)
    return float(max(lacking))
