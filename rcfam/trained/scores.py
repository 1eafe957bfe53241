"""Scores every trained model of a study on the same held-out windows and returns tables."""

# W windows, T steps

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from rcfam.dataset.index import Dataset
from rcfam.dataset.split import HELD_OUT
from rcfam.dataset.windows import HeldOut
from rcfam.evaluation.scoring import EvaluateParams, Evaluation, evaluate
from rcfam.tokenizer import Tokenizer
from rcfam.training.data import dataset_hash
from rcfam.training.errors import CheckpointError
from rcfam.training.run import FINAL, load_model
from rcfam.training.study import StudyParams, seed_folder


class ScoredRun(NamedTuple):
    """One run: its row of `scores` and its rows of `positions`."""

    row: dict[str, Any]
    positions: pl.DataFrame


class Scored(NamedTuple):
    """`scores` has a row per run, `positions` a row per run and window position, `metrics` means over the seeds."""

    scores: pl.DataFrame
    positions: pl.DataFrame
    metrics: dict[str, Any]


def score_runs(
    runs: Path,
    folder: Path,
    params: EvaluateParams,
    study: StudyParams,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
    which: str = FINAL,
) -> Scored:
    """Score the final or best model of each run of `study` under `runs` (length-L/seed-S). Other runs are ignored.

    `progress` receives the number of finished windows and the total. Raises CheckpointError if a run has no such model
    or was trained on another dataset.
    """
    places = [seed_folder(runs / f"length-{length}", seed) for length in study.lengths for seed in study.seeds]
    for place in places:
        for name in {FINAL, which}:
            if not (place / f"{name}.json").exists():
                raise CheckpointError(f"{place}: no {name} model ({name}.json)")
    found = list(score_places(places, folder, params, HELD_OUT, device, progress, which))
    scores = pl.DataFrame([one.row for one in found]).sort("length", "seed")
    curves = pl.concat([one.positions for one in found])
    return Scored(scores, curves.sort("length", "seed", "position"), metrics_of(scores))


def score_places(
    places: Sequence[Path],
    folder: Path,
    params: EvaluateParams,
    side: str,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
    which: str = FINAL,
) -> Iterator[ScoredRun]:
    """Score the final or best model of each run folder, in order, on the same windows of one side of the split.

    On a CPU, as many models as PyTorch has threads are scored at once, each on one thread: models this small are slower
    when several threads share one. Calls to `progress` never overlap.
    """
    dataset = Dataset.open(folder)
    wanted = dataset_hash(dataset)
    keystrokes_V = token_keystrokes(folder, dataset)
    held_out = HeldOut(dataset, params.length, params.windows, params.batch, side)
    batches = [held_out.batch(number) for number in range(len(held_out))]
    total = len(places) * sum(batch.mask_TB.shape[1] for batch in batches)
    done, telling, stopped = [0] * len(places), Lock(), Event()

    def tell(number: int, windows: int) -> None:
        if stopped.is_set():
            raise CancelledError
        with telling:
            done[number] = windows
            if progress is not None:
                progress(sum(done), total)

    def score(number: int) -> ScoredRun:
        model, identity = load_model(places[number], which)
        if identity["dataset"] != wanted:
            raise CheckpointError(
                f"{places[number]}: trained on dataset {identity['dataset'][:12]}, not on {wanted[:12]}"
            )
        found = evaluate(
            model.to(device),
            batches,
            identity["length"],
            keystrokes_V,
            params.edge,
            device=device,
            progress=partial(tell, number),
        )
        named = {key: identity[key] for key in ("study", "length", "seed")}
        named["run"] = f"{identity['study']}/length-{identity['length']}/seed-{identity['seed']}"
        return ScoredRun(named | found.scores._asdict(), _curve(named, found))

    with _lanes(device) as lanes, ThreadPoolExecutor(lanes) as pool:
        try:
            for future in [pool.submit(score, number) for number in range(len(places))]:
                yield future.result()
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


@contextmanager
def _lanes(device: str) -> Iterator[int]:
    """The number of models to score at once, each on one PyTorch thread. The thread setting is restored afterwards."""
    threads = torch.get_num_threads()
    if torch.device(device).type != "cpu":
        yield 1
        return
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def token_keystrokes(folder: Path, dataset: Dataset) -> NDArray[np.int64]:
    """Number of keys that each token represents, shape (V,). Of the digits that spell a rare key, only
    the last counts.
    """
    return Tokenizer.load(folder / dataset.about.tokens / "vocabulary.json").keystrokes_V


def metrics_of(scores: pl.DataFrame) -> dict[str, Any]:
    """Means over the seeds for each length, in the form that `dvc metrics` shows. A mean that is not finite is None."""
    names = ["loss", "bits_per_keystroke", "accuracy", "sustained", "early_loss", "late_loss", "own_loss"]
    means = scores.group_by("length", maintain_order=True).agg(pl.col(names).mean()).sort("length")
    return {
        f"length-{row['length']}": {n: round(row[n], 6) if math.isfinite(row[n]) else None for n in names}
        for row in means.iter_rows(named=True)
    }


def _curve(named: dict[str, Any], found: Evaluation) -> pl.DataFrame:
    positions = np.arange(1, len(found.loss_T) + 1)
    measured = pl.DataFrame({"position": positions, "loss": found.loss_T, "accuracy": found.accuracy_T})
    return measured.with_columns(**{key: pl.lit(value) for key, value in named.items()})
