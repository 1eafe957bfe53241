"""How much of what a device can do a training takes: the model's FLOPs over the measured rate of bf16 products.

The model's are those of forward and backward; what streaming computes again is not counted.
"""

# T steps, B streams, M rows and columns

import time
from collections.abc import Callable
from typing import Final

import torch

from rcfam.dataset.index import Batch
from rcfam.dataset.rows import distinct_rows
from rcfam.model.action import DataShape, ModelParams
from rcfam.model.flops import flops_of

_SIZE: Final = 8192
_PRODUCTS: Final = 20


def shortest_step(
    params: ModelParams, shape: DataShape, first: Callable[[], Batch], chunk: int, device: torch.device | str
) -> float | None:
    """Seconds that the FLOPs of a training step (model/flops.py) on windows like the `first` take at the full rate.

    None on a CPU. The `rows` head computes a row once for each `chunk` steps and piece of a batch; how many there are
    is counted in that batch and taken for all.
    """
    if torch.device(device).type != "cuda":
        return None
    return flops(params, shape, first(), chunk) / matrix_rate(device)


def flops(params: ModelParams, shape: DataShape, batch: Batch, chunk: int) -> float:
    """FLOPs of forward and backward on this batch, taken through the model in one piece, `chunk` steps at a time."""
    steps, streams = batch.targets_TB.shape
    rows = sum(
        len(distinct_rows(batch.cells_TBRC[start : start + chunk], batch.cursors_TB3[start : start + chunk])[0])
        for start in range(0, steps, chunk)
    )
    return 3 * flops_of(params, shape, steps, rows / (steps * streams)).total * steps * streams


def matrix_rate(device: torch.device | str) -> float:
    """FLOP/s of bf16 products of 8,192 x 8,192 matrices, measured on a CUDA device in well below a second."""
    left_MM = torch.randn(_SIZE, _SIZE, device=device, dtype=torch.bfloat16)
    right_MM = torch.randn(_SIZE, _SIZE, device=device, dtype=torch.bfloat16)
    for _ in range(_PRODUCTS // 4):
        left_MM @ right_MM
    torch.cuda.synchronize(device)
    begin = time.perf_counter()
    for _ in range(_PRODUCTS):
        left_MM @ right_MM
    torch.cuda.synchronize(device)
    return _PRODUCTS * 2.0 * _SIZE**3 / (time.perf_counter() - begin)
