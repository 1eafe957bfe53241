"""Accuracy over the number of diffs, one panel for each judge and size of context."""

from typing import Any

import altair as alt
import polars as pl

WIDTH, HEIGHT = 210, 190  # of one panel, in CSS pixels
COLOURS = ["#2b84c6", "#d95f02", "#7f7f7f", "#1b9e77", "#7570b3", "#e7298a", "#e6ab02", "#66a61e"]


def chart(table: pl.DataFrame) -> dict[str, Any]:
    """The table that `accuracy` made as a Vega-Lite document, without address of a schema."""
    data = table.with_columns(size="U" + pl.col("context").cast(pl.String))
    sizes = [f"U{context}" for context in sorted(table["context"].unique().to_list(), reverse=True)]
    base = alt.Chart(data).encode(
        alt.X("n:O", title="diffs after the first, N", axis=alt.Axis(labelAngle=0)),
        alt.Color("contestant:N", scale=alt.Scale(range=COLOURS), legend=alt.Legend(orient="top", title=None)),
    )
    share = alt.Y("accuracy:Q", title="share right", scale=alt.Scale(domain=[0, 1]))
    layers = [
        base.mark_rule(opacity=0.6).encode(alt.Y("low:Q", title="share right"), alt.Y2("high")),
        base.mark_line().encode(share),
        base.mark_point(filled=True, size=36).encode(share),
    ]
    panels = (
        alt.layer(*layers)
        .properties(width=WIDTH, height=HEIGHT)
        .facet(
            column=alt.Column("size:N", title=None, sort=sizes),
            row=alt.Row("judge:N", title=None, sort=["exact", "tree", "model"]),
        )
    )
    with alt.data_transformers.enable("default", max_rows=None):
        found: dict[str, Any] = panels.to_dict()
    found.pop("$schema", None)
    found.pop("config", None)
    return found
