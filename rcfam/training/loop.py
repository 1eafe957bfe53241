"""The training loop of one run: values in, values out.

It writes nothing, so the caller decides about files and bars.
"""

import math
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Annotated, NamedTuple

import numpy as np
import torch

from rcfam.bounds import Range, check
from rcfam.dataset.index import Batch
from rcfam.dataset.orders import Order
from rcfam.evaluation.measuring import Measured
from rcfam.model.action import ActionModel
from rcfam.training.carry import Carry
from rcfam.training.compute import ComputeParams, chosen_chunk, free_bytes, sweep
from rcfam.training.diloco import DiLoCo, OuterParams
from rcfam.training.distributed import ALONE, Ranks, add_up
from rcfam.training.errors import TrainingError
from rcfam.training.optimiser import Optimiser, OptimiserParams


@dataclass(frozen=True)
class TrainParams:
    """One training."""

    steps: Annotated[int, Range(1, 10**9)] = 300
    """Updates of every run."""
    batch: Annotated[int, Range(1, 10**6)] = 8
    """Windows an update, for every rank."""
    accumulate: Annotated[int, Range(1, 10**6)] = 1
    """Pieces of the batch that go through the model one after another."""
    chunk: Annotated[int, Range(1, 2**24)] | None = 64
    """Time steps whose activations are held at once; null for what fits into a quarter of the free memory."""
    threads: Annotated[int, Range(1, 1_024)] = 1
    """CPU threads of one run."""
    checkpoint_every: Annotated[int, Range(0, 10**9)] = 100
    """Steps between two checkpoints; 0 for none before the end."""
    keep: Annotated[int, Range(1, 1_000)] = 2
    """Checkpoints kept of a run that has not ended, not counting the best."""
    edge: Annotated[int, Range(1, 2**24)] = 4
    """Positions at each end of a window over which first and last loss are averaged."""
    validate_every: Annotated[int, Range(0, 10**9)] = 50
    """Steps between two measurements on held-out windows; 0 for none. Otherwise the last step is measured too."""
    validate_frames: Annotated[int, Range(1, 10**9)] = 2048
    """Held-out frames of one measurement, the same for every run."""
    order: Order = "drawn"
    """In which order frames are met. All but `drawn` are for studies: see rcfam/dataset/orders.py."""
    compute: ComputeParams = field(default_factory=ComputeParams)
    """How a step is computed."""
    optimiser: OptimiserParams = field(default_factory=OptimiserParams)
    """How weights move."""
    outer: OuterParams | None = None
    """DiLoCo for several processes: ranks step alone and agree now and then. With null every step averages the
    gradients of all ranks.
    """

    def __post_init__(self) -> None:
        check(self)
        if self.accumulate > self.batch:
            raise ValueError(f"accumulate: {self.accumulate} pieces of {self.batch} windows")
        if self.outer is not None and self.checkpoint_every % self.outer.every:
            raise ValueError(
                f"checkpoint_every: {self.checkpoint_every} is no multiple of outer.every {self.outer.every}"
            )


@dataclass(frozen=True)
class Progress:
    """How far a run has come."""

    step: int = 0
    tokens: int = 0
    frames: int = 0
    wall_s: float = 0.0
    """Training time alone: no evaluation, no checkpoints."""
    syncs: int = 0
    """Synchronisations of the ranks."""
    sync_bytes: int = 0
    """Bytes that this rank sent in them."""
    chunk: int = 0
    """Steps of time held at once, as given or chosen; 0 before the first step."""


class Step(NamedTuple):
    """What one update measured, before it moved the weights."""

    progress: Progress
    loss: float
    accuracy: float
    first_loss: float
    """Mean over the first `edge` positions of the windows; not a number where all of them are masked."""
    last_loss: float
    """Mean over the last `edge` positions of the windows."""
    grad_norm: float
    step_s: float
    tokens_s: float
    """Unmasked positions a second, of all ranks."""
    frames_s: float
    """Frames a second that went through the model, of all ranks, those of masked positions too."""
    peak_bytes: int
    mfu: float | None = None
    """Share of the device's bf16 matrix rate; None where that is not known."""
    held_out_loss: float | None = None
    """Of the weights after this step; None where nobody looked."""


class Norms(NamedTuple):
    """Euclidean norms of a parameter and of its gradient."""

    weight: float
    gradient: float


class DivergedError(TrainingError):
    """Loss or gradient is not a number or infinite. What it holds allows to replay the step."""

    def __init__(self, step: int, loss: float, norm: float, ids: list[list[int]], norms: dict[str, Norms]) -> None:
        super().__init__(f"step {step}: loss {loss}, gradient norm {norm}: not finite")
        self.step, self.loss, self.norm, self.ids, self.norms = step, loss, norm, ids, norms


def train(
    model: ActionModel,
    optimiser: Optimiser,
    data_at: Callable[[int], Batch],
    params: TrainParams,
    start: Progress,
    device: torch.device | str = "cpu",
    ranks: Ranks = ALONE,
    outer: DiLoCo | None = None,
    carry: Sequence[Carry] | None = None,
) -> Iterator[Step]:
    """Train from `start` to the last step, yielding after each. `data_at(step)` is asked for steps 1, 2, ... in order.

    The clock stands still while the caller holds the generator, and until the first batch has come and has been taken
    through the model once: what is compiled or set up on first use belongs to no length. Several ranks call this with
    batches of their own; their steps measure all of them, with `outer` each its own. `carry`, one for each piece of
    `accumulate`, hands states on from step to step. Raises DivergedError before
    weights are moved by such a step.
    """
    progress = start
    ahead = None
    if progress.step < params.steps:
        ahead = data_at(progress.step + 1)
        chunk = start.chunk or params.chunk or chosen_chunk(model, ahead, free_bytes(device), device)
        progress, params = replace(progress, chunk=chunk), replace(params, chunk=chunk)
        sweep(model, ahead, chunk, params.compute, device=device)
        model.zero_grad(set_to_none=True)
    while progress.step < params.steps:
        begin = time.perf_counter()
        number = progress.step + 1
        batch = data_at(number) if ahead is None else ahead
        ahead = None
        sums = _add_gradients(model, batch, params, ALONE if outer else ranks, device, carry)
        loss, norm = sums.whole.loss / max(1, sums.whole.positions), optimiser.norm()
        if not math.isfinite(loss + norm):
            raise DivergedError(number, loss, norm, batch.ids_B2.tolist(), norms_of(model))
        optimiser.step(number, params.steps, norm)
        sent = sums.sent
        if outer is not None and (number % outer.params.every == 0 or number == params.steps):
            sent += outer.step(ranks)
        step_s = time.perf_counter() - begin
        progress = replace(
            progress,
            step=number,
            tokens=progress.tokens + sums.whole.positions,
            frames=progress.frames + sums.whole.positions,
            wall_s=progress.wall_s + step_s,
            syncs=progress.syncs + bool(sent),
            sync_bytes=progress.sync_bytes + sent,
        )
        everything = batch.mask_TB.size * (1 if outer else ranks.world)
        yield Step(
            progress,
            loss,
            sums.correct / max(1, sums.whole.positions),
            sums.first.mean,
            sums.last.mean,
            norm,
            step_s,
            sums.whole.positions / step_s,
            everything / step_s,
            peak_bytes(device),
        )


def norms_of(model: torch.nn.Module) -> dict[str, Norms]:
    """The norms of every parameter; a gradient that is not there has norm 0."""
    return {
        name: Norms(float(value.detach().norm()), 0.0 if value.grad is None else float(value.grad.norm()))
        for name, value in model.named_parameters()
    }


class _Sum(NamedTuple):
    """Unmasked positions and their losses."""

    positions: int
    loss: float

    @property
    def mean(self) -> float:
        return self.loss / self.positions if self.positions else math.nan


class _Sums(NamedTuple):
    """Over the positions of a step, and the bytes sent to add them up."""

    whole: _Sum
    first: _Sum
    last: _Sum
    correct: int
    sent: int


def _add_gradients(
    model: ActionModel,
    batch: Batch,
    params: TrainParams,
    ranks: Ranks,
    device: torch.device | str,
    carry: Sequence[Carry] | None,
) -> _Sums:
    """Give every parameter the gradient of the mean loss of all ranks' windows."""
    assert params.chunk is not None
    positions = int(batch.mask_TB.sum())
    alone = ranks.world == 1
    measured = []
    for number, piece in enumerate(_pieces(batch, params.accumulate)):
        before = carry[number].before(model, piece) if carry else None
        count = max(1, positions) if alone else 1
        part = sweep(model, piece, params.chunk, params.compute, count, device, before)
        if carry:
            carry[number].after(piece, part.state)
        measured.append(part)
    sums = _sums_of(measured, batch, params.edge)
    if alone:
        return _named(sums, 0)
    for parameter in model.parameters():
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    found = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    everybody = torch.tensor(sums, dtype=torch.float64).to(found[0])
    sent = add_up(ranks, [*found, everybody])
    named = _named(everybody.tolist(), sent)
    for gradient in found:
        gradient /= max(1, named.whole.positions)
    return named


def _sums_of(measured: list[Measured], batch: Batch, edge: int) -> list[float]:
    """Correct positions; count and loss of all, the first and the last positions: seven numbers."""
    loss_T = torch.stack([part.loss_TB.sum(dim=1, dtype=torch.float64) for part in measured]).sum(dim=0)
    correct = torch.stack([part.correct_TB.sum() for part in measured]).sum()
    *loss, right = torch.cat([loss_T, correct[None].double()]).tolist()
    count = batch.mask_TB.sum(axis=1).tolist()
    sums = [right]
    for part in (slice(None), slice(0, edge), slice(-edge, None)):
        sums += [sum(count[part]), math.fsum(loss[part])]
    return sums


def _named(sums: list[float], sent: int) -> _Sums:
    right, *rest = sums
    whole, first, last = (_Sum(round(count), loss) for count, loss in zip(rest[::2], rest[1::2], strict=True))
    return _Sums(whole, first, last, round(right), sent)


def _pieces(batch: Batch, count: int) -> list[Batch]:
    """The windows of a batch in `count` groups; no copies."""
    borders = np.linspace(0, batch.targets_TB.shape[1], count + 1).astype(int)
    groups = [slice(a, b) for a, b in pairwise(borders.tolist())]
    return [
        Batch(
            batch.cells_TBRC[:, group],
            batch.cursors_TB3[:, group],
            batch.targets_TB[:, group],
            batch.mask_TB[:, group],
            batch.ids_B2[group],
        )
        for group in groups
    ]


def peak_bytes(device: torch.device | str) -> int:
    """The most memory held so far: the device's on CUDA, else the process's."""
    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
