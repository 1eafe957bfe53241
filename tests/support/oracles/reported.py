"""Material for reports from planted tables, with words that repositories may hold against us."""

from typing import Any

import numpy as np
import polars as pl

from rcfam.report import Inputs, Sample
from rcfam.scaling import FitParams, analyse, conclusions, runs, summary, tables
from rcfam.terminal.cells import BLANK, BOLD, pack, palette
from rcfam.terminal.keys import ENTER
from tests.support.oracles import planted

HOSTILE = "</script><script>window.broken=1</script><img src=x onerror=window.broken=1>&<!--"


def material(
    truth: planted.Planted | None = None, lengths: tuple[int, ...] = planted.LENGTHS, seeds: int = 2
) -> Inputs:
    """A report's material from one planted table, every part filled."""
    table = planted.table(truth or planted.Planted(), lengths, seeds, steps=120)
    found = analyse(runs(table), FitParams(bootstrap=200))
    return Inputs(
        law=summary(found),
        tables=tables(found),
        conclusions=conclusions(found),
        runs=table,
        evaluation=evaluation(lengths, seeds),
        positions=positions(lengths, seeds),
        sample=sample(),
        dataset=statistics(),
        studies=(study(), study(arms=True)),
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


def positions(lengths: tuple[int, ...], seeds: int) -> pl.DataFrame:
    """Held-out loss at every position of a window."""
    rows = [
        {"length": length, "seed": seed, "position": position, "loss": 3.0 * length**-0.2 * position**-0.05}
        for length in lengths
        for seed in range(seeds)
        for position in range(1, 65)
    ]
    return pl.DataFrame(rows)


def study(arms: bool = False) -> dict[str, Any]:
    """A study's summary: batch and length varied, with a law for each batch; or three arms, one of a hostile name."""
    names = ["short", "long", HOSTILE]
    grid = [{"arm": name, "length": 8} for name in names] if arms else []
    grid = grid or [{"length": length, "train.batch": batch} for batch in (2, 8) for length in (4, 16, 64)]
    cells = [
        {**cell, "seeds": 2, "step": 50, "loss": 5.0 - 0.1 * n, "loss_low": 4.9 - 0.1 * n, "loss_high": 5.1 - 0.1 * n}
        for n, cell in enumerate(grid)
    ]
    claim = {"says": f"More {HOSTILE} is better", "verdict": "no", "by": "steps"}
    return {
        "study": "carry" if arms else "critical-batch",
        "size": "tiny",
        "question": f"What of {HOSTILE}?",
        "paper": "none (ours)" if arms else "appendix F",
        "confirmed": "It holds.",
        "refuted": "It does not.",
        "answer": "open" if arms else "no",
        "says": [f"More {HOSTILE} is better: no."],
        "factors": ["arm", "length", "seed"] if arms else ["length", "train.batch", "seed"],
        "planned": 12,
        "finished": 11,
        "failed": ["arm-x,seed-1"],
        "window": 20,
        "confidence": 0.95,
        "claims": [{**claim, "ratio": 1.1, "low": 1.05, "high": 1.2, "pairs": 2}],
        "laws": [] if arms else [{"group": {"train.batch": 2}, "alpha": 0.1, "amplitude": 5.5}],
        "cells": cells,
        "best": [{"by": "wall", "at": 2.0**n, "loss": 5.0 - 0.1 * n, **grid[n % 3]} for n in range(4)],
        "doublings": []
        if arms
        else [
            {
                "factor": "length",
                "from": 4,
                "to": 16,
                "train.batch": 2,
                "ratio": 0.9,
                "low": None,
                "high": None,
                "pairs": 1,
            }
        ],
    }


def statistics() -> pl.DataFrame:
    """Rows (of, name, quantity, value) with a hostile language."""
    rows = [
        ("all", "all", "keystrokes", 123_456.0),
        ("all", "all", "keystrokes per token", 2.5),
        ("language", "Python", "files", 12.0),
        ("language", HOSTILE, "files", 1.0),
        ("language", "Python", "keystrokes", 1000.0),
        ("token frequency", "1", "train", 0.1),
        ("token frequency", "10", "train", 0.01),
        ("token frequency", "1", "held_out", 0.2),
        ("window coverage", "16", "100", 0.01),
        ("window coverage", "16", "1000", 0.1),
    ]
    return pl.DataFrame(rows, ["of", "name", "quantity", "value"], orient="row")


def sample(text: str = f"def f(x):\r    return '{HOSTILE}' + \u4e2d\r", rows: int = 12, columns: int = 60) -> Sample:
    """A session in which a text is typed, one frame before each key, the first row in bold green."""
    keys = np.array([ord(character) for character in text], np.uint32)
    cells = np.full((len(keys), rows, columns), BLANK, np.uint32)
    cursors = np.zeros((len(keys), 3), np.int32)
    screen, row, column = cells[0].copy(), 0, 0
    for n, key in enumerate(keys.tolist()):
        cells[n], cursors[n] = screen, (row, column, 1)
        if key == ENTER or column >= columns - 2:
            row, column = (row + 1) % rows, 0
        else:
            screen[row, column] = pack(key, 1 if row == 0 else 0)
            if key == 0x4E2D:
                screen[row, column + 1] = pack(0)
                column += 1
            column += 1
    attributes = np.array([[0, 0, 0], [palette(2), 0, BOLD]], np.uint32)
    return Sample(f"planted {HOSTILE}", 1_000, cells, cursors, keys, attributes)
