"""The tables of finished runs as one, with a column for every varied factor."""

from collections.abc import Mapping, Sequence

import polars as pl

from rcfam.errors import RcfamError
from rcfam.studies.planning import Planned


def join(
    name: str, planned: Sequence[Planned], tables: Mapping[str, pl.DataFrame], flops: Mapping[str, float]
) -> pl.DataFrame:
    """The rows of all `tables` (by the run's id), in the order of the plan.

    `study` and `run` are set, factors become columns, `flops` is cumulative: of a frame's training, times frames.
    """
    parts = []
    for run in planned:
        if run.id not in tables:
            continue
        table = tables[run.id]
        told = {key: pl.lit(value) for key, value in run.factors.items() if key not in table.columns}
        parts.append(
            table.with_columns(
                study=pl.lit(name),
                run=pl.lit(run.id),
                flops=pl.col("frames").cast(pl.Float64) * flops.get(run.id, float("nan")),
                **told,
            )
        )
    if not parts:
        raise RcfamError(f"study '{name}': no finished run")
    return pl.concat(parts, how="diagonal_relaxed")
