"""The `conv` head: convolutions shrink the grid, transformer blocks see what is left, one vector comes out.

A later design of the paper's author, after what is known of it: down-samplers of RMSNorm, 3 x 3 convolution, GELU and
2 x 2 average pooling; pre-norm blocks; the mean or the last position.
"""

# T steps, B streams, N = T x B frames, R rows, C columns, S tokens, E cell width, W head width, D width

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.model.blocks import Block, block_flops
from rcfam.model.cell import CellEmbedding
from rcfam.model.frames import DataShape, Frames


@dataclass(frozen=True)
class ConvParams:
    """Convolutions shrink the grid, and transformer blocks see what is left."""

    kind: ClassVar[str] = "conv"
    cell: Annotated[int, Range(1, 2**16)] = 16
    """Width of a cell's vector."""
    width: Annotated[int, Range(1, 2**16)] = 96
    """Channels after the first down-sampler."""
    downs: Annotated[int, Range(1, 10)] = 2
    """Down-samplers; each halves rows and columns, rounding up."""
    blocks: Annotated[int, Range(0, 1_000)] = 3
    """Transformer blocks over what is left of the grid."""
    heads: Annotated[int, Range(1, 1_024)] = 4
    """Attention heads; must divide `width`."""
    mlp_ratio: Annotated[int, Range(1, 64)] = 4
    """Hidden width of the blocks' MLPs over `width`."""
    reduce: Literal["mean", "last"] = "mean"
    """The frame's vector: the mean over all positions, or the last one."""

    def __post_init__(self) -> None:
        check(self)
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} does not divide width {self.width}")

    def build(self, width: int, glyphs: int, shape: DataShape) -> nn.Module:
        """A fresh head whose vectors have `width` numbers, with a glyph table of `glyphs` rows."""
        return ConvHead(self, width, glyphs, shape)

    def flops(self, width: int, shape: DataShape, distinct_rows: float) -> float:
        """Forward FLOPs a frame; all rows are worked out, whether they are distinct or not."""
        rows, columns, inside, total = shape.rows, shape.columns, self.cell, 0.0
        for _ in range(self.downs):
            total += 2.0 * 9 * rows * columns * inside * self.width
            rows, columns, inside = -(-rows // 2), -(-columns // 2), self.width
        total += self.blocks * block_flops(rows * columns, self.width, self.mlp_ratio)
        return total + (2.0 * self.width * width if width != self.width else 0.0)

    @classmethod
    def small(cls) -> "ConvParams":
        """A head of a few hundred weights, for tests."""
        return cls(cell=3, width=4, downs=2, blocks=1, heads=2, mlp_ratio=2, reduce="mean")


class Down(nn.Module):
    """(N, R, C, in) -> (N, R / 2, C / 2, out), rounded up: norm, 3 x 3 convolution, GELU, 2 x 2 mean."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(inside)
        self.conv = nn.Conv2d(inside, outside, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = nn.functional.gelu(self.conv(self.norm(x).permute(0, 3, 1, 2)))
        pooled = nn.functional.avg_pool2d(y, 2, ceil_mode=True)  # a part of a square at the edge is a mean of its own
        return pooled.permute(0, 2, 3, 1)


class ConvHead(nn.Module):
    """Frames -> (T, B, D)."""

    def __init__(self, params: ConvParams, width: int, glyphs: int, shape: DataShape) -> None:
        super().__init__()
        self.reduce = params.reduce
        self.cell = CellEmbedding(params.cell, glyphs, shape.attributes_N3)
        self.position = nn.Parameter(torch.randn(shape.rows, shape.columns, params.cell) * 0.1)
        sizes = [params.cell] + [params.width] * params.downs
        self.down = nn.ModuleList(Down(a, b) for a, b in pairwise(sizes))
        self.blocks = nn.ModuleList(Block(params.width, params.heads, params.mlp_ratio) for _ in range(params.blocks))
        self.norm = nn.RMSNorm(params.width)
        self.out = nn.Linear(params.width, width, bias=False) if width != params.width else nn.Identity()

    def forward(self, frames: Frames) -> Tensor:
        """frames of (R, C) as built -> embeddings (T, B, D)."""
        steps, streams, _ = frames.index_TBR.shape
        x_NRCE = self.cell(frames.cells().flatten(0, 1), frames.cursor_mark().flatten(0, 1)) + self.position
        for down in self.down:
            x_NRCE = down(x_NRCE)
        x_NSW = x_NRCE.flatten(1, 2)
        for block in self.blocks:
            x_NSW = block(x_NSW)
        one_NW = x_NSW.mean(1) if self.reduce == "mean" else x_NSW[:, -1]
        out_ND: Tensor = self.out(self.norm(one_NW))
        return out_ND.view(steps, streams, -1)
