"""REST: literal cells anywhere in the frame, as encoders wrote them before there was TEXT. Only read."""

from typing import Any

from rcfam.jit import inner
from rcfam.recording.coder import ATTRIBUTES, BAD_PLACE, BAD_VALUE, COLUMNS, FINE, NUMBERS, ROWS, STATUS, WORK, exchange
from rcfam.recording.operations import exchange_attribute, exchange_glyph
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK


@inner
def read_span(coder: Any, row: int, column: int, length: int, recolour: bool) -> None:
    """Cells from the streams: runs of one attribute (0: as far as it goes), and unless `recolour` their glyphs."""
    n, cells = coder.n, coder.cells
    base = row * n[COLUMNS]
    at, end = column, column + length
    coder.touched[row] = 1
    n[WORK] += length
    while at < end:
        attribute = exchange_attribute(coder, 0)
        run = exchange(coder, ATTRIBUTES, 0)
        if run == 0:
            run = end - at
        if run > end - at:
            n[STATUS] = BAD_VALUE
        if n[STATUS] != FINE:
            return
        for p in range(base + at, base + at + run):
            glyph = cells[p] & GLYPH_MASK if recolour else exchange_glyph(coder, 0)
            cells[p] = attribute << GLYPH_BITS | glyph
        at += run


@inner
def read_rest(coder: Any) -> None:
    """Spans in reading order."""
    n = coder.n
    row, column = 0, 0
    while True:
        step = exchange(coder, NUMBERS, 0)
        if step == 0 or n[STATUS] != FINE:
            return
        if step > 1:
            row, column = row + step - 1, 0
        column += exchange(coder, NUMBERS, 0)
        size = exchange(coder, NUMBERS, 0)
        length = size >> 1
        if row >= n[ROWS] or column + length > n[COLUMNS] or length == 0:
            n[STATUS] = n[STATUS] or BAD_PLACE
        if n[STATUS] != FINE:
            return
        read_span(coder, row, column, length, size & 1 == 1)
        if n[STATUS] != FINE:
            return
        column += length
