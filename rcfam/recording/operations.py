"""What single operations do to the frame: cells put, shifted, scrolled, filled, coloured; and the places they name."""

# R rows, C columns

from typing import Any

from rcfam.jit import inner
from rcfam.recording.coder import (
    ATTRIBUTE_LIMIT,
    ATTRIBUTES,
    BAD_PLACE,
    BAD_VALUE,
    COLUMNS,
    ENCODING,
    GLYPH_LIMIT,
    GLYPHS,
    KEY,
    NAMED,
    NEW_COLUMN,
    NEW_ROW,
    NUMBERS,
    OLD_COLUMN,
    OLD_ROW,
    ROWS,
    STATUS,
    WORK,
    exchange,
    whole,
)
from rcfam.recording.script import (
    ATTRIBUTE_CONSTANT,
    ATTRIBUTE_LEFT,
    ATTRIBUTE_OWN,
    FILL,
    FROM_NEW,
    FROM_OLD,
    FROM_WORD,
    GLYPH_ARGUMENT,
    GLYPH_CONSTANT,
    GLYPH_KEY,
    LENGTH_ARGUMENT,
    LENGTH_CONSTANT,
    LENGTH_OLD,
    LENGTH_ROW,
)
from rcfam.terminal.cells import BLANK, GLYPH_BITS, GLYPH_MASK


@inner
def is_word(glyph: int) -> bool:
    """Letters, digits and underscore of ASCII."""
    return 97 <= glyph <= 122 or 65 <= glyph <= 90 or 48 <= glyph <= 57 or glyph == 95


@inner
def row_of(coder: Any, i: int) -> int:
    """The row of operation `i`, not yet checked."""
    mode = coder.ops[i, 1]
    row = whole(coder.ops[i, 2])
    if mode == FROM_OLD:
        row += coder.n[OLD_ROW]
    elif mode == FROM_NEW:
        row += coder.n[NEW_ROW]
    return row


@inner
def column_of(coder: Any, i: int, row: int) -> int:
    """The column of operation `i` in `row`, not yet checked."""
    n = coder.n
    mode = coder.ops[i, 3]
    column = whole(coder.ops[i, 4])
    if mode == FROM_OLD:
        column += n[OLD_COLUMN]
    elif mode == FROM_NEW:
        column += n[NEW_COLUMN]
    elif mode == FROM_WORD:
        start = min(n[OLD_COLUMN], n[COLUMNS])
        while start > 0 and is_word(coder.cells[row * n[COLUMNS] + start - 1] & GLYPH_MASK):
            start -= 1
        column += start
        n[WORK] += min(n[OLD_COLUMN], n[COLUMNS]) - start
    return column


@inner
def exchange_attribute(coder: Any, value: int) -> int:
    """An attribute as an argument, checked."""
    value = exchange(coder, ATTRIBUTES, value)
    if value >= coder.n[ATTRIBUTE_LIMIT]:
        coder.n[STATUS] = BAD_VALUE
        return 0
    return value


@inner
def exchange_glyph(coder: Any, value: int) -> int:
    """A glyph as an argument, checked."""
    value = exchange(coder, GLYPHS, value)
    if value >= coder.n[GLYPH_LIMIT]:
        coder.n[STATUS] = BAD_VALUE
        return 0
    return value


@inner
def attribute_at(coder: Any, source: int, row: int, column: int, wanted: int) -> int:
    """The attribute that an attribute source gives at a cell; `wanted` is the target's, when encoding."""
    n = coder.n
    place = row * n[COLUMNS] + column
    if source == ATTRIBUTE_OWN or (source == ATTRIBUTE_LEFT and column == 0):
        return whole(coder.cells[place] >> GLYPH_BITS)
    if source == ATTRIBUTE_LEFT:
        return whole(coder.cells[place - 1] >> GLYPH_BITS)
    if source >= ATTRIBUTE_CONSTANT:
        return whole(source - ATTRIBUTE_CONSTANT)
    return exchange_attribute(coder, wanted)


@inner
def run_put(coder: Any, target: Any, i: int, row: int, column: int) -> None:
    """PUT: one cell."""
    n, ops = coder.n, coder.ops
    encoding = n[ENCODING]
    wanted = whole(target[row, column]) if encoding else 0
    source = ops[i, 5]
    if source == GLYPH_KEY:
        glyph = n[KEY]
        if glyph >= NAMED:
            n[STATUS] = BAD_VALUE
            return
    elif source == GLYPH_ARGUMENT:
        glyph = exchange_glyph(coder, wanted & GLYPH_MASK)
    else:
        glyph = whole(source - GLYPH_CONSTANT)
    attribute = attribute_at(coder, ops[i, 6], row, column, wanted >> GLYPH_BITS)
    coder.cells[row * n[COLUMNS] + column] = attribute << GLYPH_BITS | glyph
    coder.touched[row] = 1
    n[WORK] += 1


@inner
def run_shift(coder: Any, i: int, row: int, column: int) -> None:
    """SHIFT: cells of a row (and of rows below it, as one line) move right or left; those that make room stay."""
    n, cells = coder.n, coder.cells
    by, extra = whole(coder.ops[i, 5]), whole(coder.ops[i, 6])
    start = row * n[COLUMNS] + column
    end = (row + extra + 1) * n[COLUMNS]
    if row + extra >= n[ROWS] or abs(by) > end - start:
        n[STATUS] = BAD_PLACE
        return
    if by > 0:
        for p in range(end - 1, start + by - 1, -1):
            cells[p] = cells[p - by]
    else:
        for p in range(start, end + by):
            cells[p] = cells[p - by]
    for r in range(row, row + extra + 1):
        coder.touched[r] = 1
    n[WORK] += end - start


@inner
def run_scroll(coder: Any, i: int, top: int) -> None:
    """SCROLL: rows move down or up, blank rows come in."""
    n, cells = coder.n, coder.cells
    bottom, by = n[ROWS] - coder.ops[i, 5], whole(coder.ops[i, 6])
    if not top < bottom <= n[ROWS] or abs(by) > bottom - top:
        n[STATUS] = BAD_PLACE
        return
    columns = n[COLUMNS]
    start, end, distance = top * columns, bottom * columns, by * columns
    if by > 0:
        for p in range(end - 1, start + distance - 1, -1):
            cells[p] = cells[p - distance]
        for p in range(start, start + distance):
            cells[p] = BLANK
    else:
        for p in range(start, end + distance):
            cells[p] = cells[p - distance]
        for p in range(end + distance, end):
            cells[p] = BLANK
    for row in range(top, bottom):
        coder.touched[row] = 1
    n[WORK] += end - start


@inner
def last_difference(coder: Any, target: Any, row: int, column: int) -> int:
    """How many cells from (row, column) to the last one in the row that differs from `target`; 0 where none does."""
    base = row * coder.n[COLUMNS]
    for c in range(coder.n[COLUMNS] - 1, column - 1, -1):
        if coder.cells[base + c] != target[row, c]:
            return c + 1 - column
    return 0


@inner
def length_at(coder: Any, target: Any, source: int, row: int, column: int) -> int:
    """The length that a length source gives, checked against the row."""
    n = coder.n
    encoding = n[ENCODING]
    room = n[COLUMNS] - column
    if source == LENGTH_ROW:
        return room
    if source == LENGTH_ARGUMENT:
        length = exchange(coder, NUMBERS, last_difference(coder, target, row, column) if encoding else 0)
    elif source == LENGTH_OLD:
        length = n[OLD_COLUMN] - column
    else:
        length = whole(source - LENGTH_CONSTANT)
    if not 0 <= length <= room:
        n[STATUS] = n[STATUS] or BAD_PLACE
        return 0
    return length


@inner
def run_fill(coder: Any, target: Any, i: int, row: int, column: int) -> None:
    """FILL and RECOLOUR: a piece of a row in one attribute, with spaces or with the glyphs it has."""
    n, ops, cells = coder.n, coder.ops, coder.cells
    encoding = n[ENCODING]
    length = length_at(coder, target, ops[i, 5], row, column)
    wanted = whole(target[row, column] >> GLYPH_BITS) if encoding else 0
    high = attribute_at(coder, ops[i, 6], row, column, wanted) << GLYPH_BITS
    start = row * n[COLUMNS] + column
    if ops[i, 0] == FILL:
        for p in range(start, start + length):
            cells[p] = high | 0x20
    else:
        for p in range(start, start + length):
            cells[p] = high | whole(cells[p] & GLYPH_MASK)
    coder.touched[row] = 1
    n[WORK] += length
