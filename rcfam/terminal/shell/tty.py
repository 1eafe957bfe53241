"""The plain screen that a shell writes to: text goes on at the cursor, wraps and scrolls."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import glyphs
from rcfam.terminal import keys as K
from rcfam.terminal import widths as W
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK


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
        glyphs.fill(s, row, 0, np.uint32(K.SPACE))


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
    high = attribute << GLYPH_BITS
    for i in range(codes.shape[0]):
        c = np.int64(codes[i])
        w = np.int64(s.widths[c])
        if c == K.NEWLINE:
            x = 0
            row += 1
        elif c == K.TAB:
            x = min(x + 8 - x % 8, columns - 1)
        elif w == 0:
            glyphs.add_mark(s, row, x, c)
        else:
            cells = w if w < W.CONTROL else 2
            for j in range(cells):
                if x >= columns or (cells == 2 and j == 0 and x == columns - 1 and w == W.WIDE):
                    s.dirty[row] = 1
                    x = 0
                    row += 1
                    if row >= rows:
                        scroll(s, 1)
                        row = rows - 1
                glyph: Any = c
                if w == W.WIDE and j == 1:
                    glyph = np.int64(0)
                elif w > W.WIDE:
                    glyph = (
                        np.int64(K.CARET) if j == 0 else (c ^ K.CONTROL_BIT if w == W.CONTROL else np.int64(K.QUESTION))
                    )
                if j == 0 and x > 0 and s.cells[row, x] & GLYPH_MASK == 0:
                    s.cells[row, x - 1] = np.uint32(K.SPACE)
                s.cells[row, x] = np.uint32(high | glyph)
                x += 1
            if x < columns and s.cells[row, x] & GLYPH_MASK == 0:
                s.cells[row, x] = np.uint32(K.SPACE)
        if row >= rows:
            scroll(s, 1)
            row = rows - 1
        s.dirty[row] = 1
    s.cursor[0] = row
    s.cursor[1] = x
