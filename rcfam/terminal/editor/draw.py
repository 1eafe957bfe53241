"""From text to cells: only the rows that differ are drawn, scrolled rows are moved.

Legend: s the State; R, C rows and columns of the whole screen; the text area has R - 2 rows, the editor's last line
is row R - 2. Virtual columns are those of `measures`.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import attributes as A
from rcfam.terminal import glyphs
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal import widths as W
from rcfam.terminal.cells import BLANK, GLYPH_BITS
from rcfam.terminal.editor import text
from rcfam.terminal.editor.columns import advance, height, text_rows
from rcfam.terminal.syntax import lexer


@inner
def _draw_odd(s: Any, v: Any, skip: Any, row: Any, bottom: Any, c: Any, colour: Any) -> Any:
    """Draw a character that is not one plain cell at virtual column `v`; return the virtual column after it."""
    columns = s.cells.shape[1]
    after = advance(s.ctl, s.widths, v, c)
    w = s.widths[c]
    if w == 0 and v > 0:
        r = row - skip + (v - 1) // columns
        if row <= r < bottom:
            glyphs.add_mark(s, r, (v - 1) % columns + 1, np.int64(c))
        return after
    for i in range(v, after):
        r = row - skip + i // columns
        x = i % columns
        if r < row:
            continue
        if r >= bottom:
            break
        glyph = np.int64(BLANK)
        attribute = np.int64(colour) >> GLYPH_BITS
        if w == W.WIDE:
            if after - v == 3 and i == v:
                glyph = np.int64(K.GREATER)
                attribute = np.int64(A.NONTEXT)
            else:
                glyph = np.int64(c) if i == after - 2 else np.int64(0)
        elif w == 0:
            glyph = np.int64(c)
        elif w != W.TAB:
            glyph = np.int64(glyphs.shown_digit(np.int64(c), after - v, i - v))
            attribute = np.int64(A.SPECIAL)
        s.cells[r, x] = np.uint32(attribute << GLYPH_BITS | glyph)
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
        after = lexer.colour_line(s, start, count, before)
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
            cells[r, i] = BLANK
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
        k = text.slot(s.ctl, line)
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
    state = lexer.state_at(s, line)
    while row < bottom and line < total:
        k = text.slot(ctl, line)
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
            s.cells[row, 0] = np.uint32(A.NONTEXT << GLYPH_BITS | (K.AT if filler == S.ROW_AT else K.TILDE))
            glyphs.fill(s, row, 1, np.uint32(BLANK))
            s.rows[row, 0] = filler
        row += 1
