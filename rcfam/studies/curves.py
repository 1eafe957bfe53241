"""Two runs of a study beside each other: smoothed loss where both have come equally far in something."""

# S steps of a run, M moments

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from scipy import stats

from rcfam.scaling.curves import smoothed, smoothed_wall
from rcfam.scaling.laws import Interval
from rcfam.scaling.table import FloatArray, runs

COLUMN: Final = {"steps": "step", "wall": "wall_s", "flops": "flops", "tokens": "tokens"}
MORE_IS_BETTER: Final = ("accuracy", "sustained")


@dataclass(frozen=True)
class Curve:
    """One run: how far it had come at each step, in every respect, and its smoothed log loss there."""

    factors: dict[str, Any]
    log_loss_S: FloatArray
    far: dict[str, FloatArray]
    """steps, wall, flops, tokens: the mean over the smoothing window."""
    scores: dict[str, float]
    """On the windows that the study looks at; empty where it does not."""

    def at(self, on: str, moments_M: FloatArray) -> FloatArray:
        """Smoothed log loss at these moments -> (M,); not a number outside what the run saw."""
        return np.interp(moments_M, self.far[on], self.log_loss_S, left=math.nan, right=math.nan)


def curve(rows: pl.DataFrame, factors: dict[str, Any], window: int, scores: dict[str, float]) -> Curve:
    """The curve of the rows of one run; `window` steps are averaged."""
    (run,) = runs(rows)
    ordered = rows.sort("step")
    far = {
        on: smoothed_wall(run, ordered[column].cast(pl.Float64).to_numpy(), window)
        for on, column in COLUMN.items()
        if column in ordered.columns and ordered[column].null_count() == 0
    }
    return Curve(factors, np.log(smoothed(run, run.steps_S, window)), far, scores)


def difference(one: Curve, other: Curve, on: str, other_on: str) -> float | None:
    """Log of one's loss over the other's; below 0 where `one` is better. None where they cannot be compared.

    On `steps` and the like at the last moment that both have reached; on scores as they are.
    """
    if on in COLUMN:
        if on not in one.far or on not in other.far:
            return None
        last = min(one.far[on][-1], other.far[on][-1])
        found = float(one.at(on, np.array([last]))[0] - other.at(on, np.array([last]))[0])
        return found if math.isfinite(found) else None
    a, b = one.scores.get(on, math.nan), other.scores.get(other_on, math.nan)
    if not (a > 0 and b > 0):
        return None
    return math.log(b / a) if on in MORE_IS_BETTER else math.log(a / b)


def mean_of(differences: Sequence[float], confidence: float) -> tuple[float, Interval | None]:
    """Mean and its t-interval; no interval for fewer than two."""
    mean = float(np.mean(differences))
    if len(differences) < 2:
        return mean, None
    error = float(np.std(differences, ddof=1)) / math.sqrt(len(differences))
    reach = float(stats.t.ppf(0.5 + confidence / 2, len(differences) - 1)) * error
    return mean, Interval(mean - reach, mean + reach)
