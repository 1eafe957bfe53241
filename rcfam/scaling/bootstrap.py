"""Bootstrap intervals of alpha: over points (lengths) and over seeds.

All are studentised (bootstrap-t): each draw's deviation is divided by its own standard error, which keeps the coverage
near nominal at eight lengths and two seeds, where percentile intervals are too narrow.
"""

# N lengths, P points (runs), K draws

import numpy as np

from rcfam.scaling.curves import Points
from rcfam.scaling.laws import Interval, Law, Means, irreducible_error, irreducible_from, means, ols
from rcfam.scaling.table import FloatArray, IntArray

FEWEST_LENGTHS = 4  # of three points a draw repeats one residual too often to have a standard error


def over_points(data: Means, draws: int, confidence: float, rng: np.random.Generator) -> Interval | None:
    """Interval of the pure law's alpha from resampled residuals of the lengths: seed noise and lack of fit together.

    Residuals are first divided by sqrt(1 - leverage), so that they spread as the errors do. None below four lengths.
    """
    if len(data.lengths_N) < FEWEST_LENGTHS:
        return None
    x_N = data.log_lengths_N
    slope_K, level_K, error_K, _ = ols(x_N, data.log_loss_N[None])
    fitted_N = level_K[0] + slope_K[0] * x_N
    residuals_1N, chosen_KN = residual_choices(x_N, (data.log_loss_N - fitted_N)[None], draws, rng)
    drawn_K, _, drawn_error_K, _ = ols(x_N, fitted_N + residuals_1N[0, chosen_KN])
    return _studentised(-slope_K[0], error_K[0], slope_K[0] - drawn_K, drawn_error_K, confidence)


def over_seeds(points: Points, draws: int, confidence: float, rng: np.random.Generator) -> Interval | None:
    """Interval of the pure law's alpha from resampled seeds: what training the same lengths again would change.

    Deviations from the mean of their length are pooled over lengths and widened by sqrt(n / (n - 1)). It says nothing
    about lack of fit. None where no length has two seeds.
    """
    data = means(points)
    index_P = np.searchsorted(data.lengths_N, points.lengths_P)
    seeds_P = data.seeds_N[index_P]
    spare = len(index_P) - len(data.lengths_N)
    if spare == 0:
        return None
    deviations_P = (np.log(points.loss_P) - data.log_loss_N[index_P])[seeds_P > 1]
    deviations_P = deviations_P * np.sqrt(seeds_P / np.maximum(seeds_P - 1, 1))[seeds_P > 1]
    x_N = data.log_lengths_N
    pull_N = (x_N - x_N.mean()) / np.sum((x_N - x_N.mean()) ** 2)
    reach = float(np.sqrt(np.sum(pull_N**2 / data.seeds_N)))  # standard error of alpha at unit noise
    drawn_KP = deviations_P[rng.integers(0, len(deviations_P), (draws, len(index_P)))]
    member_PN = index_P[:, None] == np.arange(len(x_N))
    means_KN = drawn_KP @ member_PN / data.seeds_N
    within_KP = drawn_KP - means_KN[:, index_P]
    noise_K = np.sqrt((within_KP**2).sum(axis=1) / spare)
    within_P = np.log(points.loss_P) - data.log_loss_N[index_P]
    noise = float(np.sqrt(np.sum(within_P**2) / spare))
    alpha = -float(ols(x_N, data.log_loss_N[None])[0][0])
    return _studentised(alpha, reach * noise, -means_KN @ pull_N, reach * noise_K, confidence)


def irreducible_over_points(
    data: Means, law: Law, draws: int, confidence: float, rng: np.random.Generator
) -> Interval | None:
    """Interval of alpha of the law with an irreducible term from resampled residuals of the lengths, studentised.

    Wide where alpha and the irreducible term trade against each other. None below six lengths, or where the fit lies on
    the border E = 0, at which standard errors mean nothing: there the pure law is the fit.
    """
    count = len(data.lengths_N)
    error = irreducible_error(law, data)
    if count < FEWEST_LENGTHS + 2 or error is None:
        return None
    fitted_N = np.log(law(data.lengths_N))
    residuals_N = (data.log_loss_N - fitted_N) * np.sqrt(count / (count - 3))
    residuals_N -= residuals_N.mean()
    deviations, errors = [], []
    for _ in range(draws):
        drawn = Means(data.lengths_N, fitted_N + residuals_N[rng.integers(0, count, count)], data.seeds_N)
        share = law.irreducible / float(np.exp(drawn.log_loss_N.min()))
        found = irreducible_from(drawn, (min(share, 0.98), law.alpha))
        drawn_error = irreducible_error(found, drawn)
        if drawn_error is not None:
            deviations.append(found.alpha - law.alpha)
            errors.append(drawn_error)
    return _studentised(law.alpha, error, np.array(deviations), np.array(errors), confidence)


def residual_choices(
    x_N: FloatArray, residuals_GN: FloatArray, draws: int, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Residuals of G lines widened for leverage (G, N), and which of them each draw gives to each length (K, N)."""
    widened_GN = residuals_GN / np.sqrt(np.maximum(1 - _leverage(x_N), 1e-9))
    widened_GN = widened_GN - widened_GN.mean(axis=1, keepdims=True)
    return widened_GN, rng.integers(0, len(x_N), (draws, len(x_N)))


def _leverage(x_N: FloatArray) -> FloatArray:
    centred_N = x_N - x_N.mean()
    return 1 / len(x_N) + centred_N**2 / (centred_N @ centred_N)


def _studentised(
    value: float, error: float, deviations_K: FloatArray, errors_K: FloatArray, confidence: float
) -> Interval:
    usable = errors_K > 1e-12 * max(error, 1e-300)
    if error == 0.0 or not usable.any():
        return Interval(float(value), float(value))
    tail = (1 - confidence) / 2
    low, high = np.quantile(deviations_K[usable] / errors_K[usable], (tail, 1 - tail))
    return Interval(float(value - high * error), float(value - low * error))
