"""TEXT: what no other operation says, as a terminal would be told: characters, with colours and ends of lines among
them. So the same lines on another screen are the same bytes, and the compressor finds them again.
"""

# R rows, C columns

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.recording.coder import (
    ATTRIBUTE_LIMIT,
    BAD_PLACE,
    BAD_VALUE,
    COLUMNS,
    ENCODING,
    FINE,
    GLYPH_LIMIT,
    GLYPHS,
    ROWS,
    STATUS,
    WORK,
    exchange,
    whole,
)
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK

# Symbols; from FIRST_GLYPH on they are glyphs, from FIRST_ATTRIBUTE up to there attributes. As np.int64, because Numba
# compiles a function once more for every plain constant it is called with.
END: Final = np.int64(0)
LINE: Final = np.int64(1)  # the rest of the row becomes spaces; on to the next row
LEAP: Final = np.int64(2)  # two numbers: rows down, and the column there, or columns to the right in the same row
KEEP: Final = np.int64(3)  # a number: as many glyphs stay, in the attribute
GLYPH: Final = np.int64(4)  # a number: a glyph
ATTRIBUTE: Final = np.int64(5)  # a number: an attribute
FIRST_ATTRIBUTE: Final = np.int64(8)
FIRST_GLYPH: Final = np.int64(32)

# Pieces of a row, for the encoder
NOTHING: Final = 0
CELLS: Final = 1
COLOURS: Final = 2
TO_END: Final = 3  # cells, and spaces up to the end of the row

GAP: Final = 2  # equal cells that do not end a piece
WHOLE_ROW: Final = 4  # a row of which at least one cell in so many differs is written from its first column on


@inner
def run_text(coder: Any, target: Any, rows: Any) -> None:
    """Make the rest of the frame: when encoding, all that still differs in the rows that `rows` or `touched` names."""
    if coder.n[ENCODING]:
        write_text(coder, target, rows)
    else:
        read_text(coder)


@inner
def read_text(coder: Any) -> None:
    """Symbols up to END."""
    n, cells = coder.n, coder.cells
    columns = n[COLUMNS]
    row, column, attribute = 0, 0, 0
    while True:
        symbol = exchange(coder, GLYPHS, 0)
        if symbol == END or n[STATUS] != FINE:
            return
        if symbol == LEAP:
            down = exchange(coder, GLYPHS, 0)
            right = exchange(coder, GLYPHS, 0)
            row, column = row + down, right if down else column + right
            if n[STATUS] != FINE or row >= n[ROWS] or column >= columns:
                n[STATUS] = n[STATUS] or BAD_PLACE
                return
            continue
        if FIRST_ATTRIBUTE <= symbol < FIRST_GLYPH or symbol == ATTRIBUTE:
            attribute = exchange(coder, GLYPHS, 0) if symbol == ATTRIBUTE else symbol - FIRST_ATTRIBUTE
            if n[STATUS] != FINE or attribute >= n[ATTRIBUTE_LIMIT]:
                n[STATUS] = n[STATUS] or BAD_VALUE
                return
            continue
        high = attribute << GLYPH_BITS
        count = columns - column if symbol == LINE else 1
        glyph = whole(0x20)
        if symbol == KEEP:
            count = exchange(coder, GLYPHS, 0)
            if count == 0:
                n[STATUS] = BAD_VALUE
        elif symbol == GLYPH:
            glyph = exchange(coder, GLYPHS, 0)
        elif symbol >= FIRST_GLYPH:
            glyph = symbol
        elif symbol != LINE:
            n[STATUS] = BAD_VALUE
        if glyph >= n[GLYPH_LIMIT]:
            n[STATUS] = n[STATUS] or BAD_VALUE
        if row >= n[ROWS] or count > columns - column:
            n[STATUS] = n[STATUS] or BAD_PLACE
        if n[STATUS] != FINE:
            return
        start = row * columns + column
        for p in range(start, start + count):
            cells[p] = high | (whole(cells[p] & GLYPH_MASK) if symbol == KEEP else glyph)
        coder.touched[row] = 1
        n[WORK] += count
        column += count
        if symbol == LINE:
            row, column = row + 1, 0


@inner
def write_text(coder: Any, target: Any, rows: Any) -> None:
    """Symbols that make the frame the target."""
    n = coder.n
    at_row, at_column, attribute = 0, 0, 0
    for row in range(n[ROWS]):
        column = 0
        while (rows[row] or coder.touched[row]) and column < n[COLUMNS]:
            start, end, kind = next_piece(coder, target, row, column)
            if kind == NOTHING:
                break
            if row != at_row or start != at_column:
                exchange(coder, GLYPHS, LEAP)
                exchange(coder, GLYPHS, row - at_row)
                exchange(coder, GLYPHS, start if row > at_row else start - at_column)
            attribute = write_piece(coder, target, row, start, end, kind, attribute)
            column = n[COLUMNS] if kind == TO_END else end
            at_row, at_column = (row + 1, 0) if kind == TO_END else (row, end)
            if n[STATUS] != FINE:
                return
    exchange(coder, GLYPHS, END)


@inner
def row_end(line: Any) -> int:
    """Where the equal spaces at the end of a row begin; C where there are none."""
    end = len(line)
    while end > 0 and line[end - 1] == line[-1] and line[-1] & GLYPH_MASK == 0x20:
        end -= 1
    return end


@inner
def differing(coder: Any, target: Any, row: int) -> int:
    """How many cells of a row differ from the target's."""
    base, count = row * coder.n[COLUMNS], 0
    for c in range(coder.n[COLUMNS]):
        count += coder.cells[base + c] != target[row, c]
    return count


@inner
def next_piece(coder: Any, target: Any, row: int, column: int) -> tuple[int, int, int]:
    """(start, end, kind) of what to write next of a row that is right up to `column`."""
    n, cells = coder.n, coder.cells
    base, columns = row * n[COLUMNS], n[COLUMNS]
    start = column
    while start < columns and cells[base + start] == target[row, start]:
        start += 1
    if start == columns:
        return start, start, NOTHING
    end = row_end(target[row])
    if start >= end:
        return start, start, TO_END
    if column == 0 and WHOLE_ROW * differing(coder, target, row) >= end:
        return whole(0), end, TO_END
    colours = (cells[base + start] ^ target[row, start]) & GLYPH_MASK == 0
    stop, gap = start + 1, 0
    for c in range(start + 1, end):
        difference = cells[base + c] ^ target[row, c]
        if difference and (difference & GLYPH_MASK == 0) == colours:
            stop, gap = c + 1, 0
        else:
            gap += 1
            if gap > GAP or (colours and difference):
                break
    return start, stop, COLOURS if colours else CELLS


@inner
def write_piece(coder: Any, target: Any, row: int, start: int, end: int, kind: int, attribute: int) -> int:
    """Write the cells of a row from `start` to before `end`, and make them; returns the attribute that is then set."""
    n, columns = coder.n, coder.n[COLUMNS]
    line = target[row]
    at = start
    while at < end:
        attribute = write_attribute(coder, attribute, line[at] >> GLYPH_BITS)
        if kind == COLOURS:
            run = at
            while run < end and line[run] >> GLYPH_BITS == attribute:
                run += 1
            exchange(coder, GLYPHS, KEEP)
            exchange(coder, GLYPHS, run - at)
            at = run
        else:
            glyph = whole(line[at] & GLYPH_MASK)
            if glyph < FIRST_GLYPH:
                exchange(coder, GLYPHS, GLYPH)
            exchange(coder, GLYPHS, glyph)
            at += 1
        if n[STATUS] != FINE:
            return attribute
    if kind == TO_END:
        if end < columns:
            attribute = write_attribute(coder, attribute, line[columns - 1] >> GLYPH_BITS)
        exchange(coder, GLYPHS, LINE)
        end = columns
    for c in range(start, end):
        coder.cells[row * columns + c] = line[c]
    coder.touched[row] = 1
    n[WORK] += end - start
    return attribute


@inner
def write_attribute(coder: Any, now: int, wanted: int) -> int:
    """Set an attribute if it is not set; returns it. One that is not in the table is BAD_VALUE."""
    wanted = whole(wanted)
    if wanted >= coder.n[ATTRIBUTE_LIMIT]:
        coder.n[STATUS] = BAD_VALUE
    elif wanted != now:
        if wanted < FIRST_GLYPH - FIRST_ATTRIBUTE:
            exchange(coder, GLYPHS, wanted + FIRST_ATTRIBUTE)
        else:
            exchange(coder, GLYPHS, ATTRIBUTE)
            exchange(coder, GLYPHS, wanted)
    return wanted
