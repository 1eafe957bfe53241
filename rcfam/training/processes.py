"""Runs side by side, one process each. A run dies with the process that started it, however that ended."""

import multiprocessing as mp
import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

import polars as pl

from rcfam.errors import RcfamError
from rcfam.lifetime import die_with_parent
from rcfam.training.errors import TrainingError
from rcfam.training.loop import Step
from rcfam.training.run import Job, run

_PATIENCE_S: Final = 5.0


def run_all(jobs: Sequence[Job], report: Callable[[int, Step], None]) -> list[pl.DataFrame]:
    """Run every job in a process of its own, all at once, and return their tables in order; one alone runs here.

    `report(job number, step)` is called in this process. The first failure stops the others, which keep their
    checkpoints, and is raised here; so is KeyboardInterrupt.
    """
    if len(jobs) == 1:
        return [run(jobs[0], partial(report, 0))]
    context = mp.get_context("spawn")
    children: list[BaseProcess] = []
    ends: list[Connection] = []
    try:
        for job in jobs:
            here, there = context.Pipe(duplex=False)
            child: BaseProcess = context.Process(target=_child, args=(job, there, os.getpid()), daemon=True)
            child.start()
            there.close()
            children.append(child)
            ends.append(here)
        return _listen(jobs, children, ends, report)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.join(_PATIENCE_S)
            if child.is_alive():
                child.kill()
                child.join()
        for end in ends:
            end.close()


def _listen(
    jobs: Sequence[Job], children: list[BaseProcess], ends: list[Connection], report: Callable[[int, Step], None]
) -> list[pl.DataFrame]:
    tables: dict[int, pl.DataFrame] = {}
    while len(tables) < len(jobs):
        open_ends = [end for number, end in enumerate(ends) if number not in tables]
        for end in wait(open_ends):
            number = next(n for n, other in enumerate(ends) if other is end)
            try:
                message = ends[number].recv()
            except EOFError:
                children[number].join()
                job = jobs[number]
                code = children[number].exitcode
                raise TrainingError(
                    f"length {job.length}, seed {job.seed}: the process ended with code {code}"
                ) from None
            if isinstance(message, Step):
                report(number, message)
            elif isinstance(message, pl.DataFrame):
                tables[number] = message
            else:
                raise message
    return [tables[number] for number in range(len(jobs))]


def _child(job: Job, out: Connection, parent: int) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends us
    try:
        out.send(run(job, out.send))
    except RcfamError as error:
        out.send(TrainingError(str(error)))
