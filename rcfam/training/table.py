"""The run table: one row a step, the same columns for every run, in Parquet."""

from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from rcfam.atomic import writing
from rcfam.tables import Column

SCHEMA: Final = pl.Schema(
    {
        "run": pl.String(),
        "study": pl.String(),
        "seed": pl.Int64(),
        "length": pl.Int64(),
        "batch": pl.Int64(),
        "step": pl.Int64(),
        "tokens": pl.Int64(),
        "frames": pl.Int64(),
        "loss": pl.Float64(),
        "accuracy": pl.Float64(),
        "grad_norm": pl.Float64(),
        "wall_s": pl.Float64(),
        "step_s": pl.Float64(),
        "peak_bytes": pl.Int64(),
        "syncs": pl.Int64(),
        "sync_bytes": pl.Int64(),
        "first_loss": pl.Float64(),
        "last_loss": pl.Float64(),
        "tokens_s": pl.Float64(),
        "frames_s": pl.Float64(),
        "mfu": pl.Float64(),
        "held_out_loss": pl.Float64(),
    }
)


_EMPTY: Final = ("mfu", "held_out_loss")  # columns with empty places
_KINDS: Final = {pl.String(): str, pl.Int64(): int, pl.Float64(): float}
COLUMNS: Final = {name: Column(_KINDS[kind], null=name in _EMPTY) for name, kind in SCHEMA.items()}
"""What a table that is read must hold."""


class StepRow(NamedTuple):
    """One step of one run. Loss in nats a token; tokens, frames and wall_s are cumulative; accuracy is top-1.

    A last row whose loss is not a number says that the run diverged at that step.
    """

    run: str
    study: str
    seed: int
    length: int
    batch: int
    step: int
    tokens: int
    frames: int
    loss: float
    accuracy: float
    grad_norm: float
    wall_s: float
    step_s: float
    peak_bytes: int
    syncs: int
    """Synchronisations of ranks so far, and the bytes that each rank sent in them."""
    sync_bytes: int
    first_loss: float
    """Over the first and the last `edge` positions of the windows; not a number where all of them are masked."""
    last_loss: float
    tokens_s: float
    """Unmasked positions a second."""
    frames_s: float
    """Frames a second through the model, those of masked positions too."""
    mfu: float | None
    """Share of the device's bf16 matrix rate (evaluation/utilisation.py); None on a CPU."""
    held_out_loss: float | None
    """After this step; None where nobody looked."""


def frame(rows: list[StepRow]) -> pl.DataFrame:
    """Rows as a table."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def write(path: Path, table: pl.DataFrame) -> None:
    """Write the table whole, and to the disk."""
    with writing(path, durable=True) as part:
        table.write_parquet(part, compression="zstd")
