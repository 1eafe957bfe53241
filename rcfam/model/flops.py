"""Forward FLOPs by formula (the paper's appendix J).

A multiplication and an addition are two. Only products of matrices, convolutions and attention count; norms,
activations, biases and look-ups do not.
"""

# R rows, C columns, S tokens of a frame, D width

from typing import NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rcfam.model.action import ActionModel, DataShape, ModelParams
from rcfam.model.conv import ConvParams
from rcfam.model.frames import Frames
from rcfam.model.paper import PaperParams
from rcfam.model.rows import RowsParams


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
        _head(params, shape, shape.rows if distinct_rows is None else distinct_rows),
        _backbone(params, length),
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


def block(tokens: float, width: int, ratio: int) -> float:
    """A transformer block over `tokens`: 24 S d^2 + 4 S^2 d for a ratio of 4."""
    return (8 + 4 * ratio) * tokens * width**2 + 4 * tokens**2 * width


def lstm(width_in: int, width: int) -> float:
    """One step of an LSTM cell: four gates from input and state."""
    return 8.0 * width * (width_in + width)


def _head(params: ModelParams, shape: DataShape, distinct_rows: float) -> float:
    if params.head == "paper" and params.paper is not None:
        return _paper(params.paper, params.width, shape)
    if params.head == "conv" and params.conv is not None:
        return _conv(params.conv, params.width, shape)
    assert params.rows is not None
    return _rows(params.rows, params.width, shape, distinct_rows)


def _paper(head: PaperParams, width: int, shape: DataShape) -> float:
    tokens, total = shape.rows * shape.columns, 0.0
    for _ in range(head.pools):
        total += block(tokens, head.width, head.mlp_ratio)
        tokens = -(-tokens // 2)
    total += head.blocks * block(tokens, head.width, head.mlp_ratio)
    total += tokens * lstm(head.width, head.width)
    return total + (2.0 * head.width * width if width != head.width else 0.0)


def _conv(head: ConvParams, width: int, shape: DataShape) -> float:
    rows, columns, inside, total = shape.rows, shape.columns, head.cell, 0.0
    for _ in range(head.downs):
        total += 2.0 * 9 * rows * columns * inside * head.width
        rows, columns, inside = -(-rows // 2), -(-columns // 2), head.width
    total += head.blocks * block(rows * columns, head.width, head.mlp_ratio)
    return total + (2.0 * head.width * width if width != head.width else 0.0)


def _rows(head: RowsParams, width: int, shape: DataShape, distinct_rows: float) -> float:
    patches = -(-shape.columns // head.patch)
    a_row = 2.0 * patches * head.patch * head.cell * head.row + 2.0 * patches * head.row**2
    a_row += head.row_blocks * 2 * 2 * 2.0 * head.row**2
    key_value = 4.0 * head.row**2
    frame = head.frame_blocks * block(shape.rows, head.row, 2)
    frame += 2.0 * head.row**2 + 4.0 * shape.rows * head.row + 2.0 * 2 * head.row * width
    frame += 2.0 * (head.before + head.after) * head.cell * width
    return distinct_rows * a_row + frame + key_value * (shape.rows if head.frame_blocks else distinct_rows)


def _backbone(params: ModelParams, length: int) -> float:
    width = params.width
    mlp = 4.0 * params.mlp_ratio * width**2
    if params.backbone == "lstm":
        mix = lstm(width, width) + (2.0 * width**2 if params.projection else 0.0)
    elif params.backbone == "attention":
        mix = 8.0 * width**2 + 4.0 * length * width  # the whole square, as computed; half of it is masked
    else:
        mix = 4.0 * width**2
    return params.layers * (mix + mlp)
