"""Drift of inputs: a shift counts when it is both beyond chance and large enough to matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mlops.settings.project import Monitoring

Status = Literal["STABLE", "DRIFT", "INSUFFICIENT"]


@dataclass(frozen=True)
class FeatureShift:
    """One feature. effect: largest distance of the two distribution functions (numbers), or half the sum of the
    differences of the shares (text), both 0 to 1. p_value: corrected for the number of features (Holm)."""

    feature: str
    rows: int
    missing_before: float
    missing_now: float
    effect: float
    p_value: float
    drifted: bool


def number_shift(before: pd.Series, now: pd.Series) -> tuple[float, float]:
    """Effect and p-value of the two-sample Kolmogorov-Smirnov test on the values that are there."""
    from scipy.stats import ks_2samp

    result = ks_2samp(before.dropna(), now.dropna(), method="asymp")
    return float(result.statistic), float(result.pvalue)


def text_shift(before: pd.Series, now: pd.Series) -> tuple[float, float]:
    """Effect and p-value of the chi-squared test on the counts of the values, missing ones counted as a value."""
    from scipy.stats import chi2_contingency

    counts = pd.concat([before.fillna("").value_counts(), now.fillna("").value_counts()], axis="columns").fillna(0)
    shares, tested = counts / counts.sum(), common(counts)
    effect = float((shares.iloc[:, 0] - shares.iloc[:, 1]).abs().sum() / 2)
    return effect, float(chi2_contingency(tested).pvalue) if len(tested) > 1 else 1.0


def common(counts: pd.DataFrame) -> np.ndarray:
    """Counts with values that are too rare for the test (fewer than 5 expected) pooled into one row.

    That row is left out when it is too rare itself: a single row with a value never seen would be evidence of a shift.
    """
    smaller = counts.sum().min() / counts.to_numpy().sum()  # the share of one side's rows among all
    rare = counts.sum(axis=1) * smaller < 5
    pooled = np.vstack([counts[~rare], counts[rare].sum()])
    kept: np.ndarray = pooled[pooled.sum(axis=1) * smaller >= 5]
    return kept


def missing_shift(before: pd.Series, now: pd.Series) -> tuple[float, float]:
    """Effect and p-value of Fisher's exact test on how many values are missing."""
    from scipy.stats import fisher_exact

    table = [[int(part.isna().sum()), int(part.notna().sum())] for part in (before, now)]
    effect = abs(before.isna().mean() - now.isna().mean())
    return float(effect), float(fisher_exact(table).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's correction: the chance of any false alarm among all of them stays at alpha."""
    order = np.argsort(p_values)
    steps = np.array(p_values)[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected.tolist()


def value_shift(before: pd.Series, now: pd.Series) -> tuple[float, float]:
    """Effect and p-value for the values of one feature; no shift where one side has none at all."""
    if before.isna().all() or now.isna().all():
        return 0.0, 1.0
    return number_shift(before, now) if pd.api.types.is_numeric_dtype(before) else text_shift(before, now)


def compare(before: pd.DataFrame, now: pd.DataFrame, rules: Monitoring) -> list[FeatureShift]:
    """Every column of `before` against the same column of `now`, the largest effect first."""
    found = [(test(before[name], now[name])) for name in before for test in (value_shift, missing_shift)]
    effects, corrected = [effect for effect, _ in found], holm([p_value for _, p_value in found])
    tests = list(zip(effects, corrected, strict=True))
    shifts = [shift(before[name], now[name], tests[2 * at : 2 * at + 2], rules) for at, name in enumerate(before)]
    return sorted(shifts, key=lambda each: -each.effect)


def shift(before: pd.Series, now: pd.Series, tests: Sequence[tuple[float, float]], rules: Monitoring) -> FeatureShift:
    """The stronger of the two tests of a feature: of its values, and of its missing ones."""
    drifted = [(effect, p_value) for effect, p_value in tests if effect >= rules.min_effect and p_value < rules.alpha]
    effect, p_value = max(drifted or tests)
    return FeatureShift(
        feature=str(before.name),
        rows=int(now.notna().sum()),
        missing_before=float(before.isna().mean()),
        missing_now=float(now.isna().mean()),
        effect=effect,
        p_value=p_value,
        drifted=bool(drifted),
    )


def status_of(rows: int, shifts: Sequence[FeatureShift], rules: Monitoring) -> Status:
    """Too few rows: cannot tell. Else drift if any feature drifted."""
    if rows < rules.min_rows:
        return "INSUFFICIENT"
    return "DRIFT" if any(each.drifted for each in shifts) else "STABLE"


def as_table(shifts: Sequence[FeatureShift]) -> list[Mapping[str, object]]:
    """The shifts as plain rows."""
    return [vars(each) for each in shifts]
