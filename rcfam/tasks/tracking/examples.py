"""Examples of a task, in groups of one length, and their Parquet files."""

# N examples, T tokens, P predictions, K numbers predicted at once

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rcfam import tables
from rcfam.atomic import writing
from rcfam.tasks.tracking.errors import TaskError

_MOST_BYTES = 4 << 30  # of one part of a data set


class Group(NamedTuple):
    """Examples of one depth and one length."""

    depth: int
    tokens_NT: NDArray[np.uint8]
    where_P: NDArray[np.int64]
    """After which tokens the model must answer, rising."""
    answers_NPK: NDArray[np.int16]
    """One bit (FRJT: halts in B) or a row and a column (maze)."""
    hidden_NP: NDArray[np.int16]
    """The depth of each answer: blocks of the program, or moves withheld so far; all moves so far where none is."""


Examples = list[Group]
Facts = dict[str, float]
"""What is to be known of the examples of one part and depth."""


def write(path: Path, examples: Examples) -> None:
    """One row an example: depth, tokens, where, answers, hidden."""
    tables = [
        pl.DataFrame(
            {
                "depth": np.full(len(group.tokens_NT), group.depth, np.int32),
                "tokens": _lists(group.tokens_NT),
                "where": _lists(np.broadcast_to(group.where_P, (len(group.tokens_NT), len(group.where_P)))),
                "answers": _lists(group.answers_NPK.reshape(len(group.answers_NPK), -1)),
                "hidden": _lists(group.hidden_NP),
            }
        )
        for group in examples
    ]
    with writing(path) as part:
        pl.concat(tables).write_parquet(part, compression_level=3)


def read(path: Path) -> Examples:
    """What `write` wrote. Raises TaskError for a file that is not it."""
    table = read_table(path)
    try:
        return [_group(int(depth), rows) for (depth,), rows in table.group_by("depth", maintain_order=True)]
    except (pl.exceptions.PolarsError, ValueError, TypeError, IndexError) as error:
        raise TaskError(f"{path}: not a table of examples: {' '.join(str(error).split())[:160]}") from error


def read_table(path: Path) -> pl.DataFrame:
    """A Parquet file. Raises RcfamError where there is none or it is damaged."""
    return tables.read(path, {}, others=True, most_bytes=_MOST_BYTES)


def _lists(values: NDArray[np.integer]) -> pl.Series:
    return pl.Series(np.ascontiguousarray(values)).cast(pl.List(pl.Int64)).cast(pl.List(_narrow(values)))


def _narrow(values: NDArray[np.integer]) -> type[pl.UInt8] | type[pl.Int16]:
    return pl.UInt8 if values.dtype == np.uint8 else pl.Int16


def _group(depth: int, rows: pl.DataFrame) -> Group:
    count = rows.height
    tokens, where, answers, hidden = (
        rows[name].explode().to_numpy().reshape(count, -1) for name in ("tokens", "where", "answers", "hidden")
    )
    return Group(
        depth,
        tokens.astype(np.uint8),
        where[0].astype(np.int64),
        answers.reshape(count, where.shape[1], -1).astype(np.int16),
        hidden.astype(np.int16),
    )
