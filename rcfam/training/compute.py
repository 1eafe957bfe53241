"""How a run computes: the sweep, precision, compilation, determinism, and how much it holds at once."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import Measured, frames_of
from rcfam.model.action import ActionModel
from rcfam.model.backbones import State
from rcfam.model.frames import SharesRows
from rcfam.training.errors import TrainingError
from rcfam.training.streaming import STRETCH, gradients, plain_gradients, two_pass_gradients

LONGEST_CHUNK: Final = 256  # a longer one is hardly quicker
_PROBE_STEPS: Final = 8
_SHARE: Final = 0.25  # of the free memory; gradients take about as much as activations, and other runs want theirs
_UNKNOWN_FREE_BYTES: Final = 2 << 30


@dataclass(frozen=True)
class ComputeParams:
    """How a step is computed."""

    sweep: Literal["fused", "two_pass", "plain"] = "fused"
    """How the exact gradient is computed. `fused` needs memory that does not grow with the length, `two_pass` holds
    every frame's vector, `plain` holds one graph over everything. All give the same gradient.
    """
    precision: Literal["float32", "bfloat16"] = "float32"
    """Precision of matrix products in the head and the vote. Weights, recurrence and losses are float32. bfloat16
    needs CUDA.
    """
    compile: bool = False
    """Compile the head with torch.compile. Needs CUDA."""
    deterministic: bool = False
    """Use only operations that give the same bits every time. Where PyTorch has none, the run ends with an error."""
    page: bool = False
    """Hold the states between chunks in page-locked memory of the host. Needs CUDA and the fused sweep."""

    def __post_init__(self) -> None:
        if self.page and self.sweep != "fused":
            raise ValueError(f"page: the {self.sweep} sweep keeps no states between chunks")


DEFAULT: Final = ComputeParams()


def prepare(model: ActionModel, params: ComputeParams, device: torch.device | str) -> None:
    """Make the model, and this process, compute so. Raises TrainingError for what the device is not for."""
    if torch.device(device).type != "cuda":
        asked = {"precision": params.precision == "bfloat16", "compile": params.compile, "page": params.page}
        for name in (name for name, wanted in asked.items() if wanted):
            raise TrainingError(f"train.compute.{name}: {getattr(params, name)} needs a CUDA device, not {device}")
    torch.use_deterministic_algorithms(params.deterministic)
    model.lower = torch.bfloat16 if params.precision == "bfloat16" else None
    if params.compile:
        model.head.compile(dynamic=True)
        if isinstance(model.head, SharesRows):
            model.head.of_rows = torch.compile(model.head.of_rows, dynamic=True)  # type: ignore[method-assign]


def sweep(
    model: ActionModel,
    batch: Batch,
    chunk: int,
    params: ComputeParams,
    total: int | None = None,
    device: torch.device | str = "cpu",
    before: State | None = None,
) -> Measured:
    """Gradients (streaming.py) by the chosen sweep."""
    if params.sweep == "two_pass":
        return two_pass_gradients(model, batch, chunk, total, device, before)
    if params.sweep == "plain":
        return plain_gradients(model, batch, total, device, before)
    return gradients(model, batch, chunk, total, device, before, params.page)


def chosen_chunk(model: ActionModel, batch: Batch, free: int, device: torch.device | str = "cpu") -> int:
    """The largest power of two of steps, at most LONGEST_CHUNK and the batch's, whose activations take a quarter of
    `free` bytes.
    """
    steps = len(batch.targets_TB)
    fitting = max(1.0, _SHARE * free / bytes_a_step(model, batch, device))
    return min(2 ** int(math.log2(fitting)), LONGEST_CHUNK, 2 ** math.ceil(math.log2(steps)))


def bytes_a_step(model: ActionModel, batch: Batch, device: torch.device | str = "cpu") -> int:
    """What one more step of a chunk holds until its gradient is known: the tensors that autograd saves, each once,
    counted over the batch's first steps.
    """
    steps, streams = batch.targets_TB.shape
    probe = min(_PROBE_STEPS, steps)
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}

    def counting(sizes: dict[int, int]) -> torch.autograd.graph.saved_tensors_hooks:
        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        return torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)

    seen: dict[int, int] = {}
    joined: dict[int, int] = {}
    with counting(seen):
        vectors_TBD = model.look(frames_of(batch, 0, probe, device))
    with counting(joined):
        features_TBD, _ = model.backbone(vectors_TBD, model.initial(streams))
        loss = model.decide(features_TBD).logsumexp(-1).sum()
    del loss
    stretch = STRETCH if isinstance(model.head, SharesRows) else 1
    return (stretch * sum(seen.values()) + sum(joined.values())) // probe


def free_bytes(device: torch.device | str) -> int:
    """Memory that could be taken now: the device's on CUDA, else the system's; 2 GiB where it does not say."""
    if torch.device(device).type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    except (OSError, StopIteration):
        return _UNKNOWN_FREE_BYTES
