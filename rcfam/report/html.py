"""Small pieces of HTML. Every text goes through `escape`: names and words of repositories may be hostile."""

import html
import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from rcfam.printable import printable

Cell = float | int | str | None
NOTHING = "\N{EN DASH}"


def escape(text: str) -> str:
    """Text that neither makes an element nor holds a control, format or surrogate character, line ends apart."""
    return html.escape("\n".join(printable(line, len(line)) for line in text.split("\n")))


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    caption: str = "",
    left: Sequence[int] = (0,),
    wrap: bool = False,
) -> str:
    """A table that scrolls sideways by itself. Columns numbered in `left` stand left, the others right."""
    kinds = [' class="text"' if i in left else "" for i in range(len(head))]
    wrapped = [' class="text wrap"' if i in left and wrap else kind for i, kind in enumerate(kinds)]
    heads = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{escape(cell(value))}</td>" for value, kind in zip(row, wrapped, strict=True))
        + "</tr>"
        for row in rows
    )
    title = paragraph(caption, "caption") if caption else ""
    return f'{title}<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def frame(data: pl.DataFrame, names: dict[str, str], caption: str = "") -> str:
    """Chosen columns of a table under other names; texts stand left."""
    chosen = data.select(list(names))
    left = [i for i, kind in enumerate(chosen.dtypes) if kind == pl.String]
    return table(list(names.values()), chosen.rows(), caption, left)


def cell(value: Cell) -> str:
    """A value for people: four significant digits, thousands apart, a dash for nothing."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if value != value:
        return NOTHING
    if value != 0 and abs(value) < 1e-3:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def items(texts: Sequence[str]) -> str:
    """A list of plain sentences."""
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def section(name: str, title: str, parts: Sequence[str]) -> str:
    """A section of the page, to which the navigation points by name."""
    return f'<section id="{name}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def between(low: Any, high: Any) -> str:
    """The two ends of an interval, a dash where one is missing."""
    return NOTHING if low is None or high is None else f"{cell(float(low))} to {cell(float(high))}"


def chart(name: str, label: str, specs: dict[str, dict[str, Any]]) -> str:
    """The place of a chart and its document; nothing where there is no such chart."""
    if name not in specs:
        return ""
    place = f'<div class="chart" data-spec="spec-{name}" role="img" aria-label="{escape(label)}"></div>'
    data = f'<script type="application/json" id="spec-{name}">{embedded(specs[name])}</script>'
    return f"{place}{data}"


def player(name: str, document: Any) -> str:
    """A player and what it plays."""
    return (
        f'<div class="player" data-replay="{name}"><pre aria-label="terminal"></pre><div class="controls">'
        '<button type="button">play</button><input type="range" min="0" value="0" aria-label="frame">'
        "<output></output></div></div>"
        f'<script type="application/json" id="{name}">{embedded(document)}</script>'
    )


def embedded(document: Any) -> str:
    """JSON that cannot end or open an element of the page, whatever stands in its strings."""
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
