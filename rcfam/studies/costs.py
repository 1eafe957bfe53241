"""What a run costs, before and after it: FLOPs by formula. Imports the model."""

import numpy as np

from rcfam import documents
from rcfam.dataset import Dataset
from rcfam.dataset.orders import batches
from rcfam.dataset.rows import distinct_rows
from rcfam.model.action import DataShape, ModelParams
from rcfam.model.flops import flops_of
from rcfam.studies.planning import Planned


def foreseen_shape(run: Planned) -> DataShape:
    """The shape of data that the run's parameters ask for; the vocabulary is what the tokenizer aims at."""
    render, size = run.params["render"], int(run.params["tokenize"]["size"])
    return DataShape(int(render["rows"]), int(render["columns"]), size, np.zeros((1, 3), np.uint32))


def flops_a_frame(run: Planned, shape: DataShape, distinct: float | None = None) -> float:
    """FLOPs of training on one frame, by formula; `distinct` rows of a frame are worked out by a `rows` head.

    Raises DocumentError for parameters that no model has.
    """
    model = documents.build(ModelParams, run.params["model"], f"{run.id}: model")
    return float(flops_of(model, shape, run.length, distinct).training)


def distinct_rows_a_frame(dataset: Dataset, run: Planned) -> float:
    """How many rows of a frame are new to its chunk, on average over the run's first batch."""
    train = run.params["train"]
    found = batches(dataset, train["order"], run.length, int(train["batch"]), run.seed).batch(0)
    chunk = int(train["chunk"] or run.length)
    frames, rows = 0, 0
    for start in range(0, run.length, chunk):
        piece = slice(start, start + chunk)
        rows += len(distinct_rows(np.ascontiguousarray(found.cells_TBRC[piece]), found.cursors_TB3[piece])[0])
        frames += found.mask_TB[piece].size
    return rows / frames
