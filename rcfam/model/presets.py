"""A model between the default and the `small` preset, with two heads of equal width to choose from, for benchmarks."""

from rcfam.model.action import ModelParams
from rcfam.model.conv import ConvParams
from rcfam.model.rows import RowsParams


def small() -> ModelParams:
    """Rows head and LSTM; `dataclasses.replace(small(), head="conv")` has the other head."""
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
