"""Exact backpropagation through time whose memory does not grow with the sequence (the paper's section 10.3).

    forward, no gradients      s0 ──chunk 0──► s1 ──chunk 1──► s2 ── ... ──► s(n-1)            only the s are kept
    reverse sweep              chunk n-1 from s(n-1): head, recurrence, loss, backward ──► d s(n-1)
                               chunk n-2 from s(n-2): the same, with d s(n-1) as the gradient of its last state ──► d
                               s(n-2) ...

Each chunk's activations are rebuilt, used and dropped. The gradient is the whole sequence's, not a truncation of it.

A head that works each distinct row out once sees a stretch of a few chunks at a time, for the longer it looks the more
rows repeat; backbone and loss still go chunk by chunk, and of the s only those between stretches are kept: the others
come of the backbone alone, when the sweep is there. Rows that already stood in the frame before a stretch belong to
the stretch before, which gets their gradient too.
"""

# T steps, B streams, D width, U distinct rows, O of them in the frame before, X what a row is worked out to

from typing import Final, NamedTuple

import torch
from torch import Tensor

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import Measured, frames_of, score
from rcfam.model.action import ActionModel
from rcfam.model.backbones import State
from rcfam.model.frames import Frames, SharesRows
from rcfam.training.saved_states import SavedStates

STRETCH: Final = 4  # chunks that a head sees together if it shares rows


def gradients(
    model: ActionModel,
    batch: Batch,
    chunk: int,
    total: int | None = None,
    device: torch.device | str = "cpu",
    before: State | None = None,
    page: bool = False,
) -> Measured:
    """Add to every parameter's `.grad` the gradient of (sum of the masked losses) / `total`.

    `chunk` is the number of steps whose activations are held at once; those of a head that shares rows are held for
    STRETCH chunks. `total` defaults to the unmasked positions of this batch, which makes the objective their mean; a
    caller that splits a batch hands in the count of the whole. `before` is the state before the first step, the model's
    own by default; the state after the last one comes back. With `page` the states between chunks wait in the host's
    memory. Float32 equals plain autograd to rounding, float64 to 1e-12.
    """
    total = _total(batch, total)
    steps, streams = batch.targets_TB.shape
    reach = _reach(model, chunk)
    first = model.initial(streams) if before is None else before
    last: State = ()
    borders = _borders(model, batch, chunk, device, first, page)
    measured = _nothing_measured(model, batch)
    later: list[Tensor | None] = []  # the gradient of the state after the chunk; nothing follows the last chunk
    after: _Seen | None = None
    for begin in reversed(range(0, steps, reach)):
        seen = _look(model, batch, begin, reach, device)
        pieces = [piece.requires_grad_() for piece in seen.vectors_TBD.detach().split(chunk)]
        states = _states_within(model, pieces, borders.pop() if begin else first)
        for number in reversed(range(len(pieces))):
            start = begin + number * chunk
            state = tuple(part.detach().requires_grad_() for part in states.pop()) if start else first
            features_TBD, end = model.backbone(pieces[number], state)
            last = last or tuple(part.detach() for part in end)
            part = score(model.decide(features_TBD), batch, start, chunk)
            ends = [(e, d) for e, d in zip(end, later, strict=bool(later)) if d is not None and e.requires_grad]
            torch.autograd.backward([part.loss_TB.sum() / total, *(e for e, _ in ends)], [None, *(d for _, d in ends)])
            later = [piece.grad for piece in state] if start else []
            _put(measured, start, part)
        _send_back(seen, [piece.grad for piece in pieces], after)
        after = seen.without_graph()
        del seen, pieces, features_TBD, end, ends, part  # not to be held while the next stretch is looked at
    return measured._replace(state=last)


def two_pass_gradients(
    model: ActionModel,
    batch: Batch,
    chunk: int,
    total: int | None = None,
    device: torch.device | str = "cpu",
    first: State | None = None,
) -> Measured:
    """The same gradients, the backbone taken through the whole sequence at once.

    The head's activations are rebuilt a chunk at a time, but every frame's vector and the backbone's activations are
    held: memory grows with T x B x D, for kernels that are quick over whole sequences only.
    """
    total = _total(batch, total)
    steps, streams = batch.targets_TB.shape
    reach = _reach(model, chunk)
    vectors: list[Tensor] = []
    before: _Seen | None = None
    with torch.no_grad():
        for begin in range(0, steps, reach):
            before = _look(model, batch, begin, reach, device, before)
            vectors.append(before.vectors_TBD)
    joined_TBD = torch.cat(vectors).requires_grad_()
    del vectors, before
    features_TBD, last = model.backbone(joined_TBD, model.initial(streams) if first is None else first)
    measured = _nothing_measured(model, batch)
    pieces = [piece.requires_grad_() for piece in features_TBD.detach().split(chunk)]
    for number, piece in enumerate(pieces):
        part = score(model.decide(piece), batch, number * chunk, chunk)
        (part.loss_TB.sum() / total).backward()
        _put(measured, number * chunk, part)
    features_TBD.backward(torch.cat([piece.grad for piece in pieces if piece.grad is not None]))
    after: _Seen | None = None
    for begin in reversed(range(0, steps, reach)):
        seen = _look(model, batch, begin, reach, device)
        assert joined_TBD.grad is not None
        _send_back(seen, [joined_TBD.grad[begin : begin + reach]], after)
        after = seen.without_graph()
    return measured._replace(state=tuple(part.detach() for part in last))


def plain_gradients(
    model: ActionModel,
    batch: Batch,
    total: int | None = None,
    device: torch.device | str = "cpu",
    first: State | None = None,
) -> Measured:
    """The same gradients by one graph over everything: nothing is worked out twice, and memory grows without bound."""
    total = _total(batch, total)
    steps, streams = batch.targets_TB.shape
    state = model.initial(streams) if first is None else first
    logits_TBV, last = model(frames_of(batch, 0, steps, device), state)
    part = score(logits_TBV, batch, 0, steps)
    (part.loss_TB.sum() / total).backward()
    return Measured(part.loss_TB.detach(), part.correct_TB, tuple(part.detach() for part in last))


class _Seen(NamedTuple):
    """What a head made of one stretch of frames."""

    frames: Frames
    """With the frame before the stretch, whose rows come first in the table, if the head shares rows."""
    vectors_TBD: Tensor
    shared_UX: Tensor | None
    old_OX: Tensor | None
    """The first of `shared_UX`: rows that the stretch before knows too; a leaf."""

    def without_graph(self) -> "_Seen":
        """What the stretch before needs of this one: its rows that stood in the frame before, with their gradient."""
        frames = self.frames
        index_1BR, nothing_UC = frames.index_TBR[:1].clone(), frames.rows_UC.new_empty(0, frames.columns)
        kept = Frames(nothing_UC, nothing_UC[:, 0], index_1BR, frames.cursors_TB3[:0].clone(), frames.first)
        if self.old_OX is not None and self.old_OX.grad is not None:
            self.old_OX.grad = self.old_OX.grad.clone()  # else it holds on to the gradient of the whole table
        return _Seen(kept, self.vectors_TBD.new_empty(0), None, self.old_OX)


def _look(
    model: ActionModel,
    batch: Batch,
    begin: int,
    reach: int,
    device: torch.device | str,
    before: _Seen | None = None,
) -> _Seen:
    """The head over steps `begin` to `begin + reach`. `before`, what it made of the stretch before, saves some work."""
    head = model.head
    if not isinstance(head, SharesRows):
        frames = frames_of(batch, begin, reach, device)
        return _Seen(frames, model.look(frames), None, None)
    back = int(begin > 0)
    frames = frames_of(batch, begin - back, reach + back, device)
    rows_UC, column_U, old = frames.rows_UC, frames.cursor_column_U, frames.first * back
    old_OX: Tensor | None = None
    with model.cast():
        if old:
            if before is not None and before.shared_UX is not None:
                old_OX = before.shared_UX[_places(before.frames, frames)]
            else:
                with torch.no_grad():
                    old_OX = head.of_rows(rows_UC[:old], column_U[:old])
            old_OX.requires_grad_(torch.is_grad_enabled())
        shared_UX = head.of_rows(rows_UC[old:], column_U[old:])
        if old_OX is not None:
            shared_UX = torch.cat([old_OX, shared_UX])
    here = frames.between(back, len(frames.index_TBR))._replace(shared_UX=shared_UX)
    return _Seen(frames, model.look(here), shared_UX, old_OX)


def _send_back(seen: _Seen, slopes: list[Tensor | None], after: _Seen | None) -> None:
    """Take the gradient of the stretch's vectors, and what the stretch after found for its old rows, through the
    head.
    """
    if after is not None and after.old_OX is not None:
        assert seen.shared_UX is not None and after.old_OX.grad is not None
        place_O, slope_OX = _places(seen.frames, after.frames), after.old_OX.grad
        # A hook, not a root of its own: that would need a second gradient as large as the table.
        seen.shared_UX.register_hook(lambda slope_UX: slope_UX.index_add(0, place_O, slope_OX))
    seen.vectors_TBD.backward(torch.cat([slope for slope in slopes if slope is not None]))


def _places(before: Frames, after: Frames) -> Tensor:
    """Where the rows of the frame that two stretches share stand in the table of the one before: (O,)."""
    place_O = torch.empty(after.first, dtype=torch.int64, device=after.index_TBR.device)
    place_O[after.index_TBR[0]] = before.index_TBR[-1]
    return place_O


def _borders(
    model: ActionModel, batch: Batch, chunk: int, device: torch.device | str, state: State, page: bool
) -> SavedStates:
    """The state before every stretch but the first, free of any graph."""
    steps, streams = batch.targets_TB.shape
    reach = _reach(model, chunk)
    last = (steps - 1) // reach * reach
    growing = not model.initial(streams)
    before: _Seen | None = None
    with torch.no_grad():
        borders = SavedStates(last // reach, page, growing)
        for begin in range(0, last, reach):
            before = _look(model, batch, begin, reach, device, before)
            for piece_TBD in before.vectors_TBD.split(chunk if growing else reach):  # the sweep's own pieces in a state
                state = model.backbone.remember(piece_TBD, state)
            borders.push(state)
    return borders


def _states_within(model: ActionModel, pieces: list[Tensor], state: State) -> list[State]:
    """The state before every chunk of a stretch, free of any graph."""
    with torch.no_grad():
        states = [tuple(part.detach() for part in state)]
        for piece_TBD in pieces[:-1]:
            states.append(model.backbone.remember(piece_TBD, states[-1]))
    return states


def _reach(model: ActionModel, chunk: int) -> int:
    """Steps that the head sees at once."""
    return chunk * STRETCH if isinstance(model.head, SharesRows) else chunk


def _total(batch: Batch, total: int | None) -> int:
    return max(1, int(batch.mask_TB.sum())) if total is None else total


def _nothing_measured(model: ActionModel, batch: Batch) -> Measured:
    """Room for every position's figures."""
    shape, like = batch.targets_TB.shape, model.vote.weight
    return Measured(like.new_zeros(shape), like.new_zeros(shape, dtype=torch.bool))


def _put(measured: Measured, start: int, part: Measured) -> None:
    for whole_TB, part_TB in zip(measured[:2], part[:2], strict=True):
        whole_TB[start : start + len(part_TB)] = part_TB.detach()
