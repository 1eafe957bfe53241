"""Accuracy over depth as a Vega-Lite document."""

from typing import Any

import altair as alt
import polars as pl

_SHOWN_AT_MOST = 64  # depths of a curve


def accuracy_chart(accuracies: pl.DataFrame) -> dict[str, Any]:
    """One line a model, one chart a trained depth, which a dashed rule marks; a point is the accuracy at one depth."""
    data = accuracies.with_columns(
        name=pl.col("model") + pl.lit(" ") + pl.col("layers").cast(pl.String),
        keep=pl.col("at") % (pl.col("at").max().over("task", "depth") // _SHOWN_AT_MOST + 1) == 0,
    ).filter(pl.col("keep") | (pl.col("at") == pl.col("trained")))
    data = (
        data.group_by("task", "depth", "trained", "name", "at", maintain_order=True)
        .agg(pl.col("accuracy").mean())
        .sort("name", "at")
    )
    charts = []
    titles = {
        "frjt": "blocks of the program",
        "maze": "moves withheld before the answer",
        "maze-unwithheld": "moves before the answer, none withheld",
    }
    for (task, _), some in data.sort("task", "depth").group_by("task", "depth", maintain_order=True):
        trained = some["trained"].item(0)
        base = alt.Chart(some)
        shown = [alt.Tooltip("name:N"), alt.Tooltip("at:Q"), alt.Tooltip("accuracy:Q", format=".3f")]
        lines = base.mark_line(point=alt.OverlayMarkDef(size=16)).encode(
            alt.X(
                "at:Q", title=titles[str(task)], axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False)
            ),
            alt.Y("accuracy:Q", title="test accuracy", scale=alt.Scale(zero=False)),
            alt.Color("name:N", title=None, legend=alt.Legend(orient="right")),
            tooltip=shown,
        )
        rule = alt.Chart(pl.DataFrame({"at": [trained]})).mark_rule(strokeDash=[4, 4], color="#7f7f7f").encode(x="at:Q")
        charts.append(alt.layer(lines, rule).properties(height=260, width=520, title=f"{task}, trained to {trained}"))
    with alt.data_transformers.enable("default", max_rows=None):
        document: dict[str, Any] = alt.vconcat(*charts).resolve_scale(color="shared").to_dict()
    document.pop("$schema", None)
    document.pop("config", None)
    return document
