"""What a study found: its claims, its laws, and what its factors do. Values in, values out; nothing here trains.

The summary of every study (summary.json) has one shape:

    study, size, question, paper, confirmed, refuted    texts of the study file
    says        one plain sentence for each claim and law, and how far other factors pay
    answer      yes | no | open: yes where all claims hold, no where one is refuted
    factors     the columns that vary; `seed` among them
    planned, finished, failed    how many runs; ids of those that are missing
    window, confidence           losses are means over `window` steps; of every interval
    claims      [{says, verdict, by, ratio, low, high, pairs}]    ratio of losses, claimed to lie below 1
    laws        [{group: {factor: value}, conclusions, ...law.json of scaling}]    one for each group
    cells       [{factors ..., seeds, step, loss, loss_low, loss_high, wall_s, flops, tokens, parameters, scores ...}]
                over seeds: geometric mean, least and greatest of the final smoothed loss; means of the rest
    best        [{by, at, loss, factors ...}]    which cell had the least loss at equal steps, wall time, FLOPs, tokens
    doublings   [{factor, from, to, other factors ..., ratio, low, high, pairs, verdict}]
                loss ratio at equal steps from each value of a numeric factor to the next; yes where that pays
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, Final

import numpy as np
import polars as pl

from rcfam import scaling
from rcfam.scaling import Analysis, FitParams, ScalingError
from rcfam.studies.curves import COLUMN, Curve, curve, difference, mean_of
from rcfam.studies.files import Claim, Size, Study, StudyError, columns, factors, leading
from rcfam.studies.planning import Planned

MOMENTS: Final = 8
_DOUBLING: Final = ("factor", "from", "to", "ratio", "low", "high", "pairs", "verdict")
SEED: Final = "seed"


@dataclass(frozen=True)
class Findings:
    """A summary as described above, and tables by name."""

    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame]


def find(
    study: Study,
    size: str,
    axes: Size,
    planned: Sequence[Planned],
    table: pl.DataFrame,
    scores: Mapping[str, Mapping[str, float]],
    parameters: Mapping[str, int],
    fit: FitParams,
) -> Findings:
    """Look at the joined `table` of a study. `axes` are those of the study that owns the runs.

    `scores` and `parameters` are by the run's id. Raises ScalingError for a table that cannot be read.
    """
    names = columns(factors(axes.vary))
    lead = [names[name] for name in leading(axes.vary)]
    window = min(fit.window, *(int(run.params["train"]["steps"]) for run in planned))
    curves = {
        run.id: curve(rows, run.factors, window, dict(scores.get(run.id, {})))
        for run in planned
        if (rows := table.filter(pl.col("run") == run.id)).height
    }
    laws = _laws(study, names, lead, table, fit) if "length" in lead else []
    told = [_claim(claim, names, lead, list(curves.values()), laws, fit.confidence) for claim in study.claims]
    cells = _cells(curves, table, parameters)
    equal = _equal(curves)
    verdicts = {row["verdict"] for row in told}
    answer = "no" if "no" in verdicts else "open" if "open" in verdicts or not told else "yes"
    doublings = _doublings(lead, list(curves.values()), fit.confidence)
    summary: dict[str, Any] = {
        "study": study.name,
        "size": size,
        "question": study.question,
        "paper": study.paper,
        "confirmed": study.confirmed,
        "refuted": study.refuted,
        "answer": answer,
        "says": [_sentence(row) for row in told]
        + [_law_sentence(group, found) for group, found in laws if found.pure.lengths > 2]
        + _stops(doublings),
        "factors": list(planned[0].factors) if planned else [],
        "planned": len(planned),
        "finished": len(curves),
        "failed": [run.id for run in planned if run.id not in curves],
        "window": window,
        "confidence": fit.confidence,
        "claims": told,
        "laws": [
            {"group": group, "conclusions": scaling.conclusions(found), **scaling.summary(found)}
            for group, found in laws
        ],
        "cells": cells,
        "best": _best(equal),
        "doublings": doublings,
    }
    tables = {"cells": _frame(cells), "equal": _frame(equal), "doublings": _frame(doublings)}
    for name in ("law", "crossovers", "evolution", "slopes", "forecasts"):
        parts = [
            scaling.tables(found)[name].with_columns(**{key: pl.lit(value) for key, value in group.items()})
            for group, found in laws
        ]
        if parts:
            tables[name] = pl.concat(parts, how="diagonal_relaxed")
    return Findings(_plain(summary), tables)


def _laws(
    study: Study, names: Mapping[str, str], lead: Sequence[str], table: pl.DataFrame, fit: FitParams
) -> list[tuple[dict[str, Any], Analysis]]:
    """One analysis for each value of the grouping factors; groups that cannot be fitted are left out."""
    grouped = [names[name] for name in study.group]
    loose = [name for name in lead if name not in (*grouped, "length", SEED)]
    if loose:
        raise StudyError(f"study '{study.name}': {', '.join(loose)} varies beside length and is not in group")
    parts = table.partition_by(grouped, as_dict=True, maintain_order=True) if grouped else {(): table}
    found = []
    for key, rows in parts.items():
        if rows["length"].n_unique() < 2:
            continue
        try:
            found.append((dict(zip(grouped, key, strict=True)), scaling.analyse(scaling.runs(rows), fit)))
        except ScalingError as error:
            raise StudyError(f"study '{study.name}', {dict(zip(grouped, key, strict=True))}: {error}") from error
    return found


def _claim(
    claim: Claim,
    names: Mapping[str, str],
    lead: Sequence[str],
    curves: Sequence[Curve],
    laws: Sequence[tuple[dict[str, Any], Analysis]],
    confidence: float,
) -> dict[str, Any]:
    """One row of `claims`."""
    row: dict[str, Any] = {"says": claim.says, "by": claim.by, "ratio": None, "low": None, "high": None, "pairs": 0}
    if claim.than is None:
        intervals = [found.pure.interval for _, found in laws]
        if not intervals or None in intervals:
            return row | {"verdict": "open"}
        lows, highs = [i.low for i in intervals if i], [i.high for i in intervals if i]
        drops = [2**-found.pure.alpha for _, found in laws]
        verdict = "yes" if min(lows) > 0 else "no" if max(highs) < 0 else "open"
        bounds = {"low": 2 ** -max(highs), "high": 2 ** -min(lows), "pairs": len(intervals)}
        return row | {"verdict": verdict, "ratio": float(np.mean(drops))} | bounds
    ones = _chosen(claim.less, names, curves)
    others = _chosen(claim.than, names, curves)
    named = {names[key] for key in (*claim.less, *claim.than)}
    free = [name for name in lead if name not in named]
    pairs = [
        difference(one, other, claim.by, claim.than_by or claim.by)
        for one in ones
        for other in others
        if all(one.factors[name] == other.factors[name] for name in free)
    ]
    return row | _judged([pair for pair in pairs if pair is not None], confidence)


def _judged(differences: Sequence[float], confidence: float) -> dict[str, Any]:
    if not differences:
        return {"verdict": "open"}
    mean, interval = mean_of(differences, confidence)
    out: dict[str, Any] = {"ratio": math.exp(mean), "pairs": len(differences), "verdict": "open"}
    if interval is not None:
        out |= {"low": math.exp(interval.low), "high": math.exp(interval.high)}
        out["verdict"] = "yes" if interval.high < 0 else "no" if interval.low > 0 else "open"
    return out


def _chosen(wanted: Mapping[str, Any], names: Mapping[str, str], curves: Sequence[Curve]) -> list[Curve]:
    """The curves whose factors have these values."""
    values = {}
    for name, value in wanted.items():
        if name not in names:
            raise StudyError(f"a claim names {name}, which does not vary; there are: {', '.join(names)}")
        known = {each.factors[names[name]] for each in curves if names[name] in each.factors}
        values[names[name]] = _meant(value, known)
    return [each for each in curves if all(each.factors.get(key) == value for key, value in values.items())]


def _meant(value: Any, known: Iterable[Any]) -> Any:
    numbers = sorted(each for each in known if isinstance(each, int | float))
    if value not in ("smallest", "largest", "quarter") or not numbers:
        return value
    if value == "quarter":
        return min(numbers, key=lambda each: abs(math.log(4 * each / numbers[-1])))
    return numbers[0 if value == "smallest" else -1]


def _cells(curves: Mapping[str, Curve], table: pl.DataFrame, parameters: Mapping[str, int]) -> list[dict[str, Any]]:
    """Runs that differ in nothing but the seed, as one row."""
    rows = []
    for told, ids in _by_cell(curves).items():
        some = [curves[name] for name in ids]
        last = [table.filter(pl.col("run") == name).sort("step").tail(1).to_dicts()[0] for name in ids]
        final = [float(each.log_loss_S[-1]) for each in some]
        row = dict(told) | {
            "seeds": len(ids),
            "step": int(last[0]["step"]),
            "loss": math.exp(float(np.mean(final))),
            "loss_low": math.exp(min(final)),
            "loss_high": math.exp(max(final)),
        }
        for name in ("wall_s", "flops", "tokens"):
            row[name] = float(np.mean([each[name] for each in last]))
        row["parameters"] = parameters.get(ids[0])
        for name in some[0].scores:
            row[f"scored_{name}"] = float(np.mean([each.scores[name] for each in some if name in each.scores]))
        rows.append(row)
    return rows


def _by_cell(curves: Mapping[str, Curve]) -> dict[tuple[tuple[str, Any], ...], list[str]]:
    cells: dict[tuple[tuple[str, Any], ...], list[str]] = {}
    for name, each in curves.items():
        cells.setdefault(tuple((k, v) for k, v in each.factors.items() if k != SEED), []).append(name)
    return cells


def _equal(curves: Mapping[str, Curve]) -> list[dict[str, Any]]:
    """The loss of every cell at a few equal moments of each kind, where all its runs have one."""
    rows = []
    for by in COLUMN:
        timed = {name: each for name, each in curves.items() if by in each.far and np.isfinite(each.far[by]).all()}
        if not timed:
            continue
        ends = [each.far[by][-1] for each in timed.values()]
        moments_M = np.geomspace(max(min(ends) / 4, 1e-9), max(ends), MOMENTS)
        for told, ids in _by_cell(timed).items():
            loss_M = np.exp(np.mean([timed[name].at(by, moments_M) for name in ids], axis=0))
            seen = zip(moments_M.tolist(), loss_M.tolist(), strict=True)
            rows += [{"by": by, "at": at, "loss": loss, **dict(told)} for at, loss in seen if math.isfinite(loss)]
    return rows


def _best(equal: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    best: dict[tuple[str, float], dict[str, Any]] = {}
    for row in equal:
        key = (row["by"], row["at"])
        if key not in best or row["loss"] < best[key]["loss"]:
            best[key] = row
    return [best[key] for key in sorted(best)]


def _doublings(lead: Sequence[str], curves: Sequence[Curve], confidence: float) -> list[dict[str, Any]]:
    """Loss at equal steps from each value of a factor to the next, seed by seed, for all values of the others."""
    rows = []
    for factor in lead:
        values = sorted({each.factors[factor] for each in curves}, key=lambda v: (isinstance(v, str), v))
        if factor == SEED or not all(isinstance(value, int | float) for value in values):
            continue
        rest = [name for name in lead if name not in (factor, SEED)]
        settings = list(dict.fromkeys(tuple(each.factors[name] for name in rest) for each in curves))
        for setting, (low, high) in product(settings, pairwise(values)):
            here = [each for each in curves if tuple(each.factors[name] for name in rest) == setting]
            pairs = [
                difference(more, less, "steps", "steps")
                for less in here
                for more in here
                if (less.factors[factor], more.factors[factor]) == (low, high)
                and less.factors[SEED] == more.factors[SEED]
            ]
            found = _judged([pair for pair in pairs if pair is not None], confidence)
            row = {"factor": factor, "from": low, "to": high, **dict(zip(rest, setting, strict=True))}
            rows.append(row | {"ratio": None, "low": None, "high": None, "pairs": 0} | found)
    return rows


def _stops(doublings: Sequence[dict[str, Any]]) -> list[str]:
    """Up to where every factor but length pays, for all values of the others: beyond it no step shows a gain."""
    told: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in doublings:
        rest = tuple((key, value) for key, value in row.items() if key not in _DOUBLING)
        if row["factor"] != "length" and row["low"] is not None:
            told.setdefault((row["factor"], rest), []).append(row)
    sentences = []
    for (factor, rest), rows in told.items():
        where = "".join(f", {key} {value}" for key, value in rest)
        paying = [row["to"] for row in rows if row["verdict"] == "yes"]
        if paying and paying[-1] == rows[-1]["to"]:
            sentences.append(f"{factor} pays up to {paying[-1]}, the largest tried{where}.")
        else:
            sentences.append(f"Beyond {factor} {paying[-1] if paying else rows[0]['from']} no gain is shown{where}.")
    return sentences


def _sentence(row: Mapping[str, Any]) -> str:
    if row["ratio"] is None:
        return f"{row['says']}: open, nothing could be compared."
    stated = (
        f"loss ratio {row['ratio']:.3f}" if row["by"] not in ("accuracy", "sustained") else f"ratio {row['ratio']:.3f}"
    )
    if row["low"] is not None:
        stated += f" ({row['low']:.3f} to {row['high']:.3f})"
    return f"{row['says']}: {row['verdict']}, {stated} on {row['by']}, {row['pairs']} comparison(s)."


def _law_sentence(group: Mapping[str, Any], found: Analysis) -> str:
    of = ", ".join(f"{key} {value}" for key, value in group.items())
    law = found.pure
    span = "" if law.interval is None else f" ({law.interval.low:.3f} to {law.interval.high:.3f})"
    where = f"{of}: " if of else ""
    overtaken = sum(row.measured in ("crossed", "from the start") for row in found.crossovers)
    crossed = f"; by wall time the longer overtook in {overtaken} of {len(found.crossovers)} pairs"
    return f"{where}alpha = {law.alpha:.3f}{span}, R2 {law.r2_log:.3f} on logs, {law.lengths} lengths{crossed}."


def _frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), infer_schema_length=None) if rows else pl.DataFrame()


def _plain(value: Any) -> Any:
    """Numbers that JSON has; what is not finite is null."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
