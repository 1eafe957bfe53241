"""A run table, checked and cut into runs: the only door into this room.

A table is ours (ARCHITECTURE.md, "What the run table holds") or anybody's with the columns `length`, `step` and `loss`;
`seed`, `run` and `wall_s` are used where they stand, other columns are ignored.
"""

# N lengths, S steps of one run

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from rcfam.bounds import shown
from rcfam.errors import RcfamError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

REQUIRED = ("length", "step", "loss")
_NAMED = 10  # columns in a message
_MOST_LOSS = 1e12  # and its reciprocal at least: beyond, no least squares
_MOST = 2**53  # of whole numbers: all of them up to here are floats


class ScalingError(RcfamError):
    """A run table, or a demand on it, that cannot be fitted; the message names the column."""


@dataclass(frozen=True)
class Run:
    """One training: its curve in order of steps."""

    name: str
    length: int
    """Frames a window."""
    seed: int
    steps_S: IntArray
    """Strictly rising, from 1 on."""
    loss_S: FloatArray
    """Mean cross-entropy of the step, nats; finite and above 0."""
    wall_S: FloatArray | None
    """Seconds of training until the end of the step, not falling; None where the table has no `wall_s`."""


def without_diverged(table: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The rows of runs whose loss is a finite number in every row, and a sentence for each other run.

    A run that a study compares has to have reached the same step; one whose loss stopped being a number has not, and a
    law of the steps before it would be another law. Other faults are left to `runs`.
    """
    keys = [name for name in ("run", "length", "seed") if name in table.columns]
    if "loss" not in table.columns or "step" not in table.columns or not table["loss"].dtype.is_float() or not keys:
        return table, ()
    wrong = table.filter(~pl.col("loss").is_finite().fill_null(True))
    if not wrong.height:
        return table, ()
    first = wrong.group_by(keys, maintain_order=True).agg(pl.col("step").min()).sort(keys)
    told = tuple(
        f"{_called(row)} diverged at step {row['step']} and is left out." for row in first.iter_rows(named=True)
    )
    return table.join(first.select(keys), on=keys, how="anti", nulls_equal=True, maintain_order="left"), told


def _called(row: dict[str, Any]) -> str:
    named = row.get("run")
    return str(named) if named else ", ".join(f"{name} {row[name]}" for name in ("length", "seed") if name in row)


def runs(table: pl.DataFrame) -> tuple[Run, ...]:
    """Cut a run table into its runs, in order of (length, seed). A bad table raises ScalingError naming the column."""
    for column in REQUIRED:
        if column not in table.columns:
            found = ", ".join(shown(name) for name in table.columns[:_NAMED]) or "none"
            raise ScalingError(f"column '{column}' is missing from the run table; columns found: {found}")
    if table.height == 0:
        raise ScalingError("column 'loss': the run table has no rows")
    checked = table.select(
        _whole(table, "length", 1),
        _whole(table, "step", 1),
        _loss(table),
        _whole(table, "seed", None) if "seed" in table.columns else pl.lit(0, pl.Int64).alias("seed"),
        _wall(table) if "wall_s" in table.columns else pl.lit(None, pl.Float64).alias("wall_s"),
        _name(table) if "run" in table.columns else pl.lit("").alias("run"),
    ).sort("length", "seed", "run", "step", maintain_order=True)
    groups = checked.partition_by("length", "seed", maintain_order=True)
    return tuple(_run(group) for group in groups)


def _run(rows: pl.DataFrame) -> Run:
    length, seed = int(rows["length"][0]), int(rows["seed"][0])
    where = f"length {length}, seed {seed}"
    names = rows["run"].unique(maintain_order=True).to_list()
    if len(names) > 1:
        raise ScalingError(
            f"column 'run': {where} has {len(names)} runs ({names[0]}, {names[1]}); keep one study and batch"
        )
    steps_S = rows["step"].to_numpy()
    repeated = np.flatnonzero(np.diff(steps_S) == 0)
    if len(repeated):
        raise ScalingError(
            f"column 'step': {where} has step {steps_S[repeated[0]]} twice; tell its runs apart by 'seed'"
        )
    wall_S = None
    if rows["wall_s"].null_count() < rows.height:
        if rows["wall_s"].null_count():
            raise ScalingError(f"column 'wall_s': {where} has rows without a value")
        wall_S = rows["wall_s"].to_numpy()
        falling = np.flatnonzero(np.diff(wall_S) < 0)
        if len(falling):
            raise ScalingError(
                f"column 'wall_s': {where} falls after step {steps_S[falling[0]]}; it must be cumulative"
            )
    name = names[0] or (f"length-{length}-seed-{seed}")
    return Run(name, length, seed, steps_S, rows["loss"].to_numpy(), wall_S)


def _name(table: pl.DataFrame) -> pl.Series:
    if table["run"].dtype.is_nested() or table["run"].dtype == pl.Binary:
        raise ScalingError(f"column 'run': holds {table['run'].dtype}, not names")
    return table["run"].cast(pl.String).fill_null("")


def _number(table: pl.DataFrame, column: str) -> pl.Series:
    series = table[column]
    if series.dtype.is_numeric():
        return series
    if series.dtype not in (pl.String, pl.Null, pl.Boolean):
        raise ScalingError(f"column '{column}': holds {series.dtype}, not numbers")
    cast = series.cast(pl.String, strict=False).str.strip_chars().cast(pl.Float64, strict=False)
    wrong = cast.is_null()
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise ScalingError(f"column '{column}': row {row + 1} holds {series[row]!r}, not a number")
    return cast


def _whole(table: pl.DataFrame, column: str, least: int | None) -> pl.Series:
    values = _number(table, column)
    number = values.cast(pl.Float64)
    wrong = number.is_null() | ~number.is_finite().fill_null(False) | (number != number.floor()).fill_null(True)
    wrong |= (number.abs() > _MOST).fill_null(True)
    if least is not None:
        wrong |= (number < least).fill_null(True)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        bound = "a whole number" if least is None else f"a whole number of at least {least}"
        raise ScalingError(f"column '{column}': row {row + 1} holds {values[row]}, expected {bound}")
    return values.cast(pl.Int64).alias(column)


def _loss(table: pl.DataFrame) -> pl.Series:
    values = _number(table, "loss").cast(pl.Float64)
    wrong = ~values.is_between(1 / _MOST_LOSS, _MOST_LOSS).fill_null(False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        bound = f"a finite number above 0, at most {_MOST_LOSS:g}"
        raise ScalingError(f"column 'loss': row {row + 1} holds {values[row]}, expected {bound}")
    return values.alias("loss")


def _wall(table: pl.DataFrame) -> pl.Series:
    if table["wall_s"].null_count() == table.height:
        return table["wall_s"].cast(pl.Float64)
    known = _number(table, "wall_s").cast(pl.Float64)
    wrong = ~known.is_finite().fill_null(True) | (known < 0).fill_null(False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise ScalingError(f"column 'wall_s': row {row + 1} holds {known[row]}, expected seconds of at least 0")
    return known.alias("wall_s")
