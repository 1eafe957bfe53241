"""Every trained model of a study on the same held-out windows -> tables."""

# W windows, T steps

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rcfam.dataset.index import ABOUT, Dataset
from rcfam.dataset.split import HELD_OUT
from rcfam.dataset.windows import HeldOut
from rcfam.evaluation.scoring import EvaluateParams, Evaluation, evaluate
from rcfam.tokenizer import Tokenizer
from rcfam.training.errors import CheckpointError
from rcfam.training.run import FINAL, load_model
from rcfam.training.source import dataset_hash
from rcfam.training.study import StudyParams, seed_folder


class ScoredRun(NamedTuple):
    """One run: its row of `scores` and its rows of `positions`."""

    row: dict[str, Any]
    positions: pl.DataFrame


class Scored(NamedTuple):
    """`scores`: one row a run; `positions`: one row a run and step of the window; `metrics`: means over the seeds."""

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
    """Score the final (or best) model of each run of `study` under `runs` (length-L/seed-S); `runs` may hold others.

    `progress` is told windows done and windows in all. Raises CheckpointError where a run has no such model, or where
    one was trained on another dataset.
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
    """Score the final (or best) model of each folder of a run, one after another, on the same windows of one side."""
    dataset = Dataset.open(folder)
    wanted = dataset_hash(folder, dataset)
    keystrokes_V = token_keystrokes(folder)
    held_out = HeldOut(dataset, params.length, params.windows, params.batch, side)
    batches = [held_out.batch(number) for number in range(len(held_out))]
    total = sum(batch.mask_TB.shape[1] for batch in batches)
    for number, place in enumerate(places):
        model, identity = load_model(place, which)
        if identity["dataset"] != wanted:
            raise CheckpointError(f"{place}: trained on dataset {identity['dataset'][:12]}, not on {wanted[:12]}")
        found = evaluate(
            model.to(device),
            batches,
            identity["length"],
            keystrokes_V,
            params.edge,
            device=device,
            progress=_shifted(progress, number * total, len(places) * total),
        )
        named = {key: identity[key] for key in ("study", "length", "seed")}
        named["run"] = f"{identity['study']}/length-{identity['length']}/seed-{identity['seed']}"
        yield ScoredRun(named | found.scores._asdict(), _curve(named, found))


def token_keystrokes(folder: Path) -> NDArray[np.int64]:
    """How many keys each token stands for: (V,). Of the digits that spell a rare key the last one counts."""
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return Tokenizer.load(folder / about["tokens"] / "vocabulary.json").keystrokes_V


def metrics_of(scores: pl.DataFrame) -> dict[str, Any]:
    """Means over the seeds for each length, as `dvc metrics` shows them; None where a mean is not a number."""
    names = ["loss", "bits_per_keystroke", "accuracy", "sustained", "early_loss", "late_loss", "own_loss"]
    means = scores.group_by("length").agg(pl.col(names).mean()).sort("length")
    return {
        f"length-{row['length']}": {n: round(row[n], 6) if math.isfinite(row[n]) else None for n in names}
        for row in means.iter_rows(named=True)
    }


def _shifted(progress: Callable[[int, int], None] | None, before: int, total: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress(before + done, total)


def _curve(named: dict[str, Any], found: Evaluation) -> pl.DataFrame:
    positions = np.arange(1, len(found.loss_T) + 1)
    measured = pl.DataFrame({"position": positions, "loss": found.loss_T, "accuracy": found.accuracy_T})
    return measured.with_columns(**{key: pl.lit(value) for key, value in named.items()})
