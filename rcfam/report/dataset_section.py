"""What was trained on: the charts and the section of the dataset's statistics."""

import altair as alt
import polars as pl

from rcfam.report import html
from rcfam.report.inputs import Inputs

COLUMNS = {"of", "name", "quantity", "value"}
DRAWN = ("token frequency", "window coverage")  # long lists of numbers, shown as charts alone
_BARS = 16
_ROWS = 24


def charts(material: Inputs) -> dict[str, alt.Chart | None]:
    """Charts by name: languages, frequency, coverage."""
    return {
        "languages": _languages(_rows(material, "language")),
        "frequency": _frequency(_rows(material, "token frequency")),
        "coverage": _coverage(_rows(material, "window coverage")),
    }


def _rows(material: Inputs, of: str) -> pl.DataFrame:
    data = material.dataset
    if data is None or not set(data.columns) >= COLUMNS:
        return pl.DataFrame(schema={"name": pl.String, "quantity": pl.String, "value": pl.Float64})
    return data.filter(pl.col("of") == of).select("name", "quantity", "value")


def _languages(rows: pl.DataFrame) -> alt.Chart | None:
    data = rows.filter((pl.col("quantity") == "keystrokes") & (pl.col("value") > 0)).sort("value", descending=True)
    if data.height == 0:
        return None
    data = data.head(_BARS)
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            alt.X("value:Q", title="keystrokes in the editor", axis=alt.Axis(format="~s")),
            alt.Y("name:N", title=None, sort=None),
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip("value:Q", format=",.0f")],
        )
        .properties(height=20 * data.height)
    )


def _frequency(rows: pl.DataFrame) -> alt.Chart | None:
    data = rows.with_columns(rank=pl.col("name").cast(pl.Int64, strict=False)).drop_nulls("rank")
    if data.height == 0:
        return None
    return (
        alt.Chart(data)
        .mark_line(point=alt.OverlayMarkDef(size=20))
        .encode(
            alt.X("rank:Q", title="rank of the token on its side", scale=alt.Scale(type="log", nice=False)),
            alt.Y("value:Q", title="share of all tokens", scale=alt.Scale(type="log"), axis=alt.Axis(format="~%")),
            alt.Color("quantity:N", title=None, legend=alt.Legend(orient="top")),
            tooltip=[alt.Tooltip("rank:Q"), alt.Tooltip("quantity:N"), alt.Tooltip("value:Q", format=".3%")],
        )
        .properties(height=220)
    )


def _coverage(rows: pl.DataFrame) -> alt.Chart | None:
    numbers = {"length": pl.col("name"), "windows": pl.col("quantity")}
    data = rows.with_columns(**{name: column.cast(pl.Int64, strict=False) for name, column in numbers.items()})
    data = data.drop_nulls(["length", "windows"])
    if data.height == 0:
        return None
    return (
        alt.Chart(data)
        .mark_line(point=alt.OverlayMarkDef(size=30))
        .encode(
            alt.X("windows:Q", title="windows drawn: steps x batch", scale=alt.Scale(type="log", nice=False)),
            alt.Y("value:Q", title="training tokens seen", axis=alt.Axis(format="%")),
            alt.Color("length:O", title="L", legend=alt.Legend(orient="top", columns=0, symbolType="stroke")),
            tooltip=[
                alt.Tooltip("length:O"),
                alt.Tooltip("windows:Q", format=","),
                alt.Tooltip("value:Q", format=".1%"),
            ],
        )
        .properties(height=220)
    )


def section(material: Inputs, specs: dict[str, dict[str, object]]) -> str:
    """The section of the page, without its frame."""
    data = material.dataset
    if data is None or not set(data.columns) >= COLUMNS:
        return html.paragraph("No statistics of a dataset were given.")
    parts = []
    for of in data["of"].unique(maintain_order=True).to_list():
        if of not in DRAWN:
            parts.append(_table(str(of), data.filter(pl.col("of") == of)))
        if of == "language":
            parts.append(html.chart("languages", "keystrokes by language", specs))
    if "frequency" in specs:
        parts += ["<h3>Token frequency</h3>", html.chart("frequency", "share of tokens by rank on each side", specs)]
    if "coverage" in specs:
        parts += [
            "<h3>How much of the data a training sees</h3>",
            html.chart("coverage", "share of training tokens seen by windows drawn, by length", specs),
            html.paragraph(
                "Expected share of the training side's tokens that stand in at least one of the windows drawn, each "
                "place drawn once before one comes again.",
                "note",
            ),
        ]
    return "".join(parts)


def _table(of: str, rows: pl.DataFrame) -> str:
    names = rows["name"].unique(maintain_order=True).to_list()[:_ROWS]
    quantities = rows["quantity"].unique(maintain_order=True).to_list()
    known = {(row["name"], row["quantity"]): row["value"] for row in rows.iter_rows(named=True)}
    body = [(str(name), *(_count(known.get((name, quantity))) for quantity in quantities)) for name in names]
    if len(names) == 1:
        return html.table([of, ""], list(zip(quantities, body[0][1:], strict=True)))
    left = rows["name"].n_unique() - len(names)
    caption = f"by {of}" + (f", the first {len(names)}; {left} more are not shown" if left else "")
    return html.table([of, *map(str, quantities)], body, caption)


def _count(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() else value
