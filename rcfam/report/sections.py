"""The sections of the page, each from the material to HTML; an empty string where the material holds nothing for it."""

from typing import Any

import numpy as np
import polars as pl

from rcfam.report import html
from rcfam.report.dataset_section import section as data_section
from rcfam.report.inputs import Inputs
from rcfam.report.replay import document
from rcfam.report.rollout import section as rollout_section
from rcfam.scaling.conclusions import span
from rcfam.scaling.curves import Points
from rcfam.scaling.laws import fit_pure, means
from rcfam.scaling.published import PLATEAU

Specs = dict[str, dict[str, Any]]


def law(material: Inputs, specs: Specs) -> str:
    """The law, its fits, residuals and local slopes."""
    fits = material.tables["fits"].with_columns(
        bounds=pl.struct("alpha_low", "alpha_high").map_elements(_interval, pl.String, skip_nulls=False)
    )
    names = {
        "law": "law",
        "lengths": "lengths",
        "method": "method",
        "alpha": "alpha",
        "bounds": _level(material) + " interval",
        "interval": "by",
        "amplitude": "A",
        "irreducible": "E",
        "r2": "R2 (log)",
        "aicc": "AICc",
        "bic": "BIC",
    }
    slopes = {
        "from": "from L",
        "to": "to L",
        "slope": "local exponent",
        "loss_ratio_per_doubling": "loss a doubling, x",
    }
    forecasts = {"law": "law", "length": "L", "measured": "measured", "predicted": "foretold", "percent": "error, %"}
    parts = [
        html.chart("law", "loss against length on logarithmic axes", specs),
        html.paragraph(
            "Blue: pure law A L^-alpha with its band; orange, dashed: E + A L^-alpha; small grey rings: single runs. "
            "Every length counts once, as the geometric mean of its seeds.",
            "note",
        ),
        html.frame(fits, names, "Every fit, and every interval of alpha."),
        "<h3>What the law leaves over</h3>",
        html.chart("residuals", "residuals by length", specs),
        html.chart("slopes", "local exponents between neighbouring lengths", specs),
        html.frame(material.tables["slopes"], slopes, "Local exponents: a straight law keeps them level."),
    ]
    if material.tables["forecasts"].height:
        told = material.tables["forecasts"].with_columns(percent=100 * pl.col("error"))
        parts.append(html.frame(told, forecasts, "The longest length, foretold from the others."))
    return html.section("law", "The law", parts)


def curves(material: Inputs, specs: Specs) -> str:
    """Loss over steps and wall time, the exponent over steps."""
    parts = [
        "<h3>Loss over steps</h3>",
        html.chart("steps", "smoothed loss over steps by length", specs),
        html.paragraph(
            "Click lengths in the legend to pick them (shift for several); drag to move, shift and wheel to zoom, "
            "double click to reset.",
            "note",
        ),
    ]
    if "evolution" in specs:
        parts += [
            "<h3>Exponent over steps</h3>",
            html.chart("evolution", "exponent alpha over steps", specs),
            html.paragraph(
                f"Blue: alpha of the pure law at each step with its t-band; orange, dashed: the saturating "
                f"exponential; grey, dashed: the paper's plateau, {PLATEAU}. Bands of neighbouring steps "
                "are not independent.",
                "note",
            ),
        ]
    return html.section("curves", "Learning curves", parts)


def wall(material: Inputs, specs: Specs) -> str:
    """Loss over wall time and the crossovers."""
    table = material.tables["crossovers"]
    if table.height == 0:
        return html.section("wall", "Wall time", [html.paragraph("The run table holds no wall times.")])
    rows = [
        (
            row["short"],
            row["long"],
            row["measured"] if row["measured_s"] is None else _seconds(row["measured_s"]),
            html.NOTHING if row["low_s"] is None else f"{_seconds(row['low_s'])} to {_seconds(row['high_s'])}",
            f"{row['seed_pairs_crossed']} of {row['seed_pairs']}",
            _seconds(row["common_s"]),
            html.NOTHING if row["predicted_s"] is None else _seconds(row["predicted_s"]),
            row["predicted"],
        )
        for row in table.iter_rows(named=True)
    ]
    head = [
        "short L",
        "long L",
        "overtakes at, s",
        "over seeds, s",
        "seed pairs",
        "both trained, s",
        "predicted, s",
        "how",
    ]
    parts = [
        html.chart("wall", "smoothed loss over seconds of training by length", specs),
        html.paragraph(
            "Diamonds: where a longer window overtakes a shorter one for good. Seconds are training alone, without "
            "evaluation and checkpoints, as the run table has them.",
            "note",
        ),
        html.table(head, rows, "When the longer window's loss stays at or below the shorter's.", left=(7,)),
        html.paragraph(
            "Predicted: the law at step t / c(L) with the measured seconds c of a step. Extrapolated rows rest on the "
            "saturating exponential and on the amplitude's last slope.",
            "note",
        ),
    ]
    return html.section("wall", "Wall time and crossovers", parts)


EVALUATION = {
    "length": "L",
    "seed": "seed",
    "loss": "loss",
    "bits_per_keystroke": "bits a keystroke",
    "accuracy": "top-1",
    "sustained": "sustained",
    "sustained_from_start": "from the start",
    "early_loss": "early loss",
    "late_loss": "late loss",
    "own_loss": "loss, own length",
    "positions": "positions",
}


def evaluation(material: Inputs, specs: Specs) -> str:
    """Held-out figures of every run."""
    data = material.evaluation
    if data is None or data.height == 0:
        return html.section("evaluation", "Held-out data", [html.paragraph("No run was evaluated on held-out data.")])
    known = {name: title for name, title in EVALUATION.items() if name in data.columns}
    order = [name for name in ("length", "seed") if name in known]
    table = data.sort(order) if order else data
    parts = [
        html.chart("evaluation", "held-out loss against trained length", specs),
        html.items(held_out_laws(data)),
        html.frame(table, known, "Every run on the same held-out windows; losses in nats a token."),
        html.paragraph(
            "Sustained: mean number of frames in a row that are right, from every position. The law above is fitted to "
            "training loss, as the paper's is.",
            "note",
        ),
    ]
    if "positions" in specs:
        parts += [
            "<h3>Early and late positions</h3>",
            html.chart("positions", "held-out loss by position in the window, by trained length", specs),
            html.paragraph(
                "Means over positions 1, 2, 3-4, 5-8 and so on: does training on longer windows help early positions "
                "as well (the paper's appendix H)? Crosses, right of its own length: beyond the trained length.",
                "note",
            ),
        ]
    return html.section("evaluation", "Held-out data", parts)


def held_out_laws(data: pl.DataFrame) -> tuple[str, ...]:
    """The pure law fitted to held-out losses: the same windows for all, and only as much past as was trained on."""
    ways = {
        "loss": "with the whole past of the window",
        "own_loss": "with no more past than the trained length",
    }
    found = []
    for column, words in ways.items():
        if not {"length", column} <= set(data.columns):
            continue
        kept = data.filter(pl.col(column).is_finite() & (pl.col(column) > 0))
        if kept["length"].n_unique() < 3:
            continue
        lengths_P = kept["length"].cast(pl.Int64).to_numpy()
        law = fit_pure(means(Points(0, lengths_P, np.zeros_like(lengths_P), kept[column].to_numpy())))
        found.append(
            f"Held-out loss {words}: alpha = {law.alpha:.3f} (95 % interval {span(law.interval)}, "
            f"R2 {law.r2_log:.3f} on logs)."
        )
    return tuple(found)


def dataset(material: Inputs, specs: Specs) -> str:
    """What was trained on."""
    return html.section("dataset", "Dataset", [data_section(material, specs)])


def rollout(material: Inputs, specs: Specs) -> str:
    """The model at the keyboard; nothing where it was not let."""
    parts = rollout_section(material, specs)
    return html.section("rollout", "The model at the keyboard", [parts]) if parts else ""


def recording(material: Inputs) -> str:
    """A player for a stretch of a recording; nothing without one."""
    if material.sample is None:
        return ""
    words = html.paragraph(
        f"What the model sees: the terminal before each keystroke, and the key that follows. {material.sample.title}",
        "note",
    )
    return html.section("recording", "A recorded session", [words, html.player("replay", document(material.sample))])


def provenance(material: Inputs) -> str:
    """Revisions, versions, machine, parameters, the runs that were read."""
    parts = []
    if material.runs is not None:
        parts.append(html.frame(_run_rows(material.runs), RUN_COLUMNS, "The runs, by length."))
    for group, pairs in material.provenance.items():
        parts.append(html.table([group, ""], list(pairs.items()), left=(0, 1), wrap=True))
    if material.parameters:
        parts.append(f"<details><summary>Parameters</summary><pre>{html.escape(material.parameters)}</pre></details>")
    return html.section("provenance", "Provenance", parts)


RUN_COLUMNS = {
    "length": "L",
    "runs": "runs",
    "steps": "steps",
    "batch": "batch",
    "positions": "positions a run",
    "step_s": "seconds a step",
    "wall_s": "training, s",
    "peak": "peak MiB",
}


def _run_rows(runs: pl.DataFrame) -> pl.DataFrame:
    """One row a length; columns that the run table lacks come out empty."""
    optional = dict.fromkeys(("batch", "tokens", "step_s", "wall_s", "peak_bytes"), pl.Float64)
    table = runs.filter(pl.col("loss").is_finite()).with_columns(
        [pl.lit(None, kind).alias(name) for name, kind in optional.items() if name not in runs.columns]
    )
    identity = "run" if "run" in runs.columns else "seed" if "seed" in runs.columns else "length"
    return (
        table.group_by("length", maintain_order=True)
        .agg(
            runs=pl.col(identity).n_unique(),
            steps=pl.col("step").max(),
            batch=pl.col("batch").max(),
            positions=pl.col("tokens").max(),
            step_s=pl.col("step_s").median(),
            wall_s=pl.col("wall_s").max(),
            peak=pl.col("peak_bytes").max() / 2**20,
        )
        .sort("length")
    )


def _seconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:#.3g}".rstrip(".")


def _level(material: Inputs) -> str:
    return f"{100 * float(material.law.get('confidence') or 0.95):g} %"


def _interval(ends: dict[str, float | None]) -> str:
    return html.between(ends["alpha_low"], ends["alpha_high"])
