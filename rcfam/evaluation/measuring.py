"""Loss and top-1 hits of a model over a batch of windows, a chunk of time at a time."""

# T steps, B streams, R rows, C columns, V vocabulary

from typing import NamedTuple

import torch
from torch import Tensor

from rcfam.dataset.index import Batch
from rcfam.model.action import ActionModel
from rcfam.model.backbones import State
from rcfam.model.frames import Frames, gather


class Measured(NamedTuple):
    """Loss in nats and top-1 hits at every position; both 0 where the mask is False."""

    loss_TB: Tensor
    correct_TB: Tensor
    state: State = ()
    """After the last step, without gradients; empty where nobody asked."""


def measure(model: ActionModel, batch: Batch, chunk: int, device: torch.device | str = "cpu") -> Measured:
    """Every position's figures without gradients; the answer does not depend on `chunk`, the steps held at once."""
    measured: list[Measured] = []
    with torch.no_grad():
        state = model.initial(batch.targets_TB.shape[1])
        for start in range(0, len(batch.targets_TB), chunk):
            logits_TBV, state = model(frames_of(batch, start, chunk, device), state)
            measured.append(score(logits_TBV, batch, start, chunk))
    return join(measured)


def between(batch: Batch, start: int, stop: int) -> Batch:
    """Steps `start` to `stop` of every window; no copy."""
    piece = slice(start, stop)
    return Batch(
        batch.cells_TBRC[piece], batch.cursors_TB3[piece], batch.targets_TB[piece], batch.mask_TB[piece], batch.ids_B2
    )


def frames_of(batch: Batch, start: int, chunk: int, device: torch.device | str) -> Frames:
    """The frames of steps `start` to `start + chunk`, on `device`."""
    piece = between(batch, start, start + chunk)
    return gather(piece.cells_TBRC, piece.cursors_TB3, device)


def score(logits_TBV: Tensor, batch: Batch, start: int, chunk: int) -> Measured:
    """Figures of one chunk's logits; the loss carries gradients where the logits do."""
    targets_TB = torch.from_numpy(batch.targets_TB[start : start + chunk]).to(logits_TBV.device)
    mask_TB = torch.from_numpy(batch.mask_TB[start : start + chunk]).to(logits_TBV.device)
    loss_TB = torch.nn.functional.cross_entropy(
        logits_TBV.flatten(0, 1), targets_TB.masked_fill(~mask_TB, 0).flatten(), reduction="none"
    ).view_as(targets_TB)
    with torch.no_grad():
        correct_TB = (logits_TBV.argmax(-1) == targets_TB) & mask_TB
    return Measured(loss_TB.masked_fill(~mask_TB, 0.0), correct_TB)


def join(parts: list[Measured]) -> Measured:
    """Chunks in order of time -> the whole."""
    return Measured(torch.cat([part.loss_TB for part in parts]), torch.cat([part.correct_TB for part in parts]))
