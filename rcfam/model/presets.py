"""Sizes of the models in the paper's tables, and small ones for CPU. The grid of the paper's trainer is 48 x 160.

What the paper does not say and is assumed here: two halvings with a block before each, MLP ratio 4, learned initial
states, and a square matrix after each LSTM of the backbone. With the last the counts are 82.8M, 104.1M and 146.6M
against 82M, 103M and 145M published, and 739.8M against 737M, which without it would be 706M.
"""

from typing import Final

from rcfam.model.action import ModelParams
from rcfam.model.conv import ConvParams
from rcfam.model.paper import PaperParams
from rcfam.model.rows import RowsParams

PAPER_ROWS: Final = 48
PAPER_COLUMNS: Final = 160
PAPER_VOCABULARY: Final = 20_352


def paper(blocks: int, head_width: int = 768, width: int = 768) -> ModelParams:
    """A model of the paper's tables: blocks 3 (82M), 6 (103M), 12 (145M); 3 with widths 1024 and 4096 (737M)."""
    return ModelParams(
        head="paper",
        backbone="lstm",
        width=width,
        layers=2,
        mlp_ratio=4,
        state="learned",
        projection=True,
        heads=12,
        positions=1024,
        glyphs=512,
        rows=None,
        conv=None,
        paper=PaperParams(width=head_width, pools=2, blocks=blocks, heads=head_width // 64, mlp_ratio=4),
    )


def small() -> ModelParams:
    """The default: rows head and LSTM, cheap enough for a scaling law on two cores."""
    return ModelParams(
        head="rows",
        backbone="lstm",
        width=128,
        layers=2,
        mlp_ratio=4,
        state="learned",
        projection=False,
        heads=4,
        positions=1024,
        glyphs=512,
        rows=RowsParams(cell=16, patch=8, row=96, row_blocks=1, frame_blocks=0, heads=4, before=24, after=8),
        conv=ConvParams(cell=16, width=64, downs=3, blocks=1, heads=4, mlp_ratio=2, reduce="mean"),
        paper=None,
    )


def tiny() -> ModelParams:
    """Seconds on one core."""
    return ModelParams(
        head="rows",
        backbone="lstm",
        width=32,
        layers=1,
        mlp_ratio=2,
        state="learned",
        projection=False,
        heads=2,
        positions=256,
        glyphs=320,
        rows=RowsParams(cell=8, patch=8, row=32, row_blocks=0, frame_blocks=0, heads=2, before=16, after=4),
        conv=None,
        paper=None,
    )
