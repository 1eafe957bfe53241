"""Exact backpropagation through time whose memory does not grow with the sequence (the paper's section 10.3).

    forward, no gradients      s0 ──chunk 0──► s1 ──chunk 1──► s2 ── ... ──► s(n-1)            only the s are kept
    reverse sweep              chunk n-1 from s(n-1): head, recurrence, loss, backward ──► d s(n-1)
                               chunk n-2 from s(n-2): the same, with d s(n-1) as the gradient of its last state ──► d
                               s(n-2) ...

Each chunk's activations are rebuilt, used and dropped. The gradient is the whole sequence's, not a truncation of it.
"""

# T steps, B streams

from collections.abc import Sequence

import torch
from torch import Tensor

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import Measured, frames_of, join, score
from rcfam.model.action import ActionModel
from rcfam.model.backbones import State


def gradients(
    model: ActionModel,
    batch: Batch,
    chunk: int,
    total: int | None = None,
    device: torch.device | str = "cpu",
    before: State | None = None,
) -> Measured:
    """Add to every parameter's `.grad` the gradient of (sum of the masked losses) / `total`.

    `chunk` is the number of steps whose activations are held at once. `total` defaults to the unmasked positions of
    this batch, which makes the objective their mean; a caller that splits a batch hands in the count of the whole.
    `before` is the state before the first step, the model's own by default; the state after the last one comes back.
    Float32 equals plain autograd to rounding, float64 to 1e-12.
    """
    if total is None:
        total = max(1, int(batch.mask_TB.sum()))
    starts = range(0, len(batch.targets_TB), chunk)
    streams = batch.targets_TB.shape[1]
    first = model.initial(streams) if before is None else before
    borders = _borders(model, batch, chunk, starts, device, first)
    last: State = ()
    measured: list[Measured] = []
    later: list[Tensor | None] = []  # the gradient of the state after the chunk; nothing follows the last chunk
    for start in reversed(starts):
        border = borders.pop()  # with its gradient it is done with after this turn
        state = tuple(part.requires_grad_() for part in border) if start else first
        logits_TBV, after = model(frames_of(batch, start, chunk, device), state)
        last = last or tuple(part.detach() for part in after)
        part = score(logits_TBV, batch, start, chunk)
        ends = [(end, d) for end, d in zip(after, later, strict=bool(later)) if d is not None and end.requires_grad]
        torch.autograd.backward([part.loss_TB.sum() / total, *(end for end, _ in ends)], [None, *(d for _, d in ends)])
        later = [piece.grad for piece in state] if start else []
        measured.append(Measured(part.loss_TB.detach(), part.correct_TB))
    measured.reverse()
    return join(measured)._replace(state=last)


def two_pass_gradients(
    model: ActionModel, batch: Batch, chunk: int, total: int | None = None, device: torch.device | str = "cpu"
) -> Measured:
    """The same gradients, the backbone taken through the whole sequence at once.

    The head's activations are rebuilt a chunk at a time, but every frame's vector and the backbone's activations are
    held: memory grows with T x B x D, for kernels that are quick over whole sequences only.
    """
    if total is None:
        total = max(1, int(batch.mask_TB.sum()))
    starts = range(0, len(batch.targets_TB), chunk)
    with torch.no_grad():
        vectors = [model.head(frames_of(batch, start, chunk, device)) for start in starts]
    joined_TBD = torch.cat(vectors).requires_grad_()
    features_TBD, _ = model.backbone(joined_TBD, model.initial(batch.targets_TB.shape[1]))
    measured: list[Measured] = []
    pieces = [piece.requires_grad_() for piece in features_TBD.detach().split(chunk)]
    slopes: list[Tensor] = []
    for start, piece in zip(starts, pieces, strict=True):
        part = score(model.decide(piece), batch, start, chunk)
        (part.loss_TB.sum() / total).backward()
        assert piece.grad is not None
        slopes.append(piece.grad)
        measured.append(Measured(part.loss_TB.detach(), part.correct_TB))
    features_TBD.backward(torch.cat(slopes))
    assert joined_TBD.grad is not None
    for start, slope_TBD in zip(starts, joined_TBD.grad.split(chunk), strict=True):
        model.head(frames_of(batch, start, chunk, device)).backward(slope_TBD)
    return join(measured)


def _borders(
    model: ActionModel, batch: Batch, chunk: int, starts: Sequence[int], device: torch.device | str, first: State
) -> list[State]:
    """The state before every chunk, free of any graph."""
    with torch.no_grad():
        borders = [first]
        for start in starts[:-1]:
            borders.append(model.advance(frames_of(batch, start, chunk, device), borders[-1])[1])
    return [tuple(part.detach() for part in border) for border in borders]
