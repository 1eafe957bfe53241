"""One cell -> one vector: glyph, foreground, background and style, each with a table of its own (the paper's section
10.2).
"""

# N attributes, E embedding width; (...) any shape

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK, MAX_ATTRIBUTES, RGB

DIRECT_GLYPHS: Final = 256  # code points below this have a row of their own; the rest share buckets
_PALETTE: Final = 257  # the default colour and 256 palette entries
COLOURS: Final = _PALETTE + 64  # and 24-bit colours in 4 x 4 x 4 buckets
STYLES: Final = 256
_HASH: Final = 2654435761  # Knuth's multiplicative hash, 2**32 / golden ratio


def glyph_bucket(glyphs: Tensor, buckets: int) -> Tensor:
    """Table row of each glyph: itself below 256, else one of the `buckets` - 256 shared rows."""
    spread = ((glyphs * _HASH) & 0xFFFFFFFF) >> 16
    return torch.where(glyphs < DIRECT_GLYPHS, glyphs, DIRECT_GLYPHS + spread % (buckets - DIRECT_GLYPHS))


def colour_bucket(colours: NDArray[np.integer]) -> NDArray[np.int64]:
    """Table row of each colour value: default and palette as they are, 24-bit colours by two bits a channel."""
    values = np.asarray(colours, dtype=np.int64)
    channels = [(values >> shift) & 3 for shift in (22, 14, 6)]
    bucket = _PALETTE + channels[0] * 16 + channels[1] * 4 + channels[2]
    return np.where(values >= RGB, bucket, np.minimum(values, _PALETTE - 1))


class CellEmbedding(nn.Module):
    """cells (...) int32 -> (..., E).

    The sum of what glyph, colours and style say, and of a mark where the cursor stands.
    """

    attribute_N3: Tensor

    def __init__(self, width: int, glyphs: int, attributes_N3: NDArray[np.integer]) -> None:
        super().__init__()
        bounded = np.asarray(attributes_N3, dtype=np.int64)[:MAX_ATTRIBUTES]
        buckets = np.stack([colour_bucket(bounded[:, 0]), colour_bucket(bounded[:, 1]), bounded[:, 2] % STYLES], axis=1)
        self.register_buffer("attribute_N3", torch.from_numpy(buckets))
        self.glyph = nn.Embedding(glyphs, width)
        self.foreground = nn.Embedding(COLOURS, width)
        self.background = nn.Embedding(COLOURS, width)
        self.style = nn.Embedding(STYLES, width)
        self.cursor = nn.Parameter(torch.empty(width))
        for table in (self.glyph, self.foreground, self.background, self.style):
            nn.init.normal_(table.weight, std=0.5)
        nn.init.normal_(self.cursor, std=1.0)

    def forward(self, cells: Tensor, cursor: Tensor) -> Tensor:
        """cells int32, cursor bool of the same shape: where the cursor is.

        An attribute past the table counts as its last.
        """
        wide = cells.to(torch.int64)
        glyph = glyph_bucket(wide & GLYPH_MASK, self.glyph.num_embeddings)
        attribute = ((wide >> GLYPH_BITS) & (MAX_ATTRIBUTES - 1)).clamp_max(len(self.attribute_N3) - 1)
        look_NE = (
            self.foreground(self.attribute_N3[:, 0])
            + self.background(self.attribute_N3[:, 1])
            + self.style(self.attribute_N3[:, 2])
        )
        # The mark rides in a second half of the table: one look-up instead of an addition the size of the frames.
        table = torch.cat([look_NE, look_NE + self.cursor])
        return self.glyph(glyph) + nn.functional.embedding(attribute + len(look_NE) * cursor, table)
