"""REST: literal cells, anywhere in the frame."""

# R rows, C columns

from typing import Any

from rcfam.jit import inner
from rcfam.recording.coder import (
    ATTRIBUTES,
    BAD_PLACE,
    BAD_VALUE,
    COLUMNS,
    ENCODING,
    FINE,
    NUMBERS,
    ROWS,
    STATUS,
    WORK,
    exchange,
    whole,
)
from rcfam.recording.operations import exchange_attribute, exchange_glyph
from rcfam.recording.script import SPAN_GAP
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK


@inner
def literal(coder: Any, target: Any, row: int, column: int, length: int, recolour: bool) -> None:
    """Cells from the streams: runs of one attribute (0: as far as it goes), and unless `recolour` their glyphs."""
    n, cells = coder.n, coder.cells
    encoding = n[ENCODING]
    base = row * n[COLUMNS]
    at, end = column, column + length
    coder.touched[row] = 1
    n[WORK] += length
    while at < end:
        attribute, run = 0, 0
        if encoding:
            attribute = whole(target[row, at] >> GLYPH_BITS)
            while at + run < end and whole(target[row, at + run] >> GLYPH_BITS) == attribute:
                run += 1
            if at + run == end:
                run = 0
        attribute = exchange_attribute(coder, attribute)
        run = exchange(coder, ATTRIBUTES, run)
        if run == 0:
            run = end - at
        if run > end - at:
            n[STATUS] = BAD_VALUE
        if n[STATUS] != FINE:
            return
        for p in range(base + at, base + at + run):
            if recolour:
                glyph = whole(cells[p] & GLYPH_MASK)
            else:
                glyph = exchange_glyph(coder, whole(target[row, p - base] & GLYPH_MASK) if encoding else 0)
            cells[p] = attribute << GLYPH_BITS | glyph
        at += run


@inner
def next_span(coder: Any, target: Any, row: int, column: int) -> tuple[int, int, bool]:
    """(start, length, only colours) of the next piece of a row from `column` on that differs; length 0: none."""
    n, cells = coder.n, coder.cells
    base, columns = row * n[COLUMNS], n[COLUMNS]
    while column < columns and cells[base + column] == target[row, column]:
        column += 1
    if column == columns:
        return column, 0, False
    colours = (cells[base + column] ^ target[row, column]) & GLYPH_MASK == 0
    end = column + 1
    gap = 0
    for c in range(column + 1, columns):
        difference = cells[base + c] ^ target[row, c]
        if difference == 0:
            gap += 1
            if gap > SPAN_GAP:
                break
            continue
        if (difference & GLYPH_MASK == 0) != colours:
            if colours:
                break
            gap += 1
            if gap > SPAN_GAP:
                break
            continue
        gap = 0
        end = c + 1
    return column, end - column, colours


@inner
def run_rest(coder: Any, target: Any, rows: Any) -> None:
    """REST: spans in reading order; when encoding, all that still differs in the rows that `rows` or `touched`
    names.
    """
    n = coder.n
    encoding = n[ENCODING]
    row, column = 0, 0
    pending = 0  # rows since the last span
    while True:
        start, length, colours = 0, 0, False
        if encoding:
            while row < n[ROWS]:
                if rows[row] or coder.touched[row]:
                    start, length, colours = next_span(coder, target, row, column)
                    if length:
                        break
                row, column, pending = row + 1, 0, pending + 1
        step = exchange(coder, NUMBERS, pending + 1 if length else 0)
        if step == 0 or n[STATUS] != FINE:
            return
        if not encoding:
            if step > 1:
                column = 0
            row += step - 1
        start = column + exchange(coder, NUMBERS, start - column)
        size = exchange(coder, NUMBERS, 2 * length + (1 if colours else 0))
        length, colours = size >> 1, size & 1 == 1
        if row >= n[ROWS] or start + length > n[COLUMNS] or length == 0:
            n[STATUS] = n[STATUS] or BAD_PLACE
        if n[STATUS] != FINE:
            return
        literal(coder, target, row, start, length, colours)
        if n[STATUS] != FINE:
            return
        column = start + length
        pending = 0
