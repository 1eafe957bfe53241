"""The plain screen that a shell writes to: text goes on at the cursor, wraps and scrolls."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import glyphs
from rcfam.terminal.cells import GLYPH_MASK

_SHIFT = 21


@inner
def scroll(s: Any, count: Any) -> None:
    """Move the shell's rows up by `count`; the status bar stays."""
    rows = s.cells.shape[0] - 1
    count = min(count, rows)
    columns = s.cells.shape[1]
    for row in range(rows - count):
        for x in range(columns):
            s.cells[row, x] = s.cells[row + count, x]
        s.dirty[row] = 1
    for row in range(rows - count, rows):
        glyphs.fill(s, row, 0, np.uint32(32))


@inner
def write(s: Any, codes: Any, attribute: Any) -> None:
    """Write characters at the cursor. Newline goes to the next row's start, a tab to the next multiple of 8, other
    controls show as ^X.

    The cursor's column is C while a full row waits to wrap.
    """
    columns = s.cells.shape[1]
    rows = s.cells.shape[0] - 1
    row: Any = np.int64(s.cursor[0])
    x: Any = np.int64(s.cursor[1])
    high = attribute << _SHIFT
    for i in range(codes.shape[0]):
        c = np.int64(codes[i])
        w = np.int64(s.widths[c])
        if c == 10:
            x = 0
            row += 1
        elif c == 9:
            x = min(x + 8 - x % 8, columns - 1)
        elif w == 0:
            glyphs.add_mark(s, row, x, c)
        else:
            cells = w if w < 3 else 2
            for j in range(cells):
                if x >= columns or (cells == 2 and j == 0 and x == columns - 1 and w == 2):
                    s.dirty[row] = 1
                    x = 0
                    row += 1
                    if row >= rows:
                        scroll(s, 1)
                        row = rows - 1
                glyph: Any = c
                if w == 2 and j == 1:
                    glyph = np.int64(0)
                elif w > 2:
                    glyph = np.int64(94) if j == 0 else (c ^ 64 if w == 3 else np.int64(63))
                if j == 0 and x > 0 and s.cells[row, x] & GLYPH_MASK == 0:
                    s.cells[row, x - 1] = np.uint32(32)
                s.cells[row, x] = np.uint32(high | glyph)
                x += 1
            if x < columns and s.cells[row, x] & GLYPH_MASK == 0:
                s.cells[row, x] = np.uint32(32)
        if row >= rows:
            scroll(s, 1)
            row = rows - 1
        s.dirty[row] = 1
    s.cursor[0] = row
    s.cursor[1] = x
