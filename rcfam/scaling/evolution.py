"""How the pure law's exponent and amplitude change over steps, and the saturating exponential of the paper.

alpha(s) = alpha_inf (1 - exp(-s / tau))          (section 10.5.1, equation 9)
"""

# N lengths, G steps of a grid, K draws

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from rcfam.scaling.bootstrap import FEWEST_LENGTHS, residual_choices
from rcfam.scaling.laws import Interval, ols
from rcfam.scaling.table import FloatArray, IntArray

FEWEST_STEPS = 4  # of the grid, for two parameters of the saturating exponential


@dataclass(frozen=True)
class Evolution:
    """The pure law at every step of a grid. NaN bounds below three lengths."""

    steps_G: FloatArray
    """Middles of the windows that losses were averaged over: the steps that the fits speak of."""
    alpha_G: FloatArray
    low_G: FloatArray
    """t-interval at each step by itself: bands of neighbouring steps are not independent."""
    high_G: FloatArray
    amplitude_G: FloatArray
    amplitude_low_G: FloatArray
    amplitude_high_G: FloatArray
    r2_log_G: FloatArray


@dataclass(frozen=True)
class Saturation:
    """The saturating exponential through alpha over steps."""

    plateau: float
    """alpha_inf."""
    steps: float
    """tau, the time constant in steps."""
    rmse: float
    """Root mean square distance from alpha over the grid."""
    plateau_interval: Interval | None
    """Percentile interval over lengths: whole curves are resampled, so that neighbouring steps stay dependent."""
    steps_interval: Interval | None
    seen: bool
    """Whether training went on for at least 2 tau; else the plateau is foretold, not measured."""

    def __call__(self, steps: FloatArray | IntArray | float) -> FloatArray:
        """alpha at the given steps."""
        return self.plateau * -np.expm1(-np.asarray(steps, np.float64) / self.steps)


def evolution(lengths_N: IntArray, loss_NG: FloatArray, steps_G: FloatArray, confidence: float) -> Evolution:
    """Fit the pure law at every step to one loss a length."""
    x_N, y_GN = np.log(lengths_N), np.log(loss_NG).T
    slope_G, level_G, error_G, rss_G = ols(x_N, y_GN)
    reach_G = np.full(len(steps_G), np.nan)
    if len(lengths_N) > 2:
        reach_G = stats.t.ppf(0.5 + confidence / 2, len(lengths_N) - 2) * error_G
    level_reach_G = reach_G * np.sqrt(np.mean(x_N**2))  # error of log A over error of alpha
    total_G = ((y_GN - y_GN.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    r2_G = 1 - rss_G / np.where(total_G > 0, total_G, np.nan)
    return Evolution(
        steps_G=steps_G,
        alpha_G=-slope_G,
        low_G=-slope_G - reach_G,
        high_G=-slope_G + reach_G,
        amplitude_G=np.exp(level_G),
        amplitude_low_G=np.exp(level_G - level_reach_G),
        amplitude_high_G=np.exp(level_G + level_reach_G),
        r2_log_G=r2_G,
    )


def saturate(
    found: Evolution, lengths_N: IntArray, loss_NG: FloatArray, draws: int, confidence: float, rng: np.random.Generator
) -> Saturation | None:
    """Fit the saturating exponential to alpha over steps. None on a short grid or where alpha is never above 0."""
    if len(found.steps_G) < FEWEST_STEPS or found.alpha_G.max() <= 0:
        return None
    plateau, steps = _fit(found.steps_G, found.alpha_G)
    if not np.isfinite(steps):
        return None
    rmse = float(np.sqrt(np.mean((found.alpha_G + plateau * np.expm1(-found.steps_G / steps)) ** 2)))
    intervals: tuple[Interval | None, Interval | None] = (None, None)
    if len(lengths_N) >= FEWEST_LENGTHS:
        x_N, y_GN = np.log(lengths_N), np.log(loss_NG).T
        fitted_GN = np.log(found.amplitude_G)[:, None] - found.alpha_G[:, None] * x_N
        residuals_GN, choices_KN = residual_choices(x_N, y_GN - fitted_GN, draws, rng)
        pairs = np.array(
            [_fit(found.steps_G, -ols(x_N, fitted_GN + residuals_GN[:, chosen_N])[0]) for chosen_N in choices_KN]
        )
        tail = (1 - confidence) / 2
        low_2, high_2 = np.quantile(pairs, (tail, 1 - tail), axis=0)
        intervals = Interval(float(low_2[0]), float(high_2[0])), Interval(float(low_2[1]), float(high_2[1]))
    return Saturation(plateau, steps, rmse, *intervals, seen=bool(found.steps_G[-1] >= 2 * steps))


def _fit(steps_G: FloatArray, alpha_G: FloatArray) -> tuple[float, float]:
    """The best of three starts; tau may lie between a tenth of a step and a hundred times the training."""
    last = float(steps_G[-1])

    def residuals(p: FloatArray) -> FloatArray:
        return -p[0] * np.expm1(-steps_G / np.exp(p[1])) - alpha_G

    def slopes(p: FloatArray) -> FloatArray:
        share_G = steps_G / np.exp(p[1])
        return np.stack([-np.expm1(-share_G), -p[0] * share_G * np.exp(-share_G)], axis=1)

    bounds = ((-10.0, np.log(0.1)), (10.0, np.log(100 * last)))
    level = float(np.clip(alpha_G[-1], -9.0, 9.0))
    starts = ((level, np.log(last * share)) for share in (0.05, 0.3, 1.0))
    found = min(
        (optimize.least_squares(residuals, start, jac=slopes, bounds=bounds) for start in starts),
        key=lambda result: result.cost,
    )
    return float(found.x[0]), float(np.exp(found.x[1]))
