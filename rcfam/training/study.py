"""A study: the same training at several sequence lengths and seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import polars as pl

from rcfam.bounds import Different, Name, Range, Size, check
from rcfam.training.distributed import joined, wait_for_all
from rcfam.training.loop import Step
from rcfam.training.processes import run_all
from rcfam.training.run import Job, run
from rcfam.training.table import write


@dataclass(frozen=True)
class StudyParams:
    """The runs of the main job: one for each length and seed."""

    name: Name = "length"
    """Name in the run table."""
    lengths: Annotated[tuple[Annotated[int, Range(1, 2**24)], ...], Size(1, 1_000), Different()] = (
        2,
        4,
        8,
        16,
        32,
        64,
        128,
        256,
    )
    """Frames of a training window, L; one stage trains each."""
    seeds: Annotated[tuple[Annotated[int, Range(0, 2**32 - 1)], ...], Size(1, 1_000), Different()] = (0, 1, 2)
    """One run for each; weights and windows are drawn from it."""

    def __post_init__(self) -> None:
        check(self)


def seed_folder(folder: Path, seed: int) -> Path:
    """Where the run of one seed stands in a length's folder."""
    return folder / f"seed-{seed}"


def train_together(
    folder: Path, jobs: Sequence[Job], address: str, backend: str, report: Callable[[int, Step], None]
) -> pl.DataFrame:
    """Run the jobs of one length one after another in this process, one of several ranks that meet at `address`.

    The first rank writes `folder`/runs.parquet.
    """
    ranks = jobs[0].ranks
    with joined(ranks, address, backend):
        tables = []
        for number, job in enumerate(jobs):
            tables.append(run(job, partial(report, number)))
        if ranks.first:
            write(folder / "runs.parquet", pl.concat(tables))
        wait_for_all(ranks)
    return pl.concat(tables)


def train_length(folder: Path, jobs: Sequence[Job], report: Callable[[int, Step], None]) -> pl.DataFrame:
    """Run the jobs of one length side by side and write `folder`/runs.parquet, all their rows."""
    table = pl.concat(run_all(jobs, report))
    write(folder / "runs.parquet", table)
    return table
