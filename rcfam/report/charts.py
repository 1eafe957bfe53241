"""Vega-Lite charts of a report. Colours of text and ground are the page's: it embeds each chart in its theme."""

# Charts are named as their figures: law, residuals, slopes, steps, wall, evolution, evaluation, positions, ...

from typing import Any

import altair as alt
import numpy as np
import polars as pl

from rcfam.report.dataset_section import charts as data_charts
from rcfam.report.inputs import Inputs
from rcfam.report.rollout import charts as rollout_charts
from rcfam.report.studies import charts as study_charts
from rcfam.scaling.published import PLATEAU

PURE, FLOOR, PAPER = "#2b84c6", "#d95f02", "#7f7f7f"  # told apart by the colour-blind, on light and on dark
HEIGHT = 340
WITHIN, BEYOND = "within the trained length", "beyond it"
Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Specs = dict[str, dict[str, Any]]


def charts(material: Inputs) -> Specs:
    """Every chart that the material allows, by name, as Vega-Lite documents without a width."""
    made: dict[str, Chart | None] = {
        "law": law_chart(material),
        "residuals": residual_chart(material),
        "slopes": slope_chart(material),
        "steps": step_chart(material),
        "wall": wall_chart(material),
        "evolution": evolution_chart(material),
        "evaluation": evaluation_chart(material),
        "positions": position_chart(material),
        **data_charts(material),
        **rollout_charts(material),
        **study_charts(material.studies),
    }
    return {name: document(chart) for name, chart in made.items() if chart is not None}


def document(chart: Chart) -> dict[str, Any]:
    """The chart as plain JSON with its data inside and no address of a schema."""
    with alt.data_transformers.enable("default", max_rows=None):
        found: dict[str, Any] = chart.to_dict()
    found.pop("$schema", None)
    found.pop("config", None)
    return found


def _lengths(field: str = "length", title: str = "frames a window, L") -> alt.X:
    return alt.X(f"{field}:Q", title=title, scale=alt.Scale(type="log", base=2, nice=False, padding=12))


def _loss(field: str, title: str = "loss, nats") -> alt.Y:
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(type="log", base=10, nice=False, padding=8))


def _by_length(pick: alt.Parameter) -> tuple[alt.Color, Any]:
    colour = alt.Color("length:O", title="L", legend=alt.Legend(orient="top", columns=0, symbolType="stroke"))
    return colour, alt.when(pick).then(alt.value(1.0)).otherwise(alt.value(0.08))


def law_chart(material: Inputs) -> Chart:
    """Loss against length on logs: every run, the means, both laws, the pure law's band."""
    band = alt.Chart(material.tables["band"])
    shown = [alt.Tooltip("length:Q"), alt.Tooltip("loss:Q", format=".4f")]
    layers = [
        band.mark_area(opacity=0.18, color=PURE).encode(_lengths(), _loss("low"), alt.Y2("high")),
        _law_line(band, "pure", PURE, []),
        _law_line(band, "irreducible", FLOOR, [6, 4]),
        alt.Chart(material.tables["points"])
        .mark_point(size=28, opacity=0.6, color=PAPER)
        .encode(_lengths(), _loss("loss"), tooltip=[*shown, alt.Tooltip("seed:N")]),
        alt.Chart(material.tables["law"])
        .mark_point(size=70, filled=True, color=PURE)
        .encode(
            _lengths(), _loss("loss"), tooltip=[*shown, alt.Tooltip("seeds:Q"), alt.Tooltip("pure:Q", format=".4f")]
        ),
    ]
    return alt.layer(*layers).properties(height=HEIGHT)


def _law_line(data: alt.Chart, field: str, colour: str, dash: list[int]) -> alt.Chart:
    return data.mark_line(color=colour, strokeDash=dash or [1, 0], clip=True).encode(_lengths(), _loss(field))


def residual_chart(material: Inputs) -> Chart:
    """Measured over fitted loss, in per cent, by length and law."""
    table = material.tables["law"]
    parts = [
        table.select("length", law=pl.lit(name), percent=100 * (pl.col(f"{name}_residual").cast(pl.Float64).exp() - 1))
        for name in ("pure", "irreducible")
    ]
    data = pl.concat(parts).drop_nulls()
    base = alt.Chart(data).encode(
        _lengths(),
        alt.Y("percent:Q", title="measured above law, %"),
        alt.Color("law:N", scale=alt.Scale(domain=["pure", "irreducible"], range=[PURE, FLOOR]), legend=_top()),
        alt.Shape("law:N", legend=None),
        tooltip=[alt.Tooltip("length:Q"), alt.Tooltip("law:N"), alt.Tooltip("percent:Q", format="+.2f")],
    )
    zero = alt.Chart(pl.DataFrame({"zero": [0.0]})).mark_rule(color=PAPER).encode(y="zero:Q")
    return alt.layer(zero, base.mark_line(opacity=0.4), base.mark_point(size=60, filled=True)).properties(height=200)


def slope_chart(material: Inputs) -> Chart:
    """Local exponents between neighbouring lengths; a straight law keeps them level."""
    table = material.tables["slopes"]
    data = table.with_columns(middle=(pl.col("from") * pl.col("to")).sqrt(), exponent=float(material.law["alpha"] or 0))
    shown = [alt.Tooltip("from:Q"), alt.Tooltip("to:Q"), alt.Tooltip("slope:Q", format=".3f")]
    base = alt.Chart(data)
    dots = base.mark_line(point=alt.OverlayMarkDef(size=60), color=PURE)
    return alt.layer(
        base.mark_rule(color=PAPER, strokeDash=[4, 4]).encode(y="mean(exponent):Q"),
        dots.encode(
            _lengths("middle", "between which lengths, L"), alt.Y("slope:Q", title="local exponent"), tooltip=shown
        ),
    ).properties(height=200)


def step_chart(material: Inputs) -> Chart:
    """Smoothed loss over steps, one line a length."""
    return _curves(material.tables["loss_over_steps"], "step", "step, middle of the window", [])


def wall_chart(material: Inputs) -> Chart | None:
    """Smoothed loss over seconds of training, with the measured crossovers."""
    table = material.tables["loss_over_wall"]
    if table.height == 0:
        return None
    marks = crossing_points(table, material.tables["crossovers"])
    crossings = []
    if marks.height:
        shown = [alt.Tooltip("pair:N"), alt.Tooltip("wall_s:Q", format=",.1f"), alt.Tooltip("loss:Q", format=".3f")]
        crossings = [
            alt.Chart(marks)
            .mark_point(shape="diamond", size=60, filled=True, color=FLOOR)
            .encode(alt.X("wall_s:Q"), alt.Y("loss:Q"), tooltip=shown)
        ]
    return _curves(table, "wall_s", "seconds of training", crossings)


def crossing_points(curves: pl.DataFrame, crossovers: pl.DataFrame) -> pl.DataFrame:
    """Where on the picture each measured crossover lies -> pair, wall_s, loss."""
    rows = []
    for row in crossovers.filter(pl.col("measured") == "crossed").iter_rows(named=True):
        curve = curves.filter(pl.col("length") == row["long"])
        loss = float(np.interp(row["measured_s"], curve["wall_s"], curve["loss"]))
        rows.append((f"{row['long']} overtakes {row['short']}", row["measured_s"], loss))
    return pl.DataFrame(rows, {"pair": pl.String, "wall_s": pl.Float64, "loss": pl.Float64}, orient="row")


def _curves(data: pl.DataFrame, axis: str, title: str, above: list[alt.Chart]) -> Chart:
    pick = alt.selection_point(fields=["length"], bind="legend", name="pick")
    zoom = alt.selection_interval(bind="scales", zoom="wheel![event.shiftKey]", name="zoom")
    colour, opacity = _by_length(pick)
    base = alt.Chart(data).encode(
        alt.X(f"{axis}:Q", title=title, scale=alt.Scale(type="log", nice=False)),
        color=colour,
        opacity=opacity,
        tooltip=[
            alt.Tooltip("length:O"),
            alt.Tooltip(f"{axis}:Q", format=",.3~f"),
            alt.Tooltip("loss:Q", format=".4f"),
        ],
    )
    lines = base.mark_line(clip=True).encode(_loss("loss")).add_params(pick, zoom)
    return alt.layer(lines, *above).properties(height=HEIGHT)


def evolution_chart(material: Inputs) -> Chart | None:
    """alpha over steps with its band, the saturating exponential, and the paper's plateau."""
    data = material.tables["evolution"].with_columns(paper=pl.lit(PLATEAU))
    if data.height < 2:
        return None
    steps = alt.X("step:Q", title="step, middle of the window", scale=alt.Scale(nice=False))
    base = alt.Chart(data)
    shown = [alt.Tooltip("step:Q"), alt.Tooltip("alpha:Q", format=".3f"), alt.Tooltip("r2:Q", format=".3f")]
    return alt.layer(
        base.mark_area(opacity=0.18, color=PURE).encode(steps, alt.Y("low:Q", title="exponent alpha"), alt.Y2("high")),
        base.mark_line(color=PAPER, strokeDash=[4, 4]).encode(steps, alt.Y("paper:Q")),
        base.mark_line(color=FLOOR, strokeDash=[6, 4]).encode(steps, alt.Y("saturating:Q")),
        base.mark_line(color=PURE, point=alt.OverlayMarkDef(size=20)).encode(steps, alt.Y("alpha:Q"), tooltip=shown),
    ).properties(height=260)


def evaluation_chart(material: Inputs) -> Chart | None:
    """Held-out loss against the trained length, a point a run."""
    data = material.evaluation
    if data is None or not {"length", "loss"} <= set(data.columns):
        return None
    kept = data.select(pl.col("length", "loss", *[c for c in ("seed",) if c in data.columns]))
    kept = kept.filter(pl.col("loss").is_finite() & (pl.col("loss") > 0))
    if kept.height == 0:
        return None
    means = kept.group_by("length", maintain_order=True).agg(loss=pl.col("loss").log().mean().exp()).sort("length")
    encoded = (_lengths(title="trained length, L"), _loss("loss", "held-out loss, nats"))
    shown = [alt.Tooltip(f"{name}:Q", format=".4~f") for name in kept.columns]
    return alt.layer(
        alt.Chart(means).mark_line(color=PURE).encode(*encoded),
        alt.Chart(kept).mark_point(size=50, filled=True, color=PURE).encode(*encoded, tooltip=shown),
    ).properties(height=260)


def position_chart(material: Inputs) -> Chart | None:
    """Held-out loss by position in the window, in bins of a power of two, one line a trained length."""
    data = material.positions
    if data is None or not {"length", "position", "loss"} <= set(data.columns) or data.height == 0:
        return None
    binned = (
        data.filter(pl.col("loss").is_finite())
        .with_columns(bin=pl.col("position").log(2).ceil())
        .group_by("length", "bin", maintain_order=True)
        .agg(position=pl.col("position").mean(), loss=pl.col("loss").mean(), last=pl.col("position").max())
        .with_columns(where=pl.when(pl.col("last") > pl.col("length")).then(pl.lit(BEYOND)).otherwise(pl.lit(WITHIN)))
        .sort("length", "position")
    )
    shown = [
        alt.Tooltip("length:O"),
        alt.Tooltip("where:N"),
        alt.Tooltip("position:Q", format=".1f"),
        alt.Tooltip("loss:Q", format=".4f"),
    ]
    pick = alt.selection_point(fields=["length"], bind="legend", name="pick")
    colour, opacity = _by_length(pick)
    base = alt.Chart(binned).encode(
        _lengths("position", "position in the window"), _loss("loss", "held-out loss, nats"), colour, opacity=opacity
    )
    shape = alt.Shape("where:N", scale=alt.Scale(domain=[WITHIN, BEYOND], range=["circle", "cross"]), legend=_top())
    dots = base.mark_point(size=35, filled=True).encode(shape, tooltip=shown)
    return alt.layer(base.mark_line().add_params(pick), dots).properties(height=260)


def _top() -> alt.Legend:
    return alt.Legend(orient="top", title=None)
