"""The page: one HTML document that asks the network for nothing, its summary first."""

from collections.abc import Mapping
from importlib import resources

import polars as pl

from rcfam.report import html, paper_comparison, sections, studies
from rcfam.report.charts import Specs, charts
from rcfam.report.inputs import Inputs, ReportParams
from rcfam.report.plots import bundle
from rcfam.scaling.published import EXCELLENCE

# Nothing may be fetched, whatever stands in the page; Vega compiles its expressions, hence 'unsafe-eval'.
POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"


def page(material: Inputs, params: ReportParams, specs: Specs | None = None) -> str:
    """The whole page, about 1.5 MB, of which Vega is 0.9. `specs` are `charts(material)`, where made already."""
    specs = charts(material) if specs is None else specs
    parts = [
        sections.law(material, specs),
        sections.curves(material, specs),
        sections.wall(material, specs),
        sections.evaluation(material, specs),
        sections.rollout(material, specs),
        studies.section(material.studies, specs),
        paper_comparison.paper(material),
        sections.dataset(material, specs),
        sections.recording(material),
        sections.provenance(material),
    ]
    title = html.escape(params.title)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_own('page.css')}</style></head><body>",
            f'<header><h1>{title}</h1><button id="theme" type="button">theme</button></header>',
            summary(material),
            navigation("".join(parts)),
            *parts,
            "<noscript><p>The charts need JavaScript; the same pictures lie beside it in figures/.</p></noscript>",
            f"<script>{bundle()}</script>",
            f"<script>{_own('page.js')}</script>",
            f"<script>{_own('player.js')}</script>"
            if material.sample is not None or material.rollout_sample is not None
            else "",
            "</body></html>",
        ]
    )


def summary(material: Inputs) -> str:
    """What was found and what it does not show, before anything else."""
    law, level = material.law, f"{100 * float(material.law.get('confidence') or 0.95):g} %"
    cards = [
        ("alpha, pure law", html.cell(law["alpha"]), f"{level}: {_span(law, 'alpha')}"),
        ("R2 on logs", html.cell(law.get("r2")), f"{html.cell(law.get('lengths'))} lengths, {law.get('runs')} runs"),
        (
            "alpha with irreducible term",
            html.cell(law.get("irreducible_alpha")),
            f"{level}: {_span(law, 'irreducible_alpha')}",
        ),
        ("irreducible loss E, nats", html.cell(law.get("irreducible")), ""),
        ("crossed in wall time", f"{law.get('crossed')} of {law.get('pairs')}", "pairs of lengths"),
    ]
    boxes = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}<small>{html.escape(more)}</small></dd></div>"
        for name, value, more in cards
    )
    return "".join(
        [
            '<section id="summary">',
            paper_comparison.first_lines(paper_comparison.reading(material)),
            f'<dl class="law">{boxes}</dl>',
            "<h3>What the data support</h3>",
            html.items(material.conclusions),
            "<h3>What this does not show</h3>",
            html.items(limits(material)),
            "</section>",
        ]
    )


def limits(material: Inputs) -> tuple[str, ...]:
    """The caveats that hold for these runs."""
    found = [
        f"Step {html.cell(material.law.get('step'))} of training is not convergence: the paper compares losses at "
        f"steps {EXCELLENCE.step:,} (82M parameters, 1.6 TB of recordings) and 1,000.",
        "The law is one of training loss at a fixed number of steps. It says nothing of the best loss that a length "
        "can reach, nor of other models or data.",
    ]
    shares = _positions(material.runs)
    if shares is not None:
        short, long, ratio = shares
        found.append(
            f"A run at L = {long} has learned from {ratio:.0f} times as many positions as one at L = {short} when both "
            "have made the same steps; more data, not longer memory, may be what helps (the paper's section 10.6)."
        )
    if material.law.get("alpha_over_seeds_low") is None:
        found.append("With one seed a length, luck of a single run cannot be told from an effect of length.")
    found.append("Wall times hold for one machine; other programs on it, and runs side by side, stretch them.")
    if material.evaluation is None:
        found.append("No held-out data were evaluated: memorised and learned are not told apart.")
    return tuple(found)


def _positions(runs: pl.DataFrame | None) -> tuple[int, int, float] | None:
    if runs is None or "tokens" not in runs.columns or runs["length"].n_unique() < 2:
        return None
    rates = (
        runs.group_by("length", maintain_order=True)
        .agg(rate=(pl.col("tokens") / pl.col("step")).median())
        .sort("length")
    )
    first, last = rates.row(0, named=True), rates.row(-1, named=True)
    if not first["rate"] or not last["rate"]:
        return None
    return int(first["length"]), int(last["length"]), float(last["rate"] / first["rate"])


def _span(law: Mapping[str, float | int | str | None], name: str) -> str:
    low, high = law.get(f"{name}_low"), law.get(f"{name}_high")
    return "no interval" if low is None or high is None else f"{float(low):.3f} to {float(high):.3f}"


def _own(name: str) -> str:
    return (resources.files("rcfam.report") / name).read_text(encoding="utf-8")


SECTIONS = {
    "law": "law",
    "curves": "learning curves",
    "wall": "wall time",
    "evaluation": "held-out data",
    "rollout": "at the keyboard",
    "studies": "studies",
    "paper": "the paper's tables",
    "dataset": "dataset",
    "recording": "a session",
    "provenance": "provenance",
}


def navigation(body: str) -> str:
    """Links to the sections that `body` has."""
    links = (
        f'<a href="#{name}">{html.escape(words)}</a>' for name, words in SECTIONS.items() if f'id="{name}"' in body
    )
    return f'<nav aria-label="sections">{"".join(links)}</nav>'
