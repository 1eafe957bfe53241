"""The `paper` head: full attention over every cell of a frame, halved in length again and again, ended by an LSTM.

    S cells -> block, pool -> S / 2 -> block, pool -> S / 4 -> ... -> blocks -> LSTM over what is left -> its last
    output

After the paper's section 10.2 and appendix J: one block before each pooling, `blocks` after the last.
"""

# T steps, B streams, N = T x B frames, S cells of a frame, D width

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.model.blocks import Block, block_flops, lstm_flops
from rcfam.model.cell import CellEmbedding
from rcfam.model.frames import DataShape, Frames


@dataclass(frozen=True)
class PaperParams:
    """Full attention over every cell of a frame, as in the paper's section 10.2 and appendix J."""

    kind: ClassVar[str] = "paper"
    width: Annotated[int, Range(1, 2**16)] = 768
    """Width of the head's tokens, one a cell."""
    pools: Annotated[int, Range(0, 20)] = 2
    """Halvings of the sequence, with a transformer block before each. The paper does not say how many."""
    blocks: Annotated[int, Range(0, 1_000)] = 3
    """Transformer blocks after the last halving. The paper has 3, 6 and 12 (section 10.4)."""
    heads: Annotated[int, Range(1, 1_024)] = 12
    """Attention heads; must divide `width`."""
    mlp_ratio: Annotated[int, Range(1, 64)] = 4
    """Hidden width of the blocks' MLPs over `width`."""

    def __post_init__(self) -> None:
        check(self)
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} does not divide width {self.width}")

    def build(self, width: int, glyphs: int, shape: DataShape) -> nn.Module:
        """A fresh head whose vectors have `width` numbers, with a glyph table of `glyphs` rows."""
        return PaperHead(self, width, glyphs, shape)

    def flops(self, width: int, shape: DataShape, distinct_rows: float) -> float:
        """Forward FLOPs a frame; all rows are worked out, whether they are distinct or not."""
        tokens, total = shape.rows * shape.columns, 0.0
        for _ in range(self.pools):
            total += block_flops(tokens, self.width, self.mlp_ratio)
            tokens = -(-tokens // 2)
        total += self.blocks * block_flops(tokens, self.width, self.mlp_ratio)
        total += tokens * lstm_flops(self.width, self.width)
        return total + (2.0 * self.width * width if width != self.width else 0.0)

    @classmethod
    def small(cls) -> "PaperParams":
        """A head of a few hundred weights, for tests."""
        return cls(width=6, pools=2, blocks=1, heads=2, mlp_ratio=2)


class PaperHead(nn.Module):
    """Frames -> (T, B, D)."""

    def __init__(self, params: PaperParams, width: int, glyphs: int, shape: DataShape) -> None:
        super().__init__()
        self.cell = CellEmbedding(params.width, glyphs, shape.attributes_N3)
        self.position = nn.Parameter(torch.randn(shape.rows * shape.columns, params.width) * 0.1)
        self.before = nn.ModuleList(_block(params) for _ in range(params.pools))
        self.after = nn.ModuleList(_block(params) for _ in range(params.blocks))
        self.norm = nn.RMSNorm(params.width)
        self.reduce = nn.LSTM(params.width, params.width)
        self.out = nn.Linear(params.width, width, bias=False) if width != params.width else nn.Identity()

    def forward(self, frames: Frames) -> Tensor:
        """frames of (R, C) as built -> embeddings (T, B, D)."""
        steps, streams, _ = frames.index_TBR.shape
        x_NSD = self.cell(frames.cells().flatten(0, 1).flatten(1), frames.cursor_mark().flatten(0, 1).flatten(1))
        x_NSD = x_NSD + self.position
        for block in self.before:
            x_NSD = halve(block(x_NSD))
        for block in self.after:
            x_NSD = block(x_NSD)
        _, (last, _) = self.reduce(self.norm(x_NSD).transpose(0, 1))
        out_ND: Tensor = self.out(last[0])
        return out_ND.view(steps, streams, -1)


def halve(x_NSD: Tensor) -> Tensor:
    """Means of neighbouring pairs; an odd one out at the end stays as it is."""
    odd = x_NSD[:, -1:] if x_NSD.shape[1] % 2 else x_NSD[:, :0]
    pairs_NSD = x_NSD[:, : x_NSD.shape[1] // 2 * 2].unflatten(1, (-1, 2)).mean(2)
    return torch.cat([pairs_NSD, odd], dim=1)


def _block(params: PaperParams) -> Block:
    return Block(params.width, params.heads, params.mlp_ratio)
