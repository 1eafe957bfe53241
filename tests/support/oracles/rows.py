"""Distinct rows, slow and obvious: numpy.unique over rows with the cursor's column written behind them."""

import numpy as np


def distinct_rows(cells_TBRC: np.ndarray, cursors_TB3: np.ndarray) -> set[tuple[int, ...]]:
    """Every distinct (cursor column or -1, cells of the row)."""
    steps, streams, rows, columns = cells_TBRC.shape
    column_TBR = np.full((steps, streams, rows), -1, np.int64)
    for t in range(steps):
        for b in range(streams):
            row, column, _ = cursors_TB3[t, b].tolist()
            if 0 <= row < rows:
                column_TBR[t, b, row] = column
    whole = np.concatenate([column_TBR[..., None], cells_TBRC.astype(np.int64)], axis=3)
    return set(map(tuple, np.unique(whole.reshape(-1, columns + 1), axis=0).tolist()))
