"""The studies that were made: question, answer, a chart of what varies, who leads at equal cost, a table of cells."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from rcfam.report import html

Summary = Mapping[str, Any]
Cell = Mapping[str, Any]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Specs = dict[str, dict[str, Any]]
COLOUR = "#2b84c6"  # of a single series, on light and on dark
GRID = 24  # points of a law's line
ALL = "all"  # label of the only series
COSTS = {"steps": "steps", "wall": "seconds of training", "flops": "FLOPs"}
SHOWN = {
    "seeds": "seeds",
    "step": "step",
    "loss": "loss",
    "loss_low": "least",
    "loss_high": "greatest",
    "wall_s": "training, s",
    "flops": "FLOPs",
    "tokens": "tokens",
    "parameters": "parameters",
    "scored_loss": "held-out loss",
    "scored_own_loss": "held-out, own length",
    "scored_early_loss": "early",
    "scored_late_loss": "late",
    "scored_accuracy": "top-1",
}


def name_of(found: Summary) -> str:
    """A name for charts, files and links: letters, digits and hyphens, whatever the summary says."""
    return re.sub(r"[^a-z0-9]+", "-", f"study-{found['size']}-{found['study']}".lower()).strip("-")


def charts(studies: Sequence[Summary]) -> dict[str, Chart | None]:
    """Charts by name: one of the cells for each study, one of the least loss for each kind of cost."""
    made: dict[str, Chart | None] = {}
    for found in studies:
        made[name_of(found)] = _cells(found)
        for cost in COSTS:
            made[f"{name_of(found)}-{cost}"] = _best(found, cost)
    return made


def varied(cells: Sequence[Cell], factors: Sequence[str]) -> list[str]:
    """The factors that tell the cells apart: as few as it takes, in the study's order."""
    chosen: list[str] = []
    groups = 1
    for factor in factors:
        if factor == "seed" or len({cell.get(factor) for cell in cells}) < 2:
            continue
        more = len({tuple(cell.get(name) for name in (*chosen, factor)) for cell in cells})
        if more > groups:
            chosen, groups = [*chosen, factor], more
    return chosen


def label(cell: Cell, names: Sequence[str]) -> str:
    """`long` or `length 8, batch 4`: what a cell is called."""
    if len(names) == 1 and isinstance(cell.get(names[0]), str):
        return str(cell[names[0]])
    return ", ".join(f"{name.rsplit('.', 1)[-1]} {_short(cell.get(name))}" for name in names) or ALL


def _short(value: Any) -> str:
    return html.cell(value if isinstance(value, int | float | str | None) else str(value))


def _lead(cells: Sequence[Cell], names: Sequence[str]) -> str | None:
    """The factor for the horizontal axis: length if there is one, else the only other that is a number."""
    numbers = [name for name in names if all(_positive(cell.get(name)) for cell in cells)]
    if "length" in numbers:
        return "length"
    return numbers[0] if len(names) == 1 and numbers else None


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _usable(found: Summary) -> list[Cell]:
    return [cell for cell in found["cells"] if _positive(cell.get("loss"))]


def _cells(found: Summary) -> Chart | None:
    cells = _usable(found)
    if not cells:
        return None
    names = varied(cells, found["factors"])
    lead = _lead(cells, names)
    if lead is None:
        return _bars(cells, names)
    series = [name for name in names if name != lead]
    data = pl.DataFrame(
        [{"x": float(cell[lead]), "series": label(cell, series), **_range(cell)} for cell in cells]
    ).sort("series", "x")
    lines = _laws(found, cells, series) if lead == "length" else []
    ticks = alt.Axis(values=data["x"].unique().sort().to_list())
    x = alt.X("x:Q", title=_axis(lead), scale=alt.Scale(type="log", base=2, nice=False, padding=12), axis=ticks)
    legend = alt.Legend(orient="top", columns=2, labelLimit=240) if series else None
    colour = alt.Color("series:N", sort=None, title=None, legend=legend)
    pick = alt.selection_point(fields=["series"], bind="legend", name="pick")
    opacity = alt.when(pick).then(alt.value(1.0)).otherwise(alt.value(0.1))
    base = alt.Chart(data).encode(x=x, color=colour, opacity=opacity)
    line = alt.Chart(pl.DataFrame(lines)) if lines else alt.Chart(data)
    return alt.layer(
        line.mark_line(clip=True).encode(x=x, y=_loss(), color=colour, opacity=opacity).add_params(pick),
        base.mark_rule().encode(alt.Y("low:Q"), alt.Y2("high")),
        base.mark_point(size=45, filled=True).encode(_loss(), tooltip=_hover("x", _axis(lead), bool(series))),
    ).properties(height=280)


def _bars(cells: Sequence[Cell], names: Sequence[str]) -> Chart:
    data = pl.DataFrame([{"series": label(cell, names), **_range(cell)} for cell in cells])
    scale = alt.Scale(type="log", nice=False, padding=12)
    y = alt.Y("series:N", sort=None, title=None, axis=alt.Axis(labelLimit=170))
    base = alt.Chart(data).encode(y=y)
    return alt.layer(
        base.mark_rule(color=COLOUR).encode(alt.X("low:Q", title="loss, nats", scale=scale), alt.X2("high")),
        base.mark_point(size=60, filled=True, opacity=1, color=COLOUR).encode(
            alt.X("loss:Q", scale=scale), tooltip=_hover("loss", "loss", True)
        ),
    ).properties(height=max(80, 26 * len(cells)))


def _range(cell: Cell) -> dict[str, float]:
    loss = float(cell["loss"])
    return {"loss": loss, "low": float(cell.get("loss_low") or loss), "high": float(cell.get("loss_high") or loss)}


def _loss() -> alt.Y:
    return alt.Y("loss:Q", title="loss, nats", scale=alt.Scale(type="log", nice=False, padding=8))


def _axis(name: str) -> str:
    return "frames a window, L" if name == "length" else name.rsplit(".", 1)[-1].replace("_", " ")


def _hover(field: str, title: str, series: bool) -> list[alt.Tooltip]:
    ends = [alt.Tooltip(f"{name}:Q", format=".4f") for name in ("loss", "low", "high")]
    first = [] if field == "loss" else [alt.Tooltip(f"{field}:Q", title=title)]
    return [*([alt.Tooltip("series:N", title="cell")] if series else []), *first, *ends]


def _laws(found: Summary, cells: Sequence[Cell], series: Sequence[str]) -> list[dict[str, Any]]:
    """Points of each pure law's line, under the name of the cells that it was fitted to."""
    rows = []
    for law in found["laws"]:
        of = [cell for cell in cells if all(cell.get(key) == value for key, value in law["group"].items())]
        lengths = [float(cell["length"]) for cell in of]
        if not of or not _positive(law.get("amplitude")) or min(lengths) == max(lengths):
            continue
        low, high = math.log(min(lengths)), math.log(max(lengths))
        for n in range(GRID):
            x = math.exp(low + (high - low) * n / (GRID - 1))
            loss = law["amplitude"] * x ** -law["alpha"]
            rows.append({"x": x, "loss": loss, "series": label(of[0], series)})
    return rows


def _best(found: Summary, cost: str) -> Chart | None:
    names = varied(found["cells"], found["factors"])
    rows = [
        {"at": float(row["at"]), "loss": float(row["loss"]), "series": label(row, names)}
        for row in found["best"]
        if row["by"] == cost and _positive(row["at"]) and _positive(row["loss"])
    ]
    if len(rows) < 2 or not names:
        return None
    base = alt.Chart(pl.DataFrame(rows)).encode(
        alt.X("at:Q", title=COSTS[cost], scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format="~s")), _loss()
    )
    shown = [alt.Tooltip("series:N", title="least loss"), alt.Tooltip("at:Q", title=COSTS[cost], format=".3~s")]
    return alt.layer(
        base.mark_line(color="#7f7f7f", opacity=0.5),
        base.mark_point(size=55, filled=True, opacity=1).encode(
            alt.Color("series:N", sort=None, title=None, legend=alt.Legend(orient="top", columns=2, labelLimit=240)),
            tooltip=[*shown, alt.Tooltip("loss:Q", format=".4f")],
        ),
    ).properties(height=200)


def section(studies: Sequence[Summary], specs: Specs) -> str:
    """The section of all studies; empty where none was made."""
    if not studies:
        return ""
    rows = [
        f'<tr><td class="text"><a href="#{name_of(found)}">{html.escape(str(found["study"]))}</a></td>'
        f'<td class="text">{html.escape(str(found["size"]))}</td>'
        f'<td class="text">{html.escape(str(found["answer"]))}</td>'
        f'<td class="text wrap">{html.escape(str(found["question"]))}</td></tr>'
        for found in studies
    ]
    head = "".join(f'<th class="text">{word}</th>' for word in ("study", "size", "answer", "question"))
    table = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    words = html.paragraph(
        "Each study asks one question. Yes: all its claims hold; no: at least one is refuted; open: the intervals do "
        "not decide. A ratio of losses below 1 speaks for the claim."
    )
    return html.section("studies", "Studies", [words, table, *(_one(found, specs) for found in studies)])


def _one(found: Summary, specs: Specs) -> str:
    name, confidence = name_of(found), f"{100 * float(found['confidence']):g} %"
    stated = f"{found['study']}, {found['size']}: {found['answer']}"
    runs = f"{found['finished']} of {found['planned']} runs"
    missing = f", missing: {', '.join(map(str, found['failed']))}" if found["failed"] else ""
    lines = ""
    if "layer" in specs.get(name, {}) and len(specs[name]["layer"]) == 3:
        fitted = any(law.get("amplitude") for law in found["laws"])
        lines = f"; lines: {'the pure law of each group' if fitted else 'from point to point'}"
    parts = [
        f'<article id="{name}"><h3>{html.escape(stated)}</h3>',
        html.paragraph(str(found["question"])),
        html.items([str(words) for words in found["says"]]),
        html.chart(name, f"loss by what varies in the study {found['study']}", specs),
        html.paragraph(
            f"In the paper: {found['paper']}. {runs}{missing}. Points: geometric mean over seeds of the loss over the "
            f"last {found['window']} steps, bars from the least to the greatest seed{lines}. Intervals: {confidence}.",
            "note",
        ),
    ]
    equal = [cost for cost in COSTS if f"{name}-{cost}" in specs]
    if equal:
        parts.append("<details><summary>Least loss at equal cost</summary>")
        for cost in equal:
            place = html.chart(f"{name}-{cost}", f"which cell has the least loss at equal {COSTS[cost]}", specs)
            parts.append(
                html.paragraph(f"At equal {COSTS[cost]}, the cell that had the least loss.", "caption") + place
            )
        parts.append("</details>")
    parts.append("<details><summary>Cells, and what would have been a yes or a no</summary>")
    parts.append(html.paragraph(f"Yes: {found['confirmed']}") + html.paragraph(f"No: {found['refuted']}"))
    parts.append(_doublings(found, confidence) + _table(found) + "</details></article>")
    return "".join(parts)


def _table(found: Summary) -> str:
    cells = found["cells"]
    names = varied(cells, found["factors"])
    columns = {**{name: _axis(name) for name in names}, **SHOWN}
    kept = {name: title for name, title in columns.items() if any(cell.get(name) is not None for cell in cells)}
    rows = [[_value(cell.get(name)) for name in kept] for cell in cells]
    left = [n for n, name in enumerate(kept) if any(isinstance(cell.get(name), str) for cell in cells)]
    return html.table(list(kept.values()), rows, "Means over seeds at the end of training.", left) if cells else ""


def _value(value: Any) -> html.Cell:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e9:
        return int(value)
    if isinstance(value, float) and abs(value) >= 1e9:
        return f"{value:.3g}"
    return value if isinstance(value, int | float | str | None) else str(value)


def _doublings(found: Summary, confidence: str) -> str:
    if not found["doublings"]:
        return ""
    fixed = {"factor", "from", "to", "ratio", "low", "high", "pairs", "verdict"}
    rows = [
        (
            _axis(str(row["factor"])),
            label(row, [name for name in row if name not in fixed]),
            _value(row["from"]),
            _value(row["to"]),
            _value(row["ratio"]),
            html.between(row.get("low"), row.get("high")),
            row.get("pairs"),
            row.get("verdict"),
        )
        for row in found["doublings"]
    ]
    head = ["factor", "at", "from", "to", "loss ratio", f"{confidence} interval", "pairs", "pays"]
    return html.table(head, rows, "From each value of a factor to the next; below 1 is less loss.", (0, 1, 7))
