"""Loss near a step, smoothed over a stated window, and what the runs have in common."""

# N lengths, S steps of one run, G steps of a grid

from dataclasses import dataclass

import numpy as np

from rcfam.scaling.table import FloatArray, IntArray, Run, ScalingError


@dataclass(frozen=True)
class Points:
    """Smoothed loss at one step: the data of a law. Runs stand in order of (length, seed)."""

    step: int
    lengths_P: IntArray
    seeds_P: IntArray
    loss_P: FloatArray


def smoothed(run: Run, steps_G: IntArray, window: int) -> FloatArray:
    """Mean loss over the rows with step in (s - window, s], for each s of `steps_G` -> (G,) nats.

    A trailing mean: no row after s is looked at. Where the window holds no row (tables logged every few steps) the last
    row before it stands in; raises ScalingError where there is none, or where s lies past the run's last step.
    """
    return _window_means(run, run.loss_S, steps_G, window)


def middles(run: Run, steps_G: IntArray, window: int) -> FloatArray:
    """Mean step of the rows behind each smoothed loss -> (G,): the step that the mean speaks of."""
    return _window_means(run, run.steps_S.astype(np.float64), steps_G, window)


def smoothed_wall(run: Run, wall_S: FloatArray, window: int) -> FloatArray:
    """Mean of the wall times behind each smoothed loss -> (S,) seconds: the moment that the mean speaks of.

    Standing a trailing mean at the end of its window would make every run look slow, and a run of long steps slower.
    """
    return _window_means(run, wall_S, run.steps_S, window)


def _window_means(run: Run, values_S: FloatArray, steps_G: IntArray, window: int) -> FloatArray:
    if window < 1:
        raise ScalingError(f"window {window}: expected at least 1 step")
    sums = np.concatenate([[0.0], np.cumsum(values_S)])
    stop_G = np.searchsorted(run.steps_S, steps_G, side="right")
    start_G = np.searchsorted(run.steps_S, np.asarray(steps_G) - window, side="right")
    start_G = np.minimum(start_G, stop_G - 1)
    if len(steps_G) and (stop_G.min() == 0 or np.max(steps_G) > run.steps_S[-1]):
        first, last = run.steps_S[0], run.steps_S[-1]
        wrong = next(s for s in steps_G if s < first or s > last)
        raise ScalingError(f"column 'step': run {run.name} has steps {first} to {last}, step {wrong} is asked for")
    return (sums[stop_G] - sums[start_G]) / (stop_G - start_G)


def averaged(runs: tuple[Run, ...], step: int, window: int) -> tuple[int, int]:
    """The fewest and the most rows of a run that are in its smoothed loss at `step`: at most `window`."""
    counts = []
    for run in runs:
        stop, start = (int(np.searchsorted(run.steps_S, at, side="right")) for at in (step, step - window))
        counts.append(stop - min(start, stop - 1))
    return min(counts), max(counts)


def common_step(runs: tuple[Run, ...]) -> int:
    """The last step that every run has reached."""
    if not runs:
        raise ScalingError("column 'length': the run table has no runs")
    return int(min(run.steps_S[-1] for run in runs))


def points_at(runs: tuple[Run, ...], step: int, window: int) -> Points:
    """Smoothed loss of every run at `step`. Raises ScalingError where a run has not reached it."""
    loss = [smoothed(run, np.array([step]), window)[0] for run in runs]
    return Points(
        step,
        np.array([run.length for run in runs], np.int64),
        np.array([run.seed for run in runs], np.int64),
        np.array(loss, np.float64),
    )


def step_grid(runs: tuple[Run, ...], count: int, last: int | None = None) -> IntArray:
    """At most `count` steps between the first and the last step common to all runs, evenly spaced on a log scale."""
    first = int(max(run.steps_S[0] for run in runs))
    end = common_step(runs) if last is None else last
    if end <= first:
        return np.array([end], np.int64)
    return np.unique(np.round(np.geomspace(first, end, count)).astype(np.int64))


def mean_curves(runs: tuple[Run, ...], steps_G: IntArray, window: int) -> tuple[IntArray, FloatArray]:
    """Geometric mean over seeds of the smoothed loss -> lengths (N,), loss (N, G)."""
    lengths_N = np.unique([run.length for run in runs])
    loss_NG = [
        np.exp(np.mean([np.log(smoothed(run, steps_G, window)) for run in runs if run.length == length], axis=0))
        for length in lengths_N
    ]
    return lengths_N.astype(np.int64), np.array(loss_NG)


def seconds_a_step(runs: tuple[Run, ...]) -> dict[int, float]:
    """Median seconds of one step by length; lengths without wall times, or with one row a run, are left out."""
    samples: dict[int, list[FloatArray]] = {}
    for run in runs:
        if run.wall_S is not None and len(run.steps_S) > 1:
            samples.setdefault(run.length, []).append(np.diff(run.wall_S) / np.diff(run.steps_S))
    return {length: float(np.median(np.concatenate(parts))) for length, parts in samples.items()}
