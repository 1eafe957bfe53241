"""Material for reports from planted tables, with words that repositories may hold against us."""

import numpy as np
import polars as pl

from rcfam.report import Material, Sample
from rcfam.scaling import FitParams, analyse, conclusions, runs, summary, tables
from rcfam.terminal.cells import BLANK, BOLD, pack, palette
from rcfam.terminal.keys import ENTER
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
        positions=positions(lengths, seeds),
        sample=sample(),
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


def positions(lengths: tuple[int, ...], seeds: int) -> pl.DataFrame:
    """Held-out loss at every position of a window."""
    rows = [
        {"length": length, "seed": seed, "position": position, "loss": 3.0 * length**-0.2 * position**-0.05}
        for length in lengths
        for seed in range(seeds)
        for position in range(1, 65)
    ]
    return pl.DataFrame(rows)


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
