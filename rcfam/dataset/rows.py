"""Each distinct row of a batch of frames once: neighbouring frames share nine rows in ten, so a head may embed
fewer.
"""

# T steps, B streams, R rows, C columns, U distinct rows, H hash slots

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import kernel


def distinct_rows(
    cells_TBRC: NDArray[np.uint32], cursors_TB3: NDArray[np.int32]
) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.int32]]:
    """(rows_UC, cursor_column_U, index_TBR): rows_UC[index_TBR] is cells_TBRC again, exactly.

    Two rows are one when their cells are equal and the cursor stands at the same column of both, or on neither; the
    cursor's column is -1 where it is on another row, and its visibility does not matter. Rows stand in the order first
    met.
    """
    steps, streams, rows, columns = cells_TBRC.shape
    capacity = 16
    while capacity < 2 * steps * streams * rows:
        capacity *= 2
    index_TBR = np.empty((steps, streams, rows), np.int32)
    first_U = np.empty(steps * streams * rows, np.int64)
    column_U = np.empty(steps * streams * rows, np.int32)
    cells_XC = np.ascontiguousarray(cells_TBRC).reshape(-1, columns)
    count = _number(cells_XC, cursors_TB3, np.full(capacity, -1, np.int32), index_TBR, first_U, column_U)
    return cells_XC[first_U[:count]], column_U[:count].copy(), index_TBR


@kernel
def _equal(cells_XC, one, other):  # type: ignore[no-untyped-def]
    """Without an early exit, so that it is compiled to vector instructions."""
    difference = np.uint32(0)
    for column in range(cells_XC.shape[1]):
        difference |= cells_XC[one, column] ^ cells_XC[other, column]
    return difference == 0


@kernel
def _hash(cells_XC, place, cursor):  # type: ignore[no-untyped-def]
    """Four lanes, so that one multiplication need not wait for the one before."""
    a, b = np.uint64(cursor + 2), np.uint64(0x9E3779B97F4A7C15)
    c, d = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
    columns = cells_XC.shape[1]
    whole = columns - columns % 4
    for column in range(0, whole, 4):
        a = (a ^ np.uint64(cells_XC[place, column])) * np.uint64(0x9FB21C651E98DF25)
        b = (b ^ np.uint64(cells_XC[place, column + 1])) * np.uint64(0xD6E8FEB86659FD93)
        c = (c ^ np.uint64(cells_XC[place, column + 2])) * np.uint64(0xFF51AFD7ED558CCD)
        d = (d ^ np.uint64(cells_XC[place, column + 3])) * np.uint64(0xC4CEB9FE1A85EC53)
    for column in range(whole, columns):
        a = (a ^ np.uint64(cells_XC[place, column])) * np.uint64(0x9FB21C651E98DF25)
    mixed = (a ^ (a >> np.uint64(32))) + (b ^ (b >> np.uint64(31)))
    mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + (c ^ (c >> np.uint64(30))) + (d ^ (d >> np.uint64(29)))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))


@kernel
def _number(cells_XC, cursors_TB3, slots_H, index_TBR, first_U, column_U):  # type: ignore[no-untyped-def]
    """Number the distinct rows; first_U[u] is the place (T, B, R flattened) where row u was first met. Returns U."""
    steps, streams, rows = index_TBR.shape
    mask = np.int64(slots_H.shape[0] - 1)
    count = 0
    for t in range(steps):
        for b in range(streams):
            for r in range(rows):
                place = (t * streams + b) * rows + r
                cursor = cursors_TB3[t, b, 1] if cursors_TB3[t, b, 0] == r else -1
                if t > 0:  # most rows are those of the frame before
                    before = index_TBR[t - 1, b, r]
                    if column_U[before] == cursor and _equal(cells_XC, place, place - streams * rows):
                        index_TBR[t, b, r] = before
                        continue
                slot = np.int64(_hash(cells_XC, place, cursor) & np.uint64(mask))
                while slots_H[slot] >= 0:
                    known = slots_H[slot]
                    if column_U[known] == cursor and _equal(cells_XC, place, first_U[known]):
                        break
                    slot = (slot + 1) & mask
                if slots_H[slot] < 0:
                    slots_H[slot] = count
                    first_U[count] = place
                    column_U[count] = cursor
                    count += 1
                index_TBR[t, b, r] = slots_H[slot]
    return count
