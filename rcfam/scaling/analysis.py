"""The whole analysis of a run table: every law, interval and crossover, as values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy import stats

from rcfam.bounds import Range, Seed, check
from rcfam.scaling.bootstrap import irreducible_over_points, over_points, over_seeds
from rcfam.scaling.crossovers import Crossover, crossovers
from rcfam.scaling.curves import Points, common_step, mean_curves, middles, points_at, seconds_a_step, step_grid
from rcfam.scaling.evolution import Evolution, Saturation, evolution, saturate
from rcfam.scaling.laws import (
    Bend,
    Interval,
    Law,
    Means,
    bend,
    fit_irreducible,
    fit_pure,
    fit_pure_huber,
    means,
)
from rcfam.scaling.table import Run, ScalingError

MOST_SATURATION_DRAWS = 200  # each is a fit of its own, 2 ms


@dataclass(frozen=True)
class FitParams:
    """How laws are fitted to a run table."""

    step: Annotated[int, Range(1, 10**9)] | None = None
    """The step at which losses are compared; null for the last one that every run has reached."""
    window: Annotated[int, Range(1, 10**9)] = 20
    """Steps over which a loss is averaged, up to and including the step."""
    bootstrap: Annotated[int, Range(100, 10**6)] = 2_000
    """Draws of each bootstrap."""
    seed: Seed = 0
    """Seed of the bootstrap."""
    confidence: Annotated[float, Range(least=0.5, below=1)] = 0.95
    """Confidence of every interval."""
    grid: Annotated[int, Range(2, 10_000)] = 48
    """Steps at which the exponent is fitted, at most."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Forecast:
    """What a law fitted without the longest length says about it."""

    form: str
    length: int
    measured: float
    predicted: float
    error: float
    """predicted / measured - 1."""
    interval: Interval | None
    """Prediction interval of the pure law; None for the other."""


@dataclass(frozen=True)
class Analysis:
    """Everything that is known about one run table."""

    params: FitParams
    runs: tuple[Run, ...]
    step: int
    points: Points
    means: Means
    pure: Law
    pure_over_points: Interval | None
    pure_over_seeds: Interval | None
    pure_huber: Law
    without_shortest: Law | None
    irreducible: Law | None
    irreducible_over_points: Interval | None
    irreducible_huber: Law | None
    irreducible_without_shortest: Law | None
    bend: Bend
    forecasts: tuple[Forecast, ...]
    evolution: Evolution
    saturation: Saturation | None
    crossovers: tuple[Crossover, ...]
    seconds_a_step: dict[int, float]


def analyse(runs: tuple[Run, ...], params: FitParams, progress: Callable[[int], None] | None = None) -> Analysis:
    """Fit everything. `progress` is told of parts done, of PARTS. Raises ScalingError for too few lengths or steps."""
    tell = progress if progress is not None else lambda _: None
    rng = np.random.default_rng(params.seed)
    last = common_step(runs)
    step = last if params.step is None else params.step
    if step > last:
        raise ScalingError(
            f"column 'step': step {step} is asked for, and step {last} is the last that every run reached"
        )
    points = points_at(runs, step, params.window)
    data = means(points)
    level, draws = params.confidence, params.bootstrap
    pure, irreducible = fit_pure(data, level), fit_irreducible(data, confidence=level)
    shorter = data.without(0) if len(data.lengths_N) > 2 else None
    tell(1)
    floor_interval = irreducible_over_points(data, irreducible, draws, level, rng) if irreducible is not None else None
    tell(2)
    steps_G = step_grid(runs, params.grid, last)
    lengths_N, loss_NG = mean_curves(runs, steps_G, params.window)
    found = evolution(lengths_N, loss_NG, middles(runs[0], steps_G, params.window), level)
    saturation = saturate(found, lengths_N, loss_NG, min(draws, MOST_SATURATION_DRAWS), level, rng)
    tell(3)
    pairs = crossovers(runs, params.window, found, saturation)
    tell(PARTS)
    return Analysis(
        params=params,
        runs=runs,
        step=step,
        points=points,
        means=data,
        pure=pure,
        pure_over_points=over_points(data, draws, level, rng),
        pure_over_seeds=over_seeds(points, draws, level, rng),
        pure_huber=fit_pure_huber(data),
        without_shortest=fit_pure(shorter, level) if shorter is not None else None,
        irreducible=irreducible,
        irreducible_over_points=floor_interval,
        irreducible_huber=fit_irreducible(data, robust=True),
        irreducible_without_shortest=fit_irreducible(shorter, confidence=level) if shorter is not None else None,
        bend=bend(data),
        forecasts=forecasts(data, level),
        evolution=found,
        saturation=saturation,
        crossovers=pairs,
        seconds_a_step=seconds_a_step(runs),
    )


PARTS = 4


def forecasts(data: Means, confidence: float) -> tuple[Forecast, ...]:
    """Leave out the longest length, fit both laws, foretell it. Empty below three lengths."""
    if len(data.lengths_N) < 3:
        return ()
    rest, length = data.without(-1), int(data.lengths_N[-1])
    measured = float(np.exp(data.log_loss_N[-1]))
    pure = fit_pure(rest, confidence)
    told = [("pure", float(pure(length)), _prediction_interval(pure, rest, length, confidence))]
    irreducible = fit_irreducible(rest, confidence=confidence)
    if irreducible is not None:
        told.append(("irreducible", float(irreducible(length)), None))
    return tuple(
        Forecast(form, length, measured, predicted, predicted / measured - 1, interval)
        for form, predicted, interval in told
    )


def _prediction_interval(law: Law, data: Means, length: float, confidence: float) -> Interval | None:
    freedom = len(data.lengths_N) - 2
    if freedom < 1:
        return None
    reach = float(stats.t.ppf(0.5 + confidence / 2, freedom) * np.sqrt(1 + band_share(data, length)))
    reach *= float(np.sqrt(law.rss_log / freedom))
    told = float(law(length))
    return Interval(told * float(np.exp(-reach)), told * float(np.exp(reach)))


def band_share(data: Means, length: float) -> float:
    """Variance of the fitted line at `length` over the variance of the noise."""
    x_N = data.log_lengths_N
    away = float(np.log(length) - x_N.mean())
    return 1 / len(x_N) + away**2 / float(np.sum((x_N - x_N.mean()) ** 2))
