"""Forward FLOPs by formula (the paper's appendix J).

A multiplication and an addition are two. Only products of matrices, convolutions and attention count; norms,
activations, biases and look-ups do not.
"""

from typing import NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rcfam.model.action import ActionModel, DataShape, ModelParams
from rcfam.model.frames import Frames


class Flops(NamedTuple):
    """Forward FLOPs for one frame, by part."""

    head: float
    backbone: float
    vote: float

    @property
    def total(self) -> float:
        return self.head + self.backbone + self.vote

    @property
    def training(self) -> float:
        """One update's share: forward for the states, forward again and twice that backward for the gradients."""
        return 4 * self.total - self.vote


def flops_of(params: ModelParams, shape: DataShape, length: int, distinct_rows: float | None = None) -> Flops:
    """FLOPs a frame, on average over a window of `length` frames fed in one piece.

    `distinct_rows` is how many rows of a frame are new to its chunk, on average, for the `rows` head; None for all of
    them.
    """
    return Flops(
        params.head.flops(params.width, shape, shape.rows if distinct_rows is None else distinct_rows),
        params.layers * (params.backbone.flops(params.width, length) + 4.0 * params.mlp_ratio * params.width**2),
        2.0 * params.width * shape.vocabulary,
    )


def counted(params: ModelParams, shape: DataShape, length: int, distinct_rows: float | None = None) -> Flops:
    """The same as `flops_of`, by PyTorch's counter over one window: no formula, but also no numbers and no memory."""
    every = length * shape.rows
    number = every if distinct_rows is None else round(length * distinct_rows)
    with torch.device("meta"):
        model = ActionModel(params, shape)
        frames = Frames(
            torch.zeros(number, shape.columns, dtype=torch.int32),
            torch.zeros(number, dtype=torch.int64),
            torch.zeros(length, 1, shape.rows, dtype=torch.int64),
            torch.zeros(length, 1, 3, dtype=torch.int64),
        )
        # Attention made of plain products, which the counter knows on every device.
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            model(frames, model.initial(1))
    found = {name: sum(by_operation.values()) / length for name, by_operation in counter.get_flop_counts().items()}
    return Flops(*(found.get(f"ActionModel.{part}", 0.0) for part in Flops._fields))
