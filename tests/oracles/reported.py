"""Material for reports from planted tables, with words that repositories may hold against us."""

import polars as pl

from rcfam.report import Material
from rcfam.scaling import FitParams, analyse, conclusions, runs, summary, tables
from tests.oracles import planted

HOSTILE = "</script><script>window.broken=1</script><img src=x onerror=window.broken=1>&<!--"


def material(
    truth: planted.Planted | None = None, lengths: tuple[int, ...] = planted.LENGTHS, seeds: int = 2
) -> Material:
    """A report's material from one planted table, every part filled."""
    table = planted.table(truth or planted.Planted(), lengths, seeds, steps=120)
    found = analyse(runs(table), FitParams(bootstrap=200))
    return Material(
        law=summary(found),
        tables=tables(found),
        conclusions=conclusions(found),
        runs=table,
        evaluation=evaluation(lengths, seeds),
        dataset=statistics(),
        provenance={"this page": {"made": "2026-01-01", HOSTILE: HOSTILE}, "hash of": {"data/runs": "0123abcd"}},
        parameters=f"fit:\n  step: null  # {HOSTILE}\n",
    )


def evaluation(lengths: tuple[int, ...], seeds: int) -> pl.DataFrame:
    """Held-out figures of every run."""
    rows = [
        {
            "run": f"{length}-{seed}",
            "length": length,
            "seed": seed,
            "loss": 3.0 * length**-0.2,
            "accuracy": 0.4 + 0.01 * seed,
        }
        for length in lengths
        for seed in range(seeds)
    ]
    return pl.DataFrame(rows).with_columns(sustained=pl.col("accuracy") / (1 - pl.col("accuracy")))


def statistics() -> pl.DataFrame:
    """Rows (of, name, quantity, value) with a hostile language."""
    rows = [
        ("all", "all", "keystrokes", 123_456.0),
        ("all", "all", "keystrokes per token", 2.5),
        ("language", "Python", "files", 12.0),
        ("language", HOSTILE, "files", 1.0),
    ]
    return pl.DataFrame(rows, ["of", "name", "quantity", "value"], orient="row")
