"""Our result beside the paper's: what differs is said first, then what agrees, then what is left open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from rcfam.report import html
from rcfam.report.inputs import Inputs
from rcfam.scaling.laws import fit_irreducible, fit_pure
from rcfam.scaling.published import EXCELLENCE, PLATEAU, TABLES

CORE_GFLOP, HEAD_GFLOP = 0.038, 523.0  # forward, a frame, 82M model: appendix J with 7,680 cells and width 768
SEEN = 2.0  # time constants that a training must have lasted for its plateau to count as measured


@dataclass(frozen=True)
class Comparison:
    """Plain sentences, the most important first."""

    differs: tuple[str, ...]
    agrees: tuple[str, ...]
    unsettled: tuple[str, ...]


def reading(material: Inputs) -> Comparison:
    """Every claim of the paper that this material can be held against: exponent, plateau, shape, wall time, studies."""
    parts = [_exponent(material), _falls(material.law), _plateau(material), _shape(material), _amortised(material.law)]
    parts += [_study(found) for found in material.studies]
    told = [part for part in parts if part is not None]
    return Comparison(
        *(tuple(words for kind, words in told if kind == wanted) for wanted in ("differs", "agrees", "open"))
    )


def _exponent(material: Inputs) -> tuple[str, str]:
    paper = fit_pure(EXCELLENCE.means())
    assert paper.interval is not None
    alpha, low, high = (material.law.get(name) for name in ("alpha", "alpha_low", "alpha_high"))
    theirs = (
        f"the paper's table gives {paper.alpha:.3f} ({paper.interval.low:.3f} to {paper.interval.high:.3f}), "
        f"{_drop(paper.alpha)} a doubling"
    )
    if alpha is None or low is None or high is None:
        return "open", f"Exponent: too few lengths for an interval of alpha; {theirs}."
    ours = (
        f"alpha is {float(alpha):.3f} ({float(low):.3f} to {float(high):.3f}), {_drop(float(alpha))} a doubling, here"
    )
    if float(low) <= paper.interval.high and float(high) >= paper.interval.low:
        kind = "agrees" if float(low) > 0 else "open"
        return kind, f"Exponent: {ours}; {theirs}. The intervals overlap."
    if float(low) > paper.interval.high:
        way = "Loss falls faster with length here"
    elif float(low) > 0:
        way = "Loss falls more slowly with length here"
    else:
        way = "A fall of loss with length is not shown here"
    return "differs", f"Exponent: {ours}; {theirs}. {way}."


def _falls(law: Mapping[str, Any]) -> tuple[str, str] | None:
    low = law.get("alpha_low")
    if low is None or low <= 0:
        return None  # the exponent's sentence says it
    return "agrees", "Direction: at the same step longer windows have less loss; alpha's interval lies above 0."


def _plateau(material: Inputs) -> tuple[str, str] | None:
    plateau, tau = material.law.get("plateau"), material.law.get("plateau_steps")
    steps = material.tables["evolution"]["step"].max() if material.tables["evolution"].height else None
    if plateau is None or tau is None or not isinstance(steps, int | float):
        return None
    theirs = f"the paper's is {PLATEAU} ({_drop(PLATEAU)} a doubling)"
    ours = f"the saturating exponential stands at {float(plateau):.3f} from the start"
    if float(tau) >= 1:
        ours = (
            f"the saturating exponential ends at {float(plateau):.3f}, with a time constant of {float(tau):.0f} steps"
        )
    if steps < SEEN * float(tau):
        return "open", f"Plateau: {ours} of {steps:.0f}: foretold, not measured; {theirs}."
    last = material.tables["evolution"].sort("step").row(-1, named=True)
    if None not in (last["low"], last["high"]) and last["low"] <= PLATEAU <= last["high"]:
        return "agrees", f"Plateau: {ours}; {theirs}, within the last step's band."
    return "differs", f"Plateau: {ours}; {theirs}."


def _shape(material: Inputs) -> tuple[str, str] | None:
    p_value, confidence = material.law.get("bend_p"), float(material.law.get("confidence") or 0.95)
    if p_value is None:
        return None
    slopes = ", ".join(f"{slope:.2f}" for slope in material.tables["slopes"]["slope"])
    theirs = f"the paper calls its law strict, though its own table flattens ({_slopes()})"
    if float(p_value) >= 1 - confidence:
        return "agrees", f"Shape: no bend is shown here (local exponents {slopes}; p = {float(p_value):.2g}); {theirs}."
    first, last = material.tables["slopes"]["slope"][0], material.tables["slopes"]["slope"][-1]
    way = "flattens" if first > last else "steepens"
    return "differs", f"Shape: the law {way} here (local exponents {slopes}; p = {float(p_value):.2g}); {theirs}."


def _amortised(law: Mapping[str, Any]) -> tuple[str, str] | None:
    crossed, pairs = law.get("crossed"), law.get("pairs")
    if crossed is None or not pairs:
        return None
    found = f"the longer window overtook the shorter within these trainings in {crossed} of {pairs} pairs of lengths"
    theirs = "the paper claims that it always does, given time"
    if crossed == pairs:
        return "agrees", f"Wall time: {found}; {theirs}."
    return ("open" if crossed else "differs"), f"Wall time: {found}; {theirs}."


def _study(found: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a study says of the paper; one that asks nothing of it says nothing here."""
    paper = str(found["paper"])
    if paper.startswith("none") or "leaves it open" in paper:
        return None
    kind = {"yes": "agrees", "no": "differs"}.get(str(found["answer"]), "open")
    claims = found["claims"]
    counted = ", ".join(
        f"{sum(claim['verdict'] == verdict for claim in claims)} {word}"
        for verdict, word in (("yes", "borne out"), ("no", "refuted"), ("open", "open"))
    )
    refuted = "; ".join(claim["says"] for claim in claims if claim["verdict"] == "no")
    tail = f". Refuted: {refuted}" if refuted else ""
    word = "claim" if len(claims) == 1 else "claims"
    return kind, f"Study {found['study']}, {found['size']} ({paper}): {len(claims)} {word}, {counted}{tail}."


def _drop(alpha: float) -> str:
    share = 100 * (1 - 2**-alpha)
    return f"{abs(share):.1f} % {'less' if share >= 0 else 'MORE'} loss"


def _slopes() -> str:
    data = EXCELLENCE.means()
    slopes = -(data.log_loss_N[1:] - data.log_loss_N[:-1]) / (data.log_lengths_N[1:] - data.log_lengths_N[:-1])
    return ", ".join(f"{slope:.2f}" for slope in slopes)


def first_lines(found: Comparison) -> str:
    """The box at the head of the page."""
    groups = (
        ("Differs from the paper", found.differs),
        ("Agrees with the paper", found.agrees),
        ("Not settled here", found.unsettled),
    )
    lists = "".join(f"<h3>{title}</h3>{html.items(texts)}" for title, texts in groups if texts)
    return f'<div class="warn"><h2>Beside the paper</h2>{lists}</div>'


def paper(material: Inputs) -> str:
    """The paper's tables beside ours, with the same estimators on both."""
    law_table = material.tables["law"]
    ours = dict(zip(law_table["length"].to_list(), law_table["loss"].to_list(), strict=True))
    lengths = sorted(set(ours) | {length for table in TABLES for length in table.lengths})
    printed = [dict(zip(table.lengths, table.loss, strict=True)) for table in TABLES]
    rows = [(length, ours.get(length), *(table.get(length) for table in printed)) for length in lengths]
    step = material.law.get("step")
    head = ["L", f"here, step {html.cell(step)}", *(f"{table.name}, step {table.step:,}" for table in TABLES)]
    refits: list[tuple[html.Cell, ...]] = []
    for table in TABLES:
        data = table.means()
        pure, floor = fit_pure(data), fit_irreducible(data)
        shorter = fit_pure(data.without(0)) if len(data.lengths_N) > 2 else None
        refits.append(
            (
                table.name,
                pure.alpha,
                html.NOTHING if pure.interval is None else html.between(pure.interval.low, pure.interval.high),
                pure.r2_log,
                None if shorter is None else shorter.alpha,
                None if floor is None else floor.alpha,
                None if floor is None else floor.irreducible,
            )
        )
    here = material.law
    refits.insert(
        0,
        (
            "here",
            here["alpha"],
            html.between(here.get("alpha_low"), here.get("alpha_high")),
            here.get("r2"),
            here.get("alpha_without_shortest"),
            here.get("irreducible_alpha"),
            here.get("irreducible"),
        ),
    )
    fitted = ["table", "alpha, pure", "95 % t-interval", "R2 (log)", "without shortest L", "alpha with E", "E"]
    parts = [
        html.table(
            head,
            rows,
            "Training loss in nats. Other data, other model, other steps: compare exponents, not losses.",
            left=(),
        ),
        _sustained(material),
        html.table(fitted, refits, "The same estimators on the paper's printed tables (sections 10.4.1 and 10.4.2)."),
        "<h3>Where the sources disagree</h3>",
        html.items(disagreements()),
    ]
    return html.section("paper", "The paper's tables", parts)


def _sustained(material: Inputs) -> str:
    data = material.evaluation
    if data is None or not {"length", "sustained"} <= set(data.columns):
        return ""
    means = data.group_by("length", maintain_order=True).agg(pl.col("sustained").mean())
    ours = dict(zip(means["length"].to_list(), means["sustained"].to_list(), strict=True))
    printed = [dict(zip(table.lengths, table.sustained, strict=True)) for table in TABLES]
    lengths = sorted(set(ours) | {length for table in TABLES for length in table.lengths})
    rows = [(length, ours.get(length), *(table.get(length) for table in printed)) for length in lengths]
    head = ["L", "here, held out", *(table.name for table in TABLES)]
    return html.table(head, rows, "Sustained accuracy: frames in a row that are right.", left=())


def disagreements() -> tuple[str, ...]:
    """What the paper says twice differently, or what its own tables do not bear out; computed, not quoted."""
    data = EXCELLENCE.means()
    pure, shorter, floor = fit_pure(data), fit_pure(data.without(0)), fit_irreducible(data)
    share = CORE_GFLOP / (CORE_GFLOP + HEAD_GFLOP)
    lone = 1024 * CORE_GFLOP / (1024 * CORE_GFLOP + HEAD_GFLOP)
    floor_words = (
        "" if floor is None else f", and {floor.alpha:.3f} with an irreducible term of {floor.irreducible:.2f}"
    )
    return (
        f"The exponent depends on the shortest length: the excellence table gives alpha = {pure.alpha:.3f} with L = 2 "
        f"and {shorter.alpha:.3f} without it{floor_words}.",
        f"The paper calls the law strict; its own table bends: the local exponents fall, {_slopes()}.",
        f"Section 10.6 gives the sequence model about 6 % of the forward FLOPs. By the formulas of appendix J it is "
        f"{100 * share:.3f} % (about {1000 * CORE_GFLOP:.0f} MFLOP beside {HEAD_GFLOP:.0f} GFLOP a frame); about 6 % "
        f"({100 * lone:.1f}) comes out only when 1,024 frames of the sequence model are set against one of the head.",
        "The compilers table mixes heads of 3, 6 and 12 layers; only the three 6-layer rows are fitted here, and three "
        "points leave one degree of freedom: their interval holds 0.",
        "The wall-time claim of appendix D is an asymptotic one for the assumed law; whether a crossover is reached in "
        "a training of finite length is a question of measurement, answered in the table of crossovers.",
    )
