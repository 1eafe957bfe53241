"""The training loop of one run: values in, values out.

It writes nothing, so the caller decides about files and bars.
"""

import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from rcfam.dataset.index import Batch
from rcfam.model.action import ActionModel
from rcfam.training.errors import TrainingError
from rcfam.training.optimiser import Optimiser, OptimiserParams
from rcfam.training.streaming import gradients


@dataclass(frozen=True)
class TrainParams:
    """Section `train` of params.yaml."""

    steps: int
    """Updates of every run."""
    batch: int
    """Windows an update."""
    chunk: int
    """Steps of time whose activations are held at once."""
    threads: int
    """Threads of one run's process."""
    checkpoint_every: int
    """Steps between two checkpoints; 0 for none before the end."""
    keep: int
    """Checkpoints kept."""
    optimiser: OptimiserParams

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.chunk, self.threads, self.keep) < 1 or self.checkpoint_every < 0:
            raise ValueError("steps, batch, chunk, threads and keep must be at least 1, checkpoint_every at least 0")


@dataclass(frozen=True)
class Progress:
    """How far a run has come."""

    step: int = 0
    tokens: int = 0
    frames: int = 0
    wall_s: float = 0.0
    """Training time alone: no evaluation, no checkpoints."""


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
) -> Iterator[Step]:
    """Train from `start` to the last step, yielding after each. `data_at(step)` is asked for steps 1, 2, ... in order.

    The clock stands still while the caller holds the generator, and until the first batch has come and has been taken
    through the model once: what is compiled or set up on first use belongs to no length. Raises DivergedError before
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
        positions = int(batch.mask_TB.sum())
        measured = gradients(model, batch, params.chunk, device=device)
        loss = float(measured.loss_TB.sum(dtype=torch.float64)) / max(1, positions)
        accuracy = int(measured.correct_TB.sum()) / max(1, positions)
        if not math.isfinite(loss):
            raise DivergedError(number, loss, math.nan, batch.ids_B2.tolist())
        norm = optimiser.norm()
        if not math.isfinite(norm):
            raise DivergedError(number, loss, norm, batch.ids_B2.tolist())
        optimiser.step(number, params.steps, norm)
        step_s = time.perf_counter() - begin
        progress = replace(
            progress,
            step=number,
            tokens=progress.tokens + positions,
            frames=progress.frames + positions,
            wall_s=progress.wall_s + step_s,
        )
        yield Step(progress, loss, accuracy, norm, step_s, peak_bytes(device))


def peak_bytes(device: torch.device | str) -> int:
    """The most memory held so far: the device's on CUDA, else the process's."""
    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
