"""The dataset as a run sees it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rcfam.dataset.index import Batch, Dataset
from rcfam.dataset.loader import Ahead
from rcfam.dataset.orders import Order, batches
from rcfam.dataset.windows import HeldOut
from rcfam.model.action import DataShape
from rcfam.training.distributed import ALONE, Ranks
from rcfam.training.run import TrainingData

_SPAN: Final = 256  # held-out frames read in one piece: a short window costs as much to decode as this
_AT_ONCE: Final = 16


def open_source(
    folder: Path, length: int, batch: int, seed: int, ranks: Ranks = ALONE, order: Order = "drawn"
) -> TrainingData:
    """The training windows of `seed` for one rank, none that another has at the same time.

    Raises DatasetError where the folder holds no dataset.
    """
    dataset = Dataset.open(folder)
    windows = Ahead(batches(dataset, order, length, batch, seed, ranks.world), ranks.rank)

    def data_at(step: int) -> Batch:
        return windows.batch(step - 1)  # steps count from 1 here, from 0 there

    def held_out_at(frames: int) -> Iterator[Batch]:
        span = max(length, _SPAN)
        windows = HeldOut(dataset, span, max(1, frames // span), _AT_ONCE)
        return (windows.batch(number) for number in range(len(windows)))

    return TrainingData(data_at, shape_of(dataset), dataset_hash(dataset), dataset.vocabulary_hash, held_out_at)


def shape_of(dataset: Dataset) -> DataShape:
    """What the data decides about a model."""
    return DataShape(dataset.rows, dataset.columns, dataset.vocabulary, dataset.attributes_A3)


def dataset_hash(dataset: Dataset) -> str:
    """A hash of what the dataset says of itself and of its index, wherever its files lie."""
    kept = {key: value for key, value in asdict(dataset.about).items() if key not in ("recordings", "tokens")}
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode())
    digest.update(dataset.index.write_csv().encode())
    return digest.hexdigest()
