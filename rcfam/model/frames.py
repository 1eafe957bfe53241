"""What a head reads: a chunk of frames with every distinct row written once.

Neighbouring frames share most of their rows, so a chunk is a table of distinct rows and an index into it. A head whose
first stage looks at one row at a time works on the table; any other head looks the whole frames up again with `cells`.
"""

# T steps, B streams, R rows, C columns, U distinct rows

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rcfam.dataset.rows import distinct_rows


@runtime_checkable
class SharesRows(Protocol):
    """A head whose first stage looks at one row at a time."""

    def of_rows(self, rows_UC: Tensor, cursor_column_U: Tensor) -> Tensor:
        """What `Frames.shared_UX` holds: (U, X), each row of it from that row alone."""
        ...


class DataShape(NamedTuple):
    """What the data decides about the model."""

    rows: int
    columns: int
    vocabulary: int
    attributes_N3: NDArray[np.integer]
    """The attribute table of the data: fg, bg, style."""


class Frames(NamedTuple):
    """A chunk of frames on one device."""

    rows_UC: Tensor
    """int32, the bits of the uint32 cells of every distinct row."""
    cursor_column_U: Tensor
    """int64, the cursor's column where the cursor is on that row, else -1."""
    index_TBR: Tensor
    """int64, which of the U rows stands at each place."""
    cursors_TB3: Tensor
    """int64: row, column, visible."""
    first: int = 0
    """How many of the rows stand in the first step's frames: those numbered below this."""
    shared_UX: Tensor | None = None
    """What the head has worked out for each distinct row beforehand, for several chunks together."""

    @property
    def columns(self) -> int:
        return self.rows_UC.shape[1]

    def between(self, start: int, stop: int) -> "Frames":
        """Steps `start` to `stop` over the same rows; no copy."""
        return self._replace(index_TBR=self.index_TBR[start:stop], cursors_TB3=self.cursors_TB3[start:stop])

    def cells(self) -> Tensor:
        """The whole frames again: (T, B, R, C) int32."""
        return self.rows_UC[self.index_TBR]

    def cursor_mark(self) -> Tensor:
        """(T, B, R, C) bool: where the cursor stands."""
        columns_C = torch.arange(self.columns, device=self.rows_UC.device)
        return self.cursor_column_U[self.index_TBR][..., None] == columns_C


def gather(
    cells_TBRC: NDArray[np.uint32], cursors_TB3: NDArray[np.int32], device: torch.device | str = "cpu"
) -> Frames:
    """Write every distinct row of the chunk once and put the result on `device`; exact, nothing is lost."""
    rows_UC, cursor_column_U, index_TBR = distinct_rows(
        np.ascontiguousarray(cells_TBRC), np.ascontiguousarray(cursors_TB3)
    )
    return Frames(
        _put(rows_UC.view(np.int32), device),
        _put(cursor_column_U.astype(np.int64), device),
        _put(index_TBR.astype(np.int64), device),
        _put(cursors_TB3.astype(np.int64), device),
        int(index_TBR[0].max()) + 1,
    )


def _put(array: NDArray[np.integer], device: torch.device | str) -> Tensor:
    """An array on the device; to CUDA from locked pages, so that the copy runs beside the work."""
    tensor = torch.from_numpy(array)
    if torch.device(device).type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
