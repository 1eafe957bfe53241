"""What runs many stages or trials: `dvc repro`, the pipeline flow, the worker of `make ui`, the search."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from benchmarks.kills.killing import Ending, killed
from benchmarks.kills.workers import worker_killed

TRIALS: Final = 4


class Chain(NamedTuple):
    """A command in a clone of this checkout, what it writes, and how it is disturbed."""

    command: list[str]
    outs: tuple[str, ...]
    """compared with an undisturbed run's; laws and reports hold measured times and are not"""
    between: int
    """kills before it may run to its end"""
    settings: Callable[[Path], dict[str, str]]
    """environment variables, from the folder of the campaign"""
    before: tuple[list[str], ...] = ()
    """what has to be run first, undisturbed"""
    check: Callable[[Path], list[str]] = lambda folder: []
    """what else is wrong in the folder after it has run to its end"""
    kill: Callable[..., Ending] = killed
    """as `killed`: what is started and killed instead, where that is not the command itself"""


def _plain(state: Path) -> dict[str, str]:
    return {}


def _prefect(state: Path) -> dict[str, str]:
    return {"PREFECT_HOME": str(state / "prefect")}


def _trials(folder: Path) -> list[str]:
    """Whether each trial was judged and counted once."""
    tables = list((folder / "optuna").glob("*/trials.csv"))
    if len(tables) != 1:
        return [f"{len(tables)} tables of trials"]
    trials = pl.read_csv(tables[0])
    judged = trials.filter(pl.col("state").is_in(["complete", "pruned"]))
    twice = trials.height - trials["number"].n_unique()
    return [f"{judged.height} trials judged, not {TRIALS}"] * (judged.height != TRIALS) + ["a trial twice"] * (
        twice > 0
    )


_OUTS = tuple(f"data/{name}" for name in ("recordings", "tokens", "dataset", "runs", "evaluation", "rollout"))
_PIPELINE = [sys.executable, "-m", "flows.pipeline"]
_TRIALS = ["--trials", str(TRIALS), "--flops", "2e8", "--length", "4", "--batch", "2", "4"]
CHAINS: Final = {
    "dvc": Chain(["dvc", "repro"], _OUTS, 5, _plain),
    "pipeline": Chain(_PIPELINE, _OUTS, 4, _prefect),
    "worker": Chain(_PIPELINE, _OUTS, 3, _prefect, kill=worker_killed),
    "tune": Chain(
        [sys.executable, "-m", "flows.tune", *_TRIALS], (), 3, _plain, (["dvc", "repro", "dataset"],), _trials
    ),
}
