"""When a longer window overtakes a shorter one on loss against wall time: measured, and predicted by the law.

Measured: the smoothed loss of both over the wall time that both have seen; the crossover is the moment after which the
longer one stays at or below the shorter. Predicted: the law's loss at step t / c(L), where c(L) is the measured time
of a step (paper, section 10.5.1, equation 11); past the measured steps the exponent follows the saturating exponential
and the amplitude a power of the step, and the row says so.
"""

# G points of a grid of moments or of fitted steps, M moments asked for

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from rcfam.scaling.curves import seconds_a_step, smoothed, smoothed_wall
from rcfam.scaling.evolution import FEWEST_STEPS, Evolution, Saturation
from rcfam.scaling.laws import Interval
from rcfam.scaling.table import FloatArray, Run

GRID = 2_000  # moments of time at which two curves are compared
HORIZON = 1_000.0  # times the measured wall time: how far ahead a prediction looks

Measured = Literal["crossed", "from the start", "not reached", "no common time"]
Predicted = Literal["in measured steps", "extrapolated", "from the start", "not reached", "no law"]


@dataclass(frozen=True)
class Crossover:
    """One pair of lengths."""

    short: int
    long: int
    measured: Measured
    measured_s: float | None
    """Seconds of training at which the longer overtakes for good, by the mean curves over seeds."""
    interval: Interval | None
    """Lowest and highest over all pairs of one seed each that crossed; None with one pair of seeds."""
    pairs_crossed: int
    pairs: int
    common_s: float
    """Seconds up to which both were measured."""
    predicted: Predicted
    predicted_s: float | None


@dataclass(frozen=True)
class WallCurve:
    """Smoothed loss over seconds of training."""

    wall_G: FloatArray
    log_loss_G: FloatArray


def crossovers(
    runs: Sequence[Run], window: int, found: Evolution | None, saturation: Saturation | None
) -> tuple[Crossover, ...]:
    """Every pair of lengths with wall times, in order of (short, long). Empty where the table has no `wall_s`."""
    curves = {
        length: [wall_curve(run, window) for run in runs if run.length == length and run.wall_S is not None]
        for length in sorted({run.length for run in runs})
    }
    timed = [length for length, some in curves.items() if some]
    seconds = seconds_a_step(tuple(runs))
    rows = []
    for short, long in combinations(timed, 2):
        predicted: tuple[Predicted, float | None] = ("no law", None)
        if found is not None and short in seconds and long in seconds:
            predicted = predict(short, long, seconds[short], seconds[long], found, saturation)
        rows.append(_pair(short, long, curves[short], curves[long], predicted))
    return tuple(rows)


def wall_curve(run: Run, window: int) -> WallCurve:
    """The run's smoothed loss at the middle of each window."""
    if run.wall_S is None:
        raise ValueError(f"run {run.name} has no wall times")
    return WallCurve(smoothed_wall(run, run.wall_S, window), np.log(smoothed(run, run.steps_S, window)))


def mean_wall_curve(curves: Sequence[WallCurve], wall_G: FloatArray) -> FloatArray:
    """Mean over seeds of log loss at moments that all of them have seen -> (G,)."""
    return np.mean([np.interp(wall_G, curve.wall_G, curve.log_loss_G) for curve in curves], axis=0)


def measure(shorts: Sequence[WallCurve], longs: Sequence[WallCurve]) -> tuple[Measured, float | None, float]:
    """When the mean of `longs` falls to or below the mean of `shorts` for good -> (state, seconds, common seconds)."""
    everyone = [*shorts, *longs]
    first = max(curve.wall_G[0] for curve in everyone)
    last = min(curve.wall_G[-1] for curve in everyone)
    if last <= first:
        return "no common time", None, float(max(last, 0.0))
    knots = np.concatenate([curve.wall_G for curve in everyone])
    knots = np.union1d(knots[(knots >= first) & (knots <= last)], (first, last))
    wall_G = knots if len(knots) <= GRID else np.linspace(first, last, GRID)
    gap_G = mean_wall_curve(longs, wall_G) - mean_wall_curve(shorts, wall_G)
    return (*_last_descent(wall_G, gap_G), float(last))


def predict(
    short: int,
    long: int,
    short_s: float,
    long_s: float,
    found: Evolution,
    saturation: Saturation | None,
) -> tuple[Predicted, float | None]:
    """When the law's curves cross for good; `short_s` and `long_s` are the seconds of one step at each length."""
    steps_G = found.steps_G
    measured_end = float(steps_G[-1]) * min(short_s, long_s)
    start = float(steps_G[0]) * max(short_s, long_s)
    end = HORIZON * float(steps_G[-1]) * max(short_s, long_s)
    wall_G = np.geomspace(start, end, 4 * GRID)
    ahead = saturation is not None and len(steps_G) >= FEWEST_STEPS
    if not ahead:
        wall_G = wall_G[wall_G <= measured_end]
        if len(wall_G) < 2:
            return "not reached", None
    long_G = _law_log_loss(long, wall_G / long_s, found, saturation)
    gap_G = long_G - _law_log_loss(short, wall_G / short_s, found, saturation)
    state, moment = _last_descent(wall_G, gap_G)
    if state == "from the start":
        return "from the start", moment
    if moment is None:
        return "not reached", None
    return ("in measured steps" if moment <= measured_end else "extrapolated"), moment


def _law_log_loss(length: int, at_M: FloatArray, found: Evolution, saturation: Saturation | None) -> FloatArray:
    """log A(s) - alpha(s) log L: between measured steps by interpolation over log s, past them by continuation.

    The continuations start where the measurements end: log A goes on along its slope over the last half of the grid,
    alpha by the growth that the saturating exponential foretells.
    """
    log_at_M, log_known_G = np.log(at_M), np.log(found.steps_G)
    log_amplitude_M = np.interp(log_at_M, log_known_G, np.log(found.amplitude_G))
    alpha_M = np.interp(log_at_M, log_known_G, found.alpha_G)
    beyond_M = log_at_M > log_known_G[-1]
    if saturation is not None and beyond_M.any() and len(log_known_G) >= FEWEST_STEPS:
        half = len(log_known_G) // 2
        slope = min(float(np.polyfit(log_known_G[half:], np.log(found.amplitude_G[half:]), 1)[0]), 0.0)
        log_amplitude_M[beyond_M] += slope * (log_at_M[beyond_M] - log_known_G[-1])
        alpha_M[beyond_M] += saturation(at_M[beyond_M]) - saturation(float(found.steps_G[-1]))
    return log_amplitude_M - alpha_M * np.log(length)


def _last_descent(
    wall_G: FloatArray, gap_G: FloatArray
) -> tuple[Literal["crossed", "from the start", "not reached"], float | None]:
    above = np.flatnonzero(gap_G > 0)
    if len(above) == 0:
        return "from the start", float(wall_G[0])
    last = int(above[-1])
    if last == len(gap_G) - 1:
        return "not reached", None
    share = gap_G[last] / (gap_G[last] - gap_G[last + 1])
    return "crossed", float(wall_G[last] + share * (wall_G[last + 1] - wall_G[last]))


def _pair(
    short: int,
    long: int,
    shorts: Sequence[WallCurve],
    longs: Sequence[WallCurve],
    predicted: tuple[Predicted, float | None],
) -> Crossover:
    state, moment, common = measure(shorts, longs)
    single = [measure([one], [other])[:2] for one in shorts for other in longs]
    moments = [when for _, when in single if when is not None]
    interval = Interval(min(moments), max(moments)) if len(single) > 1 and moments else None
    return Crossover(short, long, state, moment, interval, len(moments), len(single), common, *predicted)
