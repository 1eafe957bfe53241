"""An analysis as a flat summary (law.json) and as tables, for metrics, plots and the report."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

from rcfam.scaling.analysis import Analysis, FitParams, band_share
from rcfam.scaling.crossovers import mean_wall_curve, wall_curve
from rcfam.scaling.curves import middles, smoothed
from rcfam.scaling.laws import Interval, Law, local_slopes
from rcfam.scaling.table import FloatArray, Run

CURVE_ROWS = 160  # of one curve in a table: enough for any figure, little enough for a page
BAND_ROWS = 65

Summary = dict[str, float | int | str | None]


NAMES = (
    *("alpha", "alpha_low", "alpha_high", "r2", "amplitude", "loss_drop_per_doubling"),
    *("alpha_over_points_low", "alpha_over_points_high", "alpha_over_seeds_low", "alpha_over_seeds_high"),
    *("alpha_huber", "alpha_without_shortest", "alpha_without_shortest_low", "alpha_without_shortest_high"),
    *("irreducible", "irreducible_alpha", "irreducible_alpha_low", "irreducible_alpha_high", "irreducible_r2"),
    *("aicc_pure", "aicc_irreducible", "bend_p", "plateau", "plateau_steps", "step", "window", "confidence"),
    *("lengths", "shortest", "longest", "runs", "crossed", "pairs"),
)
"""Of a summary, in order; forecasts may follow."""
_COLUMNS = {
    "points": ("length", "seed", "step", "loss"),
    "law": ("length", "loss", "seeds", "pure", "pure_residual", "irreducible", "irreducible_residual"),
    "band": ("length", "pure", "low", "high", "irreducible"),
    "fits": (
        *("law", "lengths", "method", "alpha", "alpha_low", "alpha_high", "interval", "amplitude", "irreducible"),
        *("r2", "aicc", "bic", "count"),
    ),
    "slopes": ("from", "to", "slope", "loss_ratio_per_doubling"),
    "forecasts": ("law", "length", "measured", "predicted", "error", "low", "high"),
    "evolution": (
        *("step", "alpha", "low", "high", "amplitude", "amplitude_low", "amplitude_high", "r2", "saturating"),
    ),
    "crossovers": (
        *("short", "long", "measured", "measured_s", "low_s", "high_s", "seed_pairs_crossed", "seed_pairs"),
        *("common_s", "predicted", "predicted_s"),
    ),
    "loss_over_steps": ("length", "step", "loss", "low", "high"),
    "loss_over_wall": ("length", "wall_s", "loss", "low", "high"),
}


def no_law(params: FitParams, runs: int) -> tuple[Summary, dict[str, pl.DataFrame]]:
    """The summary and the tables where runs of fewer than two lengths are left: names without values."""
    known: Summary = {"window": params.window, "confidence": params.confidence, "lengths": min(runs, 1), "runs": runs}
    empty = {name: pl.DataFrame(schema=dict.fromkeys(names, pl.Float64)) for name, names in _COLUMNS.items()}
    return dict.fromkeys(NAMES) | known, empty


def summary(found: Analysis) -> Summary:
    """One level of numbers and words, small enough for `dvc metrics`."""
    pure, floor, curve = found.pure, found.irreducible, found.saturation
    bare = found.without_shortest
    rows: Summary = {
        "alpha": pure.alpha,
        **_bounds("alpha", pure.interval),
        "r2": pure.r2_log,
        "amplitude": pure.amplitude,
        "loss_drop_per_doubling": 1 - 2**-pure.alpha,
        **_bounds("alpha_over_points", found.pure_over_points),
        **_bounds("alpha_over_seeds", found.pure_over_seeds),
        "alpha_huber": found.pure_huber.alpha,
        "alpha_without_shortest": None if bare is None else bare.alpha,
        **_bounds("alpha_without_shortest", None if bare is None else bare.interval),
        "irreducible": None if floor is None else floor.irreducible,
        "irreducible_alpha": None if floor is None else floor.alpha,
        **_bounds("irreducible_alpha", None if floor is None else floor.interval),
        "irreducible_r2": None if floor is None else floor.r2_log,
        "aicc_pure": pure.aicc,
        "aicc_irreducible": None if floor is None else floor.aicc,
        "bend_p": found.bend.p_value,
        "plateau": None if curve is None else curve.plateau,
        "plateau_steps": None if curve is None else curve.steps,
        "step": found.step,
        "window": found.params.window,
        "confidence": found.params.confidence,
        "lengths": pure.lengths,
        "shortest": int(found.means.lengths_N[0]),
        "longest": int(found.means.lengths_N[-1]),
        "runs": len(found.runs),
        "crossed": sum(row.measured in ("crossed", "from the start") for row in found.crossovers),
        "pairs": len(found.crossovers),
    }
    for told in found.forecasts:
        rows[f"forecast_error_{told.form}"] = told.error
    return {name: _plain(value) for name, value in rows.items()}


def tables(found: Analysis) -> dict[str, pl.DataFrame]:
    """Tables by name: the points, the fits, what follows from them, and the curves that were fitted."""
    return {
        "points": pl.DataFrame(
            {
                "length": found.points.lengths_P,
                "seed": found.points.seeds_P,
                "step": np.full(len(found.points.loss_P), found.step),
                "loss": found.points.loss_P,
            }
        ),
        "law": _law_table(found),
        "band": _band_table(found),
        "fits": _fits_table(found),
        "slopes": _slopes_table(found),
        "forecasts": _forecast_table(found),
        "evolution": _evolution_table(found),
        "crossovers": _crossover_table(found),
        "loss_over_steps": _step_curves(found),
        "loss_over_wall": _wall_curves(found),
    }


def _law_table(found: Analysis) -> pl.DataFrame:
    lengths_N, loss_N = found.means.lengths_N, np.exp(found.means.log_loss_N)
    columns: dict[str, object] = {"length": lengths_N, "loss": loss_N, "seeds": found.means.seeds_N}
    for name, law in (("pure", found.pure), ("irreducible", found.irreducible)):
        fitted_N = np.full(len(lengths_N), np.nan) if law is None else law(lengths_N)
        columns[name] = fitted_N
        columns[f"{name}_residual"] = np.log(loss_N / fitted_N)
    return pl.DataFrame(columns).fill_nan(None)


def _band_table(found: Analysis) -> pl.DataFrame:
    """The fitted laws on a fine grid of lengths, the pure one with its pointwise confidence band."""
    data, law = found.means, found.pure
    lengths_G = np.geomspace(data.lengths_N[0], data.lengths_N[-1], BAND_ROWS)
    freedom = len(data.lengths_N) - 2
    reach_G = np.full(BAND_ROWS, np.nan)
    if freedom > 0:
        share_G = np.array([band_share(data, length) for length in lengths_G])
        reach_G = stats.t.ppf(0.5 + found.params.confidence / 2, freedom) * np.sqrt(law.rss_log / freedom * share_G)
    pure_G = law(lengths_G)
    floor_G = np.full(BAND_ROWS, np.nan) if found.irreducible is None else found.irreducible(lengths_G)
    columns = {"length": lengths_G, "pure": pure_G, "low": pure_G * np.exp(-reach_G), "high": pure_G * np.exp(reach_G)}
    return pl.DataFrame({**columns, "irreducible": floor_G}).fill_nan(None)


def _fits_table(found: Analysis) -> pl.DataFrame:
    shortest = f"without L = {found.means.lengths_N[0]}"
    named: Sequence[tuple[str, str | None, Law | None, Interval | None]] = (
        ("all", "t", found.pure, None),
        ("all", "bootstrap over points", found.pure, found.pure_over_points),
        ("all", "bootstrap over seeds", found.pure, found.pure_over_seeds),
        ("all", None, found.pure_huber, None),
        (shortest, "t", found.without_shortest, None),
        ("all", "profile", found.irreducible, None),
        ("all", "bootstrap over points", found.irreducible, found.irreducible_over_points),
        ("all", None, found.irreducible_huber, None),
        (shortest, "profile", found.irreducible_without_shortest, None),
    )
    rows = []
    for data, way, law, replaced in named:
        if law is None or (way is not None and "bootstrap" in way and replaced is None):
            continue
        interval = replaced if replaced is not None else law.interval
        rows.append(
            {
                "law": law.form,
                "lengths": data,
                "method": law.method,
                "alpha": law.alpha,
                **_bounds("alpha", interval),
                "interval": way if interval is not None else None,
                "amplitude": law.amplitude,
                "irreducible": law.irreducible,
                "r2": law.r2_log,
                "aicc": law.aicc,
                "bic": law.bic,
                "count": law.lengths,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _slopes_table(found: Analysis) -> pl.DataFrame:
    lengths_N, slopes = found.means.lengths_N, local_slopes(found.means)
    columns = {"from": lengths_N[:-1], "to": lengths_N[1:], "slope": slopes}
    return pl.DataFrame({**columns, "loss_ratio_per_doubling": 2.0**-slopes})


def _forecast_table(found: Analysis) -> pl.DataFrame:
    schema = dict.fromkeys(("measured", "predicted", "error", "low", "high"), pl.Float64)
    rows = [
        (told.form, told.length, told.measured, told.predicted, told.error, *_ends(told.interval))
        for told in found.forecasts
    ]
    return pl.DataFrame(rows, schema={"law": pl.String, "length": pl.Int64, **schema}, orient="row")


def _evolution_table(found: Analysis) -> pl.DataFrame:
    curve = found.evolution
    saturated_G = np.full(len(curve.steps_G), np.nan)
    if found.saturation is not None:
        saturated_G = found.saturation(curve.steps_G)
    columns = {"step": curve.steps_G, "alpha": curve.alpha_G, "low": curve.low_G, "high": curve.high_G}
    amplitudes = {
        "amplitude": curve.amplitude_G,
        "amplitude_low": curve.amplitude_low_G,
        "amplitude_high": curve.amplitude_high_G,
    }
    more = {**amplitudes, "r2": curve.r2_log_G, "saturating": saturated_G}
    return pl.DataFrame({**columns, **more}).fill_nan(None)


def _crossover_table(found: Analysis) -> pl.DataFrame:
    schema = {
        "short": pl.Int64,
        "long": pl.Int64,
        "measured": pl.String,
        "measured_s": pl.Float64,
        "low_s": pl.Float64,
        "high_s": pl.Float64,
        "seed_pairs_crossed": pl.Int64,
        "seed_pairs": pl.Int64,
        "common_s": pl.Float64,
        "predicted": pl.String,
        "predicted_s": pl.Float64,
    }
    rows = [
        (
            row.short,
            row.long,
            row.measured,
            row.measured_s,
            *_ends(row.interval),
            row.pairs_crossed,
            row.pairs,
            row.common_s,
            row.predicted,
            row.predicted_s,
        )
        for row in found.crossovers
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _step_curves(found: Analysis) -> pl.DataFrame:
    parts = []
    for length, some in _by_length(found.runs).items():
        first, last = max(run.steps_S[0] for run in some), min(run.steps_S[-1] for run in some)
        steps_G = np.unique(np.round(np.geomspace(first, max(first, last), CURVE_ROWS)).astype(np.int64))
        loss_RG = np.array([smoothed(run, steps_G, found.params.window) for run in some])
        parts.append(_curve(length, "step", middles(some[0], steps_G, found.params.window), loss_RG))
    return pl.concat(parts)


def _wall_curves(found: Analysis) -> pl.DataFrame:
    parts = []
    for length, some in _by_length(found.runs).items():
        curves = [wall_curve(run, found.params.window) for run in some if run.wall_S is not None]
        if not curves:
            continue
        first, last = max(curve.wall_G[0] for curve in curves), min(curve.wall_G[-1] for curve in curves)
        wall_G = np.geomspace(max(first, 1e-6), max(first, last, 1e-6), CURVE_ROWS)
        loss_RG = np.array([np.exp(mean_wall_curve([curve], wall_G)) for curve in curves])
        parts.append(_curve(length, "wall_s", wall_G, loss_RG))
    schema = {"length": pl.Int64, "wall_s": pl.Float64, "loss": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _by_length(runs: Sequence[Run]) -> dict[int, list[Run]]:
    return {length: [r for r in runs if r.length == length] for length in sorted({run.length for run in runs})}


def _curve(length: int, axis: str, at_G: FloatArray, loss_RG: FloatArray) -> pl.DataFrame:
    columns = {"length": np.full(len(at_G), length), axis: at_G, "loss": np.exp(np.log(loss_RG).mean(axis=0))}
    return pl.DataFrame({**columns, "low": loss_RG.min(axis=0), "high": loss_RG.max(axis=0)})


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)


def _bounds(name: str, interval: Interval | None) -> dict[str, float | None]:
    low, high = _ends(interval)
    return {f"{name}_low": low, f"{name}_high": high}


def _plain(value: float | int | str | None) -> float | int | str | None:
    return None if isinstance(value, float) and not np.isfinite(value) else value
