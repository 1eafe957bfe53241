"""The training loop of one run: values in, values out.

It writes nothing, so the caller decides about files and bars.
"""

import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from rcfam.dataset.index import Batch
from rcfam.model.action import ActionModel
from rcfam.training.errors import TrainingError
from rcfam.training.optimiser import Optimiser, OptimiserParams
from rcfam.training.outer import Outer, OuterParams
from rcfam.training.ranks import ALONE, Ranks, add_up
from rcfam.training.streaming import gradients


@dataclass(frozen=True)
class TrainParams:
    """Section `train` of params.yaml."""

    steps: int
    """Updates of every run."""
    batch: int
    """Windows an update, of every rank."""
    accumulate: int
    """Pieces that a rank's windows are taken through the model in, one after another."""
    chunk: int
    """Steps of time whose activations are held at once."""
    threads: int
    """Threads of one run's process."""
    checkpoint_every: int
    """Steps between two checkpoints; 0 for none before the end."""
    keep: int
    """Checkpoints kept."""
    optimiser: OptimiserParams
    outer: OuterParams | None
    """DiLoCo: ranks step alone and agree now and then; null: every step is made of everybody's gradients."""

    def __post_init__(self) -> None:
        counts = (self.steps, self.batch, self.accumulate, self.chunk, self.threads, self.keep)
        if min(counts) < 1 or self.checkpoint_every < 0:
            raise ValueError(
                "steps, batch, accumulate, chunk, threads and keep must be at least 1, checkpoint_every at least 0"
            )
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


class Step(NamedTuple):
    """What one update measured, before it moved the weights."""

    progress: Progress
    loss: float
    accuracy: float
    grad_norm: float
    step_s: float
    peak_bytes: int


class DivergedError(TrainingError):
    """Loss or gradient is not a number or infinite; `step`, `loss`, `norm` and `ids` allow to replay it."""

    def __init__(self, step: int, loss: float, norm: float, ids: list[list[int]]) -> None:
        super().__init__(f"step {step}: loss {loss}, gradient norm {norm}: not finite")
        self.step, self.loss, self.norm, self.ids = step, loss, norm, ids


def train(
    model: ActionModel,
    optimiser: Optimiser,
    data_at: Callable[[int], Batch],
    params: TrainParams,
    start: Progress,
    device: torch.device | str = "cpu",
    ranks: Ranks = ALONE,
    outer: Outer | None = None,
) -> Iterator[Step]:
    """Train from `start` to the last step, yielding after each. `data_at(step)` is asked for steps 1, 2, ... in order.

    The clock stands still while the caller holds the generator, and until the first batch has come and has been taken
    through the model once: what is compiled or set up on first use belongs to no length. Several ranks call this with
    batches of their own; their steps measure all of them, with `outer` each its own. Raises DivergedError before
    weights are moved by such a step.
    """
    progress = start
    ahead = None
    if progress.step < params.steps:
        ahead = data_at(progress.step + 1)
        gradients(model, ahead, params.chunk, device=device)
        model.zero_grad(set_to_none=True)
    while progress.step < params.steps:
        begin = time.perf_counter()
        number = progress.step + 1
        batch = data_at(number) if ahead is None else ahead
        ahead = None
        sums = _add_gradients(model, batch, params, ALONE if outer else ranks, device)
        loss, accuracy = sums.loss / max(1, sums.positions), sums.correct / max(1, sums.positions)
        if not math.isfinite(loss):
            raise DivergedError(number, loss, math.nan, batch.ids_B2.tolist())
        norm = optimiser.norm()
        if not math.isfinite(norm):
            raise DivergedError(number, loss, norm, batch.ids_B2.tolist())
        optimiser.step(number, params.steps, norm)
        sent = sums.sent
        if outer is not None and (number % outer.params.every == 0 or number == params.steps):
            sent += outer.step(ranks)
        step_s = time.perf_counter() - begin
        progress = replace(
            progress,
            step=number,
            tokens=progress.tokens + sums.positions,
            frames=progress.frames + sums.positions,
            wall_s=progress.wall_s + step_s,
            syncs=progress.syncs + bool(sent),
            sync_bytes=progress.sync_bytes + sent,
        )
        yield Step(progress, loss, accuracy, norm, step_s, peak_bytes(device))


class _Sums(NamedTuple):
    """Over all unmasked positions of a step, and the bytes sent to add them up."""

    positions: int
    loss: float
    correct: int
    sent: int


def _add_gradients(
    model: ActionModel, batch: Batch, params: TrainParams, ranks: Ranks, device: torch.device | str
) -> _Sums:
    """Give every parameter the gradient of the mean loss of all ranks' windows."""
    positions = int(batch.mask_TB.sum())
    alone = ranks.world == 1
    measured = [
        gradients(model, piece, params.chunk, max(1, positions) if alone else 1, device)
        for piece in _pieces(batch, params.accumulate)
    ]
    loss = sum(float(part.loss_TB.sum(dtype=torch.float64)) for part in measured)
    correct = sum(int(part.correct_TB.sum()) for part in measured)
    if alone:
        return _Sums(positions, loss, correct, 0)
    for parameter in model.parameters():
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    found = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    sums = torch.tensor([positions, loss, correct], dtype=torch.float64).to(found[0])
    sent = add_up(ranks, [*found, sums])
    everybody = sums.tolist()
    for gradient in found:
        gradient /= max(1.0, everybody[0])
    return _Sums(round(everybody[0]), everybody[1], round(everybody[2]), sent)


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
