"""One model over held-out windows -> one line of scores, and how they run along the window."""

# T steps, B windows, V vocabulary

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rcfam.bounds import Range, check
from rcfam.dataset.index import Batch
from rcfam.evaluation import metrics
from rcfam.evaluation.measuring import Measured, between, join, measure
from rcfam.model.action import ActionModel


@dataclass(frozen=True)
class EvaluateParams:
    """The held-out windows on which every trained model is scored."""

    length: Annotated[int, Range(1, 2**24)] = 512
    """Frames of a held-out window; the default is twice the longest trained. Held-out stretches that are shorter give
    one window each, whose missing positions are masked. At positions that no window reaches, curves are not a number.
    """
    windows: Annotated[int, Range(1, 10**6)] = 32
    """Held-out windows, the same for every model."""
    batch: Annotated[int, Range(1, 10**6)] = 16
    """Windows that go through the model at once."""
    edge: Annotated[int, Range(1, 2**24)] = 16
    """Positions at each end of a window over which early and late loss are averaged."""

    def __post_init__(self) -> None:
        check(self)
        if self.edge > self.length:
            raise ValueError(f"edge: {self.edge} is longer than length {self.length}")


class Scores(NamedTuple):
    """What a model does on held-out windows. Losses in nats a token; `length` frames a window unless said otherwise."""

    positions: int
    loss: float
    bits_per_keystroke: float
    accuracy: float
    sustained: float
    sustained_from_start: float
    early_loss: float
    """Over the first `edge` positions."""
    late_loss: float
    """Over the last `edge` positions."""
    own_loss: float
    """Over the same positions, but with nothing remembered from before the last multiple of the trained length."""
    own_accuracy: float


class Evaluation(NamedTuple):
    """Scores, and loss and accuracy at each step of the window (T,)."""

    scores: Scores
    loss_T: NDArray[np.float64]
    accuracy_T: NDArray[np.float64]


def evaluate(
    model: ActionModel,
    batches: Iterable[Batch],
    own_length: int,
    keystrokes_V: NDArray[np.integer],
    edge: int,
    chunk: int = 64,
    device: torch.device | str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Score `model` on `batches` of windows of one length. `keystrokes_V` holds the keys of each token.

    `own_length` is the length that the model was trained on. `progress` is told the windows done.
    """
    columns: list[tuple[NDArray[np.generic], ...]] = []
    done = 0
    for batch in batches:
        whole = _arrays(measure(model, batch, chunk, device))
        own = _arrays(measure_in_pieces(model, batch, own_length, chunk, device))
        columns.append((batch.mask_TB, batch.targets_TB, *whole, *own))
        done += batch.mask_TB.shape[1]
        if progress is not None:
            progress(done)
    mask, targets, loss, correct, own_loss, own_correct = (
        np.concatenate(c, axis=1) for c in zip(*columns, strict=True)
    )
    scores = Scores(
        positions=int(mask.sum()),
        loss=metrics.mean(loss, mask),
        bits_per_keystroke=metrics.bits_per_keystroke(loss, keystrokes_V[np.where(mask, targets, 0)], mask),
        accuracy=metrics.mean(correct, mask),
        sustained=metrics.sustained(correct, mask),
        sustained_from_start=metrics.sustained_from_start(correct, mask),
        early_loss=metrics.mean(loss[:edge], mask[:edge]),
        late_loss=metrics.mean(loss[-edge:], mask[-edge:]),
        own_loss=metrics.mean(own_loss, mask),
        own_accuracy=metrics.mean(own_correct, mask),
    )
    return Evaluation(scores, metrics.by_position(loss, mask), metrics.by_position(correct, mask))


def loss_in_pieces(
    model: ActionModel, batches: Iterable[Batch], length: int, chunk: int, device: torch.device | str = "cpu"
) -> float:
    """Mean loss over the unmasked positions of all batches, with a fresh state every `length` steps."""
    loss, count = 0.0, 0
    for batch in batches:
        loss += float(measure_in_pieces(model, batch, length, chunk, device).loss_TB.sum(dtype=torch.float64))
        count += int(batch.mask_TB.sum())
    return loss / count if count else math.nan


def measure_in_pieces(
    model: ActionModel, batch: Batch, length: int, chunk: int, device: torch.device | str = "cpu"
) -> Measured:
    """Like `measure`, with a fresh state every `length` steps."""
    steps, windows = batch.targets_TB.shape
    pieces = [between(batch, start, start + length) for start in range(0, steps, length)]
    ragged = pieces.pop() if steps % length else None
    together = max(1, chunk // length)  # as many frames at once as a chunk of the whole has
    groups = [pieces[at : at + together] for at in range(0, len(pieces), together)]
    measured: list[Measured] = []
    for group in groups + ([[ragged]] if ragged is not None else []):
        found = measure(model, _side_by_side(group), chunk, device)
        split = zip(found.loss_TB.split(windows, dim=1), found.correct_TB.split(windows, dim=1), strict=True)
        measured += [Measured(*piece) for piece in split]
    return join(measured)


def _side_by_side(pieces: list[Batch]) -> Batch:
    """Batches of one length as one batch with all their windows."""
    if len(pieces) == 1:
        return pieces[0]
    return Batch(
        np.concatenate([piece.cells_TBRC for piece in pieces], axis=1),
        np.concatenate([piece.cursors_TB3 for piece in pieces], axis=1),
        np.concatenate([piece.targets_TB for piece in pieces], axis=1),
        np.concatenate([piece.mask_TB for piece in pieces], axis=1),
        np.concatenate([piece.ids_B2 for piece in pieces]),
    )


def _arrays(measured: Measured) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return measured.loss_TB.double().cpu().numpy(), measured.correct_TB.cpu().numpy()
