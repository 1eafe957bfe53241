"""From text to cells: only the rows that differ are drawn, scrolled rows are moved.

Legend: s the State; R, C rows and columns of the whole screen; the text area has R - 2 rows, the editor's last line
is row R - 2. A virtual column counts cells from the line's start as if the screen were infinitely wide, with the
filler cell that a wide character leaves at the right edge counted too.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import attributes as A
from rcfam.terminal import state as S
from rcfam.terminal import syntax
from rcfam.terminal.cells import CLUSTER_BASE, GLYPH_MASK

_SHIFT = 21
_BLANK = 0x20
_HASH = 0x9E3779B1


@inner
def text_rows(s: Any) -> Any:
    return s.cells.shape[0] - 2


@inner
def advance(ctl: Any, widths: Any, v: Any, character: Any) -> Any:
    """The virtual column after `character` drawn at virtual column `v`."""
    w = np.int64(widths[character])
    if w == 1:
        return v + 1
    if w == 9:
        stop = ctl[S.TABSTOP]
        return v + stop - v % stop
    if w == 3:
        return v + 2
    if w == 2 and v % ctl[S.COLUMNS] == ctl[S.COLUMNS] - 1:
        return v + 3
    if w == 0 and v == 0:
        return v + 1
    return v + w


@inner
def virtual(s: Any, line: Any, column: Any) -> Any:
    """The virtual column where the character at `column` begins."""
    k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
    start = s.lines[k, 0]
    v = 0
    for i in range(start, start + min(column, s.lines[k, 1])):
        c = s.pool[i]
        if s.widths[c] == 1:
            v += 1
        else:
            v = advance(s.ctl, s.widths, v, c)
    return v


@inner
def column_at(s: Any, line: Any, wanted: Any) -> Any:
    """The character of `line` that covers the virtual column `wanted`, its length where the line is shorter."""
    k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    v = 0
    for i in range(total):
        v = advance(s.ctl, s.widths, v, s.pool[start + i])
        if v > wanted:
            while i > 0 and s.widths[s.pool[start + i]] == 0:
                i -= 1
            return i
    return total


@inner
def height(ctl: Any, pool: Any, widths: Any, start: Any, count: Any) -> Any:
    """Screen rows that the line of `count` characters at `start` takes."""
    v = 0
    for i in range(start, start + count):
        c = pool[i]
        if widths[c] == 1:
            v += 1
        else:
            v = advance(ctl, widths, v, c)
    columns = ctl[S.COLUMNS]
    return max(1, (v + columns - 1) // columns)


@inner
def line_height(s: Any, line: Any) -> Any:
    k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
    return height(s.ctl, s.pool, s.widths, s.lines[k, 0], s.lines[k, 1])


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
    if width == 2:
        return 94 if i == 0 else (character ^ 64)
    if i == 0:
        return 60
    if i == width - 1:
        return 62
    if 0xDC80 <= character < 0xDD00:
        character -= 0xDC00
    digit = (character >> (4 * (width - 2 - i))) & 15
    return 48 + digit if digit < 10 else 87 + digit


@inner
def _draw_odd(s: Any, v: Any, skip: Any, row: Any, bottom: Any, c: Any, colour: Any) -> Any:
    """Draw a character that is not one plain cell at virtual column `v`; return the virtual column after it."""
    columns = s.cells.shape[1]
    after = advance(s.ctl, s.widths, v, c)
    w = s.widths[c]
    if w == 0 and v > 0:
        r = row - skip + (v - 1) // columns
        if row <= r < bottom:
            add_mark(s, r, (v - 1) % columns + 1, np.int64(c))
        return after
    for i in range(v, after):
        r = row - skip + i // columns
        x = i % columns
        if r < row:
            continue
        if r >= bottom:
            break
        glyph = np.int64(_BLANK)
        attribute = np.int64(colour) >> _SHIFT
        if w == 2:
            if after - v == 3 and i == v:
                glyph = np.int64(62)
                attribute = np.int64(A.NONTEXT)
            else:
                glyph = np.int64(c) if i == after - 2 else np.int64(0)
        elif w == 0:
            glyph = np.int64(c)
        elif w != 9:
            glyph = np.int64(shown_digit(np.int64(c), after - v, i - v))
            attribute = np.int64(A.SPECIAL)
        s.cells[r, x] = np.uint32(attribute << _SHIFT | glyph)
    return after


@inner
def draw_line(s: Any, row: Any, start: Any, count: Any, skip: Any, rows: Any, bottom: Any, before: Any) -> None:
    """Draw the line's rows from `skip` on at `row`, no further than `bottom`; it takes `rows` rows in all.

    `before` is the lexer's state before the line.
    """
    columns = s.cells.shape[1]
    after = np.int64(0)
    coloured = start
    tint = S.TINT - start
    if s.ctl[S.SYNTAX]:
        after = syntax.colour_line(s, start, count, before)
        coloured = start + min(count, S.MOST_TINT)
    cells = s.cells
    pool = s.pool
    widths = s.widths
    v = 0
    r = row - skip
    x = 0
    for i in range(start, start + count):
        c = pool[i]
        if widths[c] == 1:
            if x == columns:
                x = 0
                r += 1
            if r >= row:
                if r >= bottom:
                    break
                cells[r, x] = c | pool[tint + i] if i < coloured else c
            x += 1
            v += 1
        else:
            v = _draw_odd(s, v, skip, row, bottom, c, pool[tint + i] if i < coloured else np.uint32(0))
            r = row - skip + v // columns
            x = v % columns
            if x == 0 and v > 0:
                r -= 1
                x = columns
            if r >= bottom:
                break
    if row <= r < bottom:
        for i in range(x, columns):
            cells[r, i] = _BLANK
    for i in range(skip, rows):
        r = row + i - skip
        if r >= bottom:
            break
        s.rows[r, 0] = start
        s.rows[r, 1] = count
        s.rows[r, 2] = i
        s.rows[r, 3] = rows
        s.rows[r, 4] = before
        s.rows[r, 5] = after
        s.dirty[r] = 1


@inner
def _move_rows(s: Any, source: Any, target: Any, count: Any) -> None:
    columns = s.cells.shape[1]
    for i in range(count):
        j = i if target < source else count - 1 - i
        for x in range(columns):
            s.cells[target + j, x] = s.cells[source + j, x]
        for x in range(6):
            s.rows[target + j, x] = s.rows[source + j, x]
        s.dirty[target + j] = 1


@inner
def _reuse(s: Any, row: Any, line: Any, skip: Any, start: Any, count: Any, bottom: Any, before: Any) -> bool:
    """Move rows that are still right to where they belong now; true where `row` then shows what it should."""
    rows = s.rows
    for q in range(row + 1, bottom):
        if rows[q, 0] == start and rows[q, 1] == count and rows[q, 2] == skip and rows[q, 4] == before:
            _move_rows(s, q, row, bottom - q)
            for r in range(bottom - (q - row), bottom):
                rows[r, 0] = S.ROW_UNKNOWN
            return True
    if rows[row, 0] < 0:
        return False
    place = row
    total = s.ctl[S.LINES]
    while line < total and place < bottom:
        k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
        if place > row and s.lines[k, 0] == rows[row, 0] and s.lines[k, 1] == rows[row, 1] and rows[row, 2] == 0:
            _move_rows(s, row, place, bottom - place)
            for r in range(row, place):
                rows[r, 0] = S.ROW_UNKNOWN
            return False
        place += height(s.ctl, s.pool, s.widths, s.lines[k, 0], s.lines[k, 1]) - skip
        skip = 0
        line += 1
    return False


@inner
def _shows(s: Any, row: Any, start: Any, count: Any, skip: Any, bottom: Any, before: Any) -> Any:
    """How many rows the line takes where `row` and those below already show it, else 0."""
    rows = s.rows
    if rows[row, 0] != start or rows[row, 1] != count or rows[row, 2] != skip or rows[row, 4] != before:
        return 0
    total = rows[row, 3]
    for i in range(1, total - skip):
        r = row + i
        if r >= bottom:
            break
        if rows[r, 0] != start or rows[r, 1] != count or rows[r, 2] != skip + i or rows[r, 4] != before:
            return 0
    return total


@inner
def draw_text(s: Any) -> None:
    """Bring every text row up to date for the top line; sets ctl[BOTTOM]."""
    ctl = s.ctl
    bottom = text_rows(s)
    total = ctl[S.LINES]
    line = ctl[S.TOP]
    skip = ctl[S.SKIP]
    row = 0
    tries = 2
    state = syntax.state_at(s, line)
    while row < bottom and line < total:
        k = line if line < ctl[S.GAP] else line + ctl[S.GAP_SIZE]
        start = s.lines[k, 0]
        count = s.lines[k, 1]
        rows = _shows(s, row, start, count, skip, bottom, state)
        if rows == 0 and tries > 0:
            tries -= 1
            if _reuse(s, row, line, skip, start, count, bottom, state):
                rows = _shows(s, row, start, count, skip, bottom, state)
        fresh = rows == 0
        if fresh:
            rows = height(s.ctl, s.pool, s.widths, start, count)
        if row + rows - skip > bottom and row > 0:
            break
        if fresh:
            draw_line(s, row, start, count, skip, rows, bottom, state)
        state = s.rows[row, 5]
        row += rows - skip
        skip = 0
        line += 1
    if row > bottom:
        line -= 1
    ctl[S.BOTTOM] = line
    filler = S.ROW_AT if line < total else S.ROW_TILDE
    while row < bottom:
        if s.rows[row, 0] != filler:
            s.cells[row, 0] = np.uint32(A.NONTEXT << _SHIFT | (64 if filler == S.ROW_AT else 126))
            fill(s, row, 1, np.uint32(_BLANK))
            s.rows[row, 0] = filler
        row += 1


@inner
def number(s: Any, row: Any, column: Any, value: Any) -> Any:
    """Write `value` in decimal; return the column after it."""
    digits = 1
    rest = value
    while rest >= 10:
        rest //= 10
        digits += 1
    rest = value
    for i in range(digits):
        x = column + digits - 1 - i
        if x < s.cells.shape[1]:
            s.cells[row, x] = np.uint32(48 + rest % 10)
        rest //= 10
    return column + digits


@inner
def put(s: Any, row: Any, column: Any, glyph: Any) -> Any:
    if column < s.cells.shape[1]:
        s.cells[row, column] = np.uint32(glyph)
    return column + 1


@inner
def _byte_column(s: Any, line: Any, column: Any) -> Any:
    """UTF-8 bytes before `column`: what vim's ruler counts."""
    k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
    start = s.lines[k, 0]
    total = 0
    for i in range(start, start + min(column, s.lines[k, 1])):
        c = s.pool[i]
        total += 1 if c < 0x80 or 0xDC80 <= c < 0xDD00 else (2 if c < 0x800 else (3 if c < 0x10000 else 4))
    return total


@inner
def draw_ruler(s: Any, from_v: Any, to_v: Any) -> None:
    """vim's ruler: line, column (bytes, then cells where they differ), and where in the file the window is."""
    ctl = s.ctl
    row = s.cells.shape[0] - 2
    columns = s.cells.shape[1]
    begin = max(columns - 18, (columns + 1) // 2)
    if s.cells[row, begin] & GLYPH_MASK == 0:
        s.cells[row, begin - 1] = _BLANK
    for x in range(begin, columns):
        s.cells[row, x] = _BLANK
    line = ctl[S.LINE]
    x = number(s, row, begin, 0 if ctl[S.EMPTY] else line + 1)
    x = put(s, row, x, 44)
    if length_of(s, line) == 0 and ctl[S.MODE] != S.INSERT and ctl[S.MODE] != S.REPLACE:
        x = number(s, row, x, 0)
        x = put(s, row, x, 45)
        x = number(s, row, x, to_v + 1)
    else:
        column = _byte_column(s, line, ctl[S.COLUMN]) + 1
        x = number(s, row, x, column)
        if column != to_v + 1:
            x = put(s, row, x, 45)
            x = number(s, row, x, to_v + 1)
    above = ctl[S.TOP]
    below = ctl[S.LINES] - ctl[S.BOTTOM]
    x = max(x + 1, columns - 4)
    if below <= 0 and above == 0:
        _word(s, row, x, 65, 108, 108)  # All
    elif below <= 0:
        _word(s, row, x, 66, 111, 116)  # Bot
    elif above == 0:
        _word(s, row, x, 84, 111, 112)  # Top
    else:
        percent = above * 100 // (above + below)
        if percent < 10:
            put(s, row, number(s, row, x + 1, percent), 37)
        else:
            put(s, row, number(s, row, x, percent), 37)
    s.dirty[row] = 1


@inner
def _word(s: Any, row: Any, column: Any, a: Any, b: Any, c: Any) -> None:
    put(s, row, put(s, row, put(s, row, column, a), b), c)


@inner
def length_of(s: Any, line: Any) -> Any:
    k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
    return s.lines[k, 1]
