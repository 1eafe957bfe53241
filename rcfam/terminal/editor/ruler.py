"""vim's ruler: line, column, and where in the file the window is."""

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.cells import BLANK, GLYPH_MASK
from rcfam.terminal.editor import text

_THREE_BYTES: Final = 0x800  # from here on a character takes three bytes of UTF-8
_FOUR_BYTES: Final = 0x10000


@inner
def draw_ruler(s: Any, from_v: Any, to_v: Any) -> None:
    """vim's ruler: line, column (bytes, then cells where they differ), and where in the file the window is."""
    ctl = s.ctl
    row = s.cells.shape[0] - 2
    columns = s.cells.shape[1]
    begin = max(columns - 18, (columns + 1) // 2)
    if s.cells[row, begin] & GLYPH_MASK == 0:
        s.cells[row, begin - 1] = BLANK
    for x in range(begin, columns):
        s.cells[row, x] = BLANK
    line = ctl[S.LINE]
    x = number(s, row, begin, 0 if ctl[S.EMPTY] else line + 1)
    x = put(s, row, x, K.COMMA)
    if text.length(s, line) == 0 and ctl[S.MODE] != S.INSERT and ctl[S.MODE] != S.REPLACE:
        x = number(s, row, x, 0)
        x = put(s, row, x, K.MINUS)
        x = number(s, row, x, to_v + 1)
    else:
        column = _byte_column(s, line, ctl[S.COLUMN]) + 1
        x = number(s, row, x, column)
        if column != to_v + 1:
            x = put(s, row, x, K.MINUS)
            x = number(s, row, x, to_v + 1)
    above = ctl[S.TOP]
    below = ctl[S.LINES] - ctl[S.BOTTOM]
    x = max(x + 1, columns - 4)
    if below <= 0 and above == 0:
        _word(s, row, x, K.A, K.l, K.l)  # All
    elif below <= 0:
        _word(s, row, x, K.B, K.o, K.t)  # Bot
    elif above == 0:
        _word(s, row, x, K.T, K.o, K.p)  # Top
    else:
        percent = above * 100 // (above + below)
        if percent < 10:
            put(s, row, number(s, row, x + 1, percent), K.PERCENT)
        else:
            put(s, row, number(s, row, x, percent), K.PERCENT)
    s.dirty[row] = 1


@inner
def _byte_column(s: Any, line: Any, column: Any) -> Any:
    """UTF-8 bytes before `column`: what vim's ruler counts."""
    k = text.slot(s.ctl, line)
    start = s.lines[k, 0]
    total = 0
    for i in range(start, start + min(column, s.lines[k, 1])):
        c = s.pool[i]
        if c < K.ASCII_END or K.RAW_BYTES <= c < K.RAW_BYTES_END:
            total += 1
        else:
            total += 2 if c < _THREE_BYTES else (3 if c < _FOUR_BYTES else 4)
    return total


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
def _word(s: Any, row: Any, column: Any, a: Any, b: Any, c: Any) -> None:
    put(s, row, put(s, row, put(s, row, column, a), b), c)
