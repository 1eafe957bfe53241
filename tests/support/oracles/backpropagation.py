"""Plain autograd through a whole batch of windows at once: what streaming must equal.

And small windows to try it on.
"""

from dataclasses import replace

import numpy as np
import torch

from rcfam.dataset.index import Batch
from rcfam.documents import tag
from rcfam.model.action import ActionModel, DataShape, Head, ModelParams, build
from rcfam.model.backbones import Backbone, LstmParams
from rcfam.model.conv import ConvParams
from rcfam.model.frames import gather
from rcfam.model.rows import RowsParams
from rcfam.schema import dataclasses_in

torch.set_num_threads(1)  # models this small only wait for threads

ATTRIBUTES = np.array([[0, 0, 0], [3, 0, 1], [0, 5, 32], [(1 << 24) | 0x10F0A0, 300, 128]], dtype=np.uint32)


def shape(rows: int = 5, columns: int = 11, vocabulary: int = 13) -> DataShape:
    """A small grid."""
    return DataShape(rows, columns, vocabulary, ATTRIBUTES)


def typed_windows(steps: int, streams: int, seed: int, where: DataShape | None = None, masked: float = 0.0) -> Batch:
    """Frames in which a few cells change a step, so that most rows repeat, with hidden cursors and odd glyphs."""
    where = where or shape()
    rng = np.random.default_rng(seed)
    cells = np.empty((steps, streams, where.rows, where.columns), dtype=np.uint32)
    now = rng.integers(32, 64, cells.shape[1:], dtype=np.uint32)
    for step in range(steps):
        for stream in range(streams):
            row, column = rng.integers(where.rows), rng.integers(where.columns)
            glyph = rng.choice(np.array([65, 97, 0x4E00, 0x10FFFF, 0x110003]))
            now[stream, row, column] = glyph | rng.integers(len(where.attributes_N3)) << 21
        cells[step] = now
    cursors = np.stack(
        [rng.integers(n, size=(steps, streams)) for n in (where.rows, where.columns, 2)], axis=-1, dtype=np.int32
    )
    targets = rng.integers(where.vocabulary, size=(steps, streams))
    ids = np.stack([np.zeros(streams, np.int64), np.arange(streams)], axis=1)
    return Batch(cells, cursors, targets, rng.random((steps, streams)) >= masked, ids)


HEADS = {tag(kind): kind.small() for kind in dataclasses_in(Head)} | {
    "rows_deep": replace(RowsParams.small(), row_blocks=0, frame_blocks=1),
    "conv_last": replace(ConvParams.small(), width=8, downs=1, reduce="last"),
}
BACKBONES = {tag(kind): kind.small() for kind in dataclasses_in(Backbone)}
SMALL = ModelParams(head=HEADS["rows"], backbone=BACKBONES["lstm"], width=8, layers=2, mlp_ratio=2, glyphs=300)


def small_model(head: str, backbone: str, dtype: torch.dtype = torch.float64, state: str = "learned") -> ActionModel:
    """A model of a few hundred weights, none of them zero."""
    chosen = BACKBONES[backbone] if state == "learned" else LstmParams(state=state, projection=True)
    params = replace(SMALL, backbone=chosen, head=HEADS[head])
    model = build(params, shape(), seed=5).to(dtype)
    with torch.no_grad():  # nothing may hide behind a zero initial weight
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1), dtype=dtype)
    return model


def plain_gradients(model: ActionModel, batch: Batch) -> tuple[float, dict[str, torch.Tensor]]:
    """Mean loss over unmasked positions and its gradients, by one graph over the whole sequence; clears `.grad`."""
    model.zero_grad(set_to_none=True)
    frames = gather(batch.cells_TBRC, batch.cursors_TB3)
    logits, _ = model(frames, model.initial(batch.targets_TB.shape[1]))
    logs = torch.log_softmax(logits, dim=-1)
    picked = logs.gather(-1, torch.from_numpy(batch.targets_TB)[..., None])[..., 0]
    loss = -picked[torch.from_numpy(batch.mask_TB)].mean()
    loss.backward()
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return float(loss.detach()), found
