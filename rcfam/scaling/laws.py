"""The two laws of loss against length, fitted on logs.

    pure         loss = A L^-alpha          (paper, section 10.5, equation 8)
    irreducible  loss = E + A L^-alpha

Every length counts once, as the geometric mean of its seeds: a length, not a run, is what a law can fail at, so
intervals and criteria count lengths.
"""

# N lengths, P points (runs), K fits made at once

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import optimize, stats

from rcfam.scaling.curves import Points
from rcfam.scaling.table import FloatArray, IntArray, ScalingError

HUBER_SCALE = 1.345  # 95 % efficient on normal noise (Huber 1981), times the residuals' robust spread
ALPHA_STARTS = (0.1, 0.4, 1.0)
FLOOR_STARTS = (0.02, 0.5, 0.9)  # of the smallest loss
MOST_ALPHA = 8.0
NO_FLOOR = 1e-6  # of the smallest loss: a smaller irreducible term is none


@dataclass(frozen=True)
class Interval:
    """Bounds of a two-sided interval."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether `value` lies within the bounds."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Means:
    """One point a length: the geometric mean over its seeds."""

    lengths_N: IntArray
    log_loss_N: FloatArray
    seeds_N: IntArray
    """How many seeds each mean has."""

    @property
    def log_lengths_N(self) -> FloatArray:
        return np.log(self.lengths_N.astype(np.float64))

    def without(self, index: int) -> "Means":
        """The same without one length: 0 the shortest, -1 the longest."""
        kept_N = np.delete(np.arange(len(self.lengths_N)), index)
        return Means(self.lengths_N[kept_N], self.log_loss_N[kept_N], self.seeds_N[kept_N])


@dataclass(frozen=True)
class Law:
    """A fitted law loss(L) = irreducible + amplitude * L^-alpha; losses in nats."""

    form: Literal["pure", "irreducible"]
    method: Literal["ols", "least squares", "huber"]
    alpha: float
    amplitude: float
    irreducible: float
    """0 for the pure law."""
    lengths: int
    """How many lengths were fitted."""
    r2_log: float
    """Share of the variance of log loss explained."""
    rss_log: float
    """Sum of squared residuals of log loss."""
    aicc: float | None
    """Akaike's criterion with small-sample correction; None with too few lengths."""
    bic: float
    interval: Interval | None
    """Of alpha: t-interval (pure, OLS) or profile interval (irreducible); None for robust fits and too few lengths."""

    def __call__(self, lengths: FloatArray | IntArray | float) -> FloatArray:
        """Loss at the given lengths."""
        return self.irreducible + self.amplitude * np.asarray(lengths, np.float64) ** -self.alpha


def means(points: Points) -> Means:
    """Geometric means over seeds, in order of length. Raises ScalingError below two lengths."""
    lengths_N, index_P, seeds_N = np.unique(points.lengths_P, return_inverse=True, return_counts=True)
    if len(lengths_N) < 2:
        raise ScalingError(f"column 'length': a law needs at least 2 lengths, found {len(lengths_N)}")
    log_loss_N = np.bincount(index_P, np.log(points.loss_P)) / seeds_N
    return Means(lengths_N.astype(np.int64), log_loss_N, seeds_N.astype(np.int64))


def ols(x_N: FloatArray, y_KN: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """K straight lines y = a + b x at once -> b (K,), a (K,), standard error of b (K,), residual sum of squares (K,).

    The standard error is NaN for two points. Checked against scipy.stats.linregress.
    """
    centred_N = x_N - x_N.mean()
    spread = float(centred_N @ centred_N)
    slope_K = y_KN @ centred_N / spread
    level_K = y_KN.mean(axis=1) - slope_K * x_N.mean()
    residuals_KN = y_KN - level_K[:, None] - slope_K[:, None] * x_N
    rss_K = (residuals_KN**2).sum(axis=1)
    freedom = len(x_N) - 2
    error_K = np.sqrt(rss_K / freedom / spread) if freedom > 0 else np.full(len(slope_K), np.nan)
    return slope_K, level_K, error_K, rss_K


def fit_pure(data: Means, confidence: float = 0.95) -> Law:
    """The pure law by ordinary least squares on logs, with alpha's t-interval."""
    slope_K, level_K, error_K, rss_K = ols(data.log_lengths_N, data.log_loss_N[None])
    alpha, count = -float(slope_K[0]), len(data.lengths_N)
    interval = None
    if count > 2:
        reach = float(stats.t.ppf(0.5 + confidence / 2, count - 2) * error_K[0])
        interval = Interval(alpha - reach, alpha + reach)
    return _law("pure", "ols", alpha, float(np.exp(level_K[0])), 0.0, data, float(rss_K[0]), interval)


def fit_pure_huber(data: Means) -> Law:
    """The pure law by a robust fit on logs (Huber loss), which one strange length cannot pull far."""
    x_N, y_N = data.log_lengths_N, data.log_loss_N
    slope, level, *_ = stats.theilslopes(y_N, x_N)
    scale = _huber_scale(y_N - level - slope * x_N)
    found = optimize.least_squares(lambda p: p[0] + p[1] * x_N - y_N, (level, slope), loss="huber", f_scale=scale)
    rss = float(np.sum((found.x[0] + found.x[1] * x_N - y_N) ** 2))
    return _law("pure", "huber", -float(found.x[1]), float(np.exp(found.x[0])), 0.0, data, rss, None)


def fit_irreducible(data: Means, robust: bool = False, confidence: float = 0.95) -> Law | None:
    """The law with an irreducible term by least squares on log residuals, the best of several starts.

    alpha's interval is the profile interval of the F test, which follows the valley in which alpha and E trade. None
    below four lengths: three parameters through three points say nothing. With `robust`, Huber loss and no interval.
    """
    if len(data.lengths_N) < 4:
        return None
    starts = [(floor, alpha) for floor in FLOOR_STARTS for alpha in ALPHA_STARTS]
    found = min((_solve(data, start) for start in starts), key=lambda result: result.cost)
    if not robust:
        law = _irreducible_law(found.x, "least squares", data, None)
        return replace(law, interval=_profile_interval(law, data, confidence))
    scale = _huber_scale(_irreducible_residuals(found.x, data)[0])
    starts.append((float(found.x[0] / np.exp(data.log_loss_N.min())), float(found.x[2])))
    found = min((_solve(data, start, scale) for start in starts), key=lambda result: result.cost)
    return _irreducible_law(found.x, "huber", data, None)


def irreducible_from(data: Means, start: tuple[float, float]) -> Law:
    """One solve of the irreducible law from (E as a share of the smallest loss, alpha), without an interval."""
    return _irreducible_law(_solve(data, start).x, "least squares", data, None)


def irreducible_error(law: Law, data: Means) -> float | None:
    """Standard error of alpha in the irreducible law by linearisation; None on the borders of E and alpha."""
    count = len(data.lengths_N)
    smallest = float(np.exp(data.log_loss_N.min()))
    if count < 4 or law.irreducible < NO_FLOOR * smallest or not 1e-6 < law.alpha < MOST_ALPHA - 1e-6:
        return None
    parameters = np.array([law.irreducible, np.log(law.amplitude), law.alpha])
    _, jacobian = _irreducible_residuals(parameters, data)
    information = jacobian.T @ jacobian
    if np.linalg.cond(information) > 1e14:
        return None
    return float(np.sqrt(law.rss_log / (count - 3) * np.linalg.inv(information)[2, 2]))


def _solve(
    data: Means, start: tuple[float, float], huber_scale: float | None = None, alpha: float | None = None
) -> optimize.OptimizeResult:
    """One bounded solve from (share of the smallest loss, alpha); x = (E, log A, alpha), without the fixed `alpha`."""
    smallest = float(np.exp(data.log_loss_N.min()))
    floor = start[0] * smallest
    first = min(max(start[1], 1e-3), MOST_ALPHA - 1e-3) if alpha is None else alpha
    level = float(np.mean(np.log(np.maximum(np.exp(data.log_loss_N) - floor, 1e-9)) + first * data.log_lengths_N))
    free = 3 if alpha is None else 2
    fixed = np.array([] if alpha is None else [alpha])
    return optimize.least_squares(
        lambda p: _irreducible_residuals(np.concatenate([p, fixed]), data)[0],
        (floor, level, first)[:free],
        jac=lambda p: _irreducible_residuals(np.concatenate([p, fixed]), data)[1][:, :free],
        bounds=((0.0, -np.inf, 0.0)[:free], (np.exp(data.log_loss_N.max()), np.inf, MOST_ALPHA)[:free]),
        loss="linear" if huber_scale is None else "huber",
        f_scale=1.0 if huber_scale is None else huber_scale,
        x_scale=(max(smallest, 1e-9), 1.0, 0.3)[:free],
        ftol=1e-10,
        xtol=1e-10,
        gtol=1e-12,
    )


def _profile_interval(law: Law, data: Means, confidence: float) -> Interval | None:
    """The alphas that an F test does not reject, between the borders 0.001 and MOST_ALPHA."""
    freedom = len(data.lengths_N) - 3
    allowed = law.rss_log * (1 + float(stats.f.ppf(confidence, 1, freedom)) / freedom)

    def excess(alpha: float) -> float:
        return 2 * float(_solve(data, (0.5, alpha), alpha=alpha).cost) - allowed

    low, high = 1e-3, MOST_ALPHA
    if excess(law.alpha) >= 0:  # a perfect fit, up to rounding
        return Interval(law.alpha, law.alpha)
    if law.alpha > low and excess(low) > 0:
        low = float(optimize.brentq(excess, low, law.alpha, xtol=1e-4))
    top = law.alpha + 0.1
    while top < high and excess(top) < 0:
        top += 2 * (top - law.alpha)
    if top < high:
        high = float(optimize.brentq(excess, law.alpha, top, xtol=1e-4))
    return Interval(low, high)


def _irreducible_residuals(parameters: FloatArray, data: Means) -> tuple[FloatArray, FloatArray]:
    floor, level, alpha = parameters
    falling_N = np.exp(level - alpha * data.log_lengths_N)
    model_N = floor + falling_N
    jacobian = np.stack([1 / model_N, falling_N / model_N, -data.log_lengths_N * falling_N / model_N], axis=1)
    return np.log(model_N) - data.log_loss_N, jacobian


def _irreducible_law(
    x: FloatArray, method: Literal["least squares", "huber"], data: Means, interval: Interval | None
) -> Law:
    floor, level, alpha = (float(value) for value in x)
    if floor < NO_FLOOR * float(np.exp(data.log_loss_N.min())):
        floor = 0.0
    residuals_N, _ = _irreducible_residuals(x, data)
    rss = float(residuals_N @ residuals_N)
    return _law("irreducible", method, alpha, float(np.exp(level)), floor, data, rss, interval)


def local_slopes(data: Means) -> FloatArray:
    """-d log loss / d log L between neighbouring lengths -> (N - 1,)."""
    return -np.diff(data.log_loss_N) / np.diff(data.log_lengths_N)


@dataclass(frozen=True)
class Bend:
    """Whether log loss against log L is straight."""

    curvature: float
    """Coefficient of (log L)^2; above 0 where the exponent falls with length."""
    p_value: float | None
    """Of the t-test that the curvature is 0; None below four lengths."""
    slopes_fall: bool
    """Every local slope is smaller than the one before."""


def bend(data: Means) -> Bend:
    """Test straightness on logs with a quadratic term."""
    slopes = local_slopes(data)
    falls = len(slopes) > 1 and bool(np.all(np.diff(slopes) < 0))
    count = len(data.lengths_N)
    if count < 4:
        return Bend(float("nan"), None, falls)
    x_N = data.log_lengths_N - data.log_lengths_N.mean()
    design = np.stack([np.ones(count), x_N, x_N**2], axis=1)
    solution, *_ = np.linalg.lstsq(design, data.log_loss_N, rcond=None)
    residuals_N = data.log_loss_N - design @ solution
    variance = float(residuals_N @ residuals_N) / (count - 3)
    error = float(np.sqrt(variance * np.linalg.inv(design.T @ design)[2, 2]))
    if error == 0.0:
        return Bend(float(solution[2]), None, falls)
    return Bend(float(solution[2]), float(2 * stats.t.sf(abs(solution[2]) / error, count - 3)), falls)


def _huber_scale(residuals_N: FloatArray) -> float:
    return HUBER_SCALE * max(float(stats.median_abs_deviation(residuals_N, scale="normal")), 1e-6)


def _law(
    form: Literal["pure", "irreducible"],
    method: Literal["ols", "least squares", "huber"],
    alpha: float,
    amplitude: float,
    irreducible: float,
    data: Means,
    rss: float,
    interval: Interval | None,
) -> Law:
    count = len(data.lengths_N)
    total = float(np.sum((data.log_loss_N - data.log_loss_N.mean()) ** 2))
    r2 = 1.0 - rss / total if total > 0 else float("nan")
    parameters = (2 if form == "pure" else 3) + 1  # and the variance of the noise
    deviance = count * np.log(max(rss, 1e-300) / count)
    room = count - parameters - 1
    aicc = float(deviance + 2 * parameters + 2 * parameters * (parameters + 1) / room) if room > 0 else None
    bic = deviance + parameters * np.log(count)
    return Law(form, method, alpha, amplitude, irreducible, count, r2, rss, aicc, float(bic), interval)
