"""Characters in the cells of a row: combining marks, unprintable characters, blanks."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal import widths as W
from rcfam.terminal.cells import CLUSTER_BASE, GLYPH_MASK

_HASH = 0x9E3779B1


@inner
def combine(s: Any, glyph: Any, mark: Any) -> Any:
    """The grapheme cluster of `glyph` with `mark` on it; `glyph` alone where the table is full."""
    clusters = s.clusters
    mask = 4 * clusters.shape[0] - 1
    place = ((glyph * 31 + mark) * _HASH >> 7) & mask
    while True:
        number = np.int64(clusters[place >> 2, 2 + (place & 3)])
        if number == 0:
            break
        if clusters[number - 1, 0] == glyph and clusters[number - 1, 1] == mark:
            return CLUSTER_BASE + number - 1
        place = (place + 1) & mask
    number = s.ctl[S.CLUSTERS]
    if number >= clusters.shape[0] or CLUSTER_BASE + number > GLYPH_MASK:
        return glyph
    clusters[number, 0] = glyph
    clusters[number, 1] = mark
    clusters[place >> 2, 2 + (place & 3)] = number + 1
    s.ctl[S.CLUSTERS] = number + 1
    return CLUSTER_BASE + number


@inner
def fill(s: Any, row: Any, column: Any, cell: Any) -> None:
    """Fill `row` from `column` on."""
    for x in range(column, s.cells.shape[1]):
        s.cells[row, x] = cell
    s.dirty[row] = 1


@inner
def add_mark(s: Any, row: Any, x: Any, mark: Any) -> None:
    """Put a combining mark on the character before (row, x); vim shows at most two on one."""
    x -= 1
    if x >= 0 and s.cells[row, x] & GLYPH_MASK == 0:
        x -= 1
    if x < 0:
        return
    cell = np.int64(s.cells[row, x])
    glyph = cell & GLYPH_MASK
    if glyph >= CLUSTER_BASE and s.clusters[glyph - CLUSTER_BASE, 0] >= CLUSTER_BASE:
        return
    s.cells[row, x] = np.uint32(cell & ~GLYPH_MASK | combine(s, glyph, mark))


@inner
def shown_digit(character: Any, width: Any, i: Any) -> Any:
    """Glyph `i` of the `width` glyphs that show an unprintable character: ^X or <xx>."""
    if width == W.WIDE:
        return K.CARET if i == 0 else (character ^ K.CONTROL_BIT)
    if i == 0:
        return K.LESS
    if i == width - 1:
        return K.GREATER
    if K.RAW_BYTES <= character < K.RAW_BYTES_END:
        character -= 0xDC00
    digit = (character >> (4 * (width - 2 - i))) & 15
    return K.ZERO + digit if digit < 10 else K.a - 10 + digit
